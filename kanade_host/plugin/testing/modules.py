"""Plugins that are files of a test rather than installed distributions."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from kanade_host.loading.plan import Extra
from kanade_host.loading.state import Manifest
from kanade_host.plugin.testing import authenticator


def extra(name: str, module: ModuleType, *, requires: Sequence[str] = (), after: Sequence[str] = ()) -> Extra:
    """A module as a plugin of that name."""
    manifest = Manifest(
        name,
        name,
        module.__name__,
        "kanade-test",
        "0",
        requires=tuple(requires),
        after=tuple(after),
        foreign=False,
    )
    return Extra(manifest, module)


def kit() -> Extra:
    """The plugin by which a token is the name of a role."""
    return extra("kit", authenticator)


def from_file(path: str) -> Extra:
    """A Python file as a plugin; its name is the file's, without `.py`."""
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(f"kanade_test_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return extra(name, module)
