"""YAML by the rules of `contract/manifest.md` 5, 6 and 10: read by expected type, dumped to read back.

Needs PyYAML: a plugin that imports this module names it among its dependencies.
"""

from __future__ import annotations

from kanade_host.plugin.documents import (
    BODY_LIMIT_TEXT,
    Document,
    check_key,
    ignored_keys,
    is_yaml,
    read_document,
)
from kanade_host.plugin.yaml_dumping import dump_yaml
from kanade_host.plugin.yaml_nodes import BadYaml
from kanade_host.plugin.yaml_reading import read_yaml

__all__ = [
    "BODY_LIMIT_TEXT",
    "BadYaml",
    "Document",
    "check_key",
    "dump_yaml",
    "ignored_keys",
    "is_yaml",
    "read_document",
    "read_yaml",
]
