"""Names that become part of a subject.

The broker takes more than is wise: a name with a wildcard, whitespace or an empty token would address
nobody, or somebody else (`contract/wire.md` 1.2).
"""

from __future__ import annotations

import re

ALL = "commands.all"
_BAD = re.compile(r"[\s*>\x00-\x1f\x7f]")
MAX_BYTES = 1024


def usable(name: str) -> bool:
    """Whether `name` may follow `commands.pc.` and its like."""
    return bool(name) and not _BAD.search(name) and all(name.split(".")) and len(name.encode()) <= MAX_BYTES


def of_pc(pc_id: str) -> str:
    """The subject of one PC's commands."""
    return f"commands.pc.{pc_id}"


def of_group(group: str) -> str:
    """The subject of a group's commands, which upstream publishes and we expand."""
    return f"commands.group.{group}"
