"""What can be read from a configuration file before it is rendered: its includes and its `[vars]`.

Both are needed to render the file at all (host.md 3.3, steps 1 and 2). Upstream reads them from the
text without its template blocks: lines that begin with `{%`, and everything between a block's
opening and its end.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from kanade_host.config.errors import ConfigError

_TAG = re.compile(r"\{%-?\s*(\w+)")
_HEADER = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_OPENING = frozenset({"if", "for", "macro", "filter", "raw"})


def strip_blocks(text: str) -> str:
    """The lines outside all template blocks."""
    kept, depth, raw = [], 0, False
    for line in text.splitlines(keepends=True):
        before = depth
        for tag in _TAG.findall(line):
            if raw and tag != "endraw":
                continue
            raw = tag == "raw"
            depth += (tag in _OPENING) - tag.startswith("end")
        depth = max(depth, 0)
        if before == 0 and depth == 0 and not line.lstrip().startswith("{%"):
            kept.append(line)
    return "".join(kept)


def read_includes(text: str, file: str) -> list[str]:
    """The entries of `include`, not rendered yet; a skeleton that is no TOML has none."""
    try:
        table = tomllib.loads(strip_blocks(text))
    except tomllib.TOMLDecodeError:
        return []
    root, own = table.get("include"), table.get("teravars")
    nested = own.get("include") if isinstance(own, dict) else None
    if root is not None and nested is not None:
        raise ConfigError(
            f"conflicting include directives: both root `include` and `[teravars] include` are set in {file}"
        )
    entries = root if root is not None else nested
    if isinstance(entries, str):
        entries = [entries]
    return [entry for entry in entries or [] if isinstance(entry, str)] if isinstance(entries, list) else []


def read_vars(text: str) -> dict[str, Any]:
    """The sections `[vars]` and `[vars.*]`, values not rendered yet. Raises `ConfigError`."""
    kept, inside = [], False
    for line in strip_blocks(text).splitlines(keepends=True):
        header = _HEADER.match(line)
        if header:
            name = header[1].split(".")[0].strip().strip("\"'")
            inside = name == "vars"
        if inside:
            kept.append(line)
    try:
        return dict(tomllib.loads("".join(kept)).get("vars", {}))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"vars extraction failed: {error}") from None
