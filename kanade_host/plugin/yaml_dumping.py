"""YAML text of a stored job, in the style of `contract/manifest.md` 10.

What is dumped reads back, by the rules of `yaml_reading`, as what was dumped.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_TYPED = re.compile(
    r"""(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|
    [-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|[0-9]+)|
    [-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|
    [-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))?""",
    re.ASCII | re.VERBOSE,
)

_BREAKS = re.compile("[\u0085\u2028\u2029]")
"""Breaks lines for YAML 1.1 readers, and not for later ones."""


class _Dumper(yaml.SafeDumper):
    """Block style, dashes at the indent of their key, quotes only where a plain text reads otherwise."""

    def ignore_aliases(self, data: Any) -> bool:
        """Equal parts are written out each time."""
        return True

    def resolve(self, kind: type, value: Any, implicit: Any) -> Any:
        """Plain text that YAML 1.2 would read as another type is no string."""
        if kind is yaml.ScalarNode and implicit[0]:
            return "typed" if _TYPED.fullmatch(value) else "tag:yaml.org,2002:str"
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]


def _text(dumper: _Dumper, text: str) -> Any:
    style = '"' if _BREAKS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_WORDS = {None: "null", True: "true", False: "false"}


def _word(dumper: _Dumper, value: bool | None) -> Any:
    return dumper.represent_scalar("typed", _WORDS[value])


_Dumper.add_representer(str, _text)
_Dumper.add_representer(bool, _word)
_Dumper.add_representer(type(None), _word)


def dump_yaml(value: Any) -> str:
    """A mapping of plain values (text, booleans, None, lists, mappings) as YAML text."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=float("inf"),
    )
    return text
