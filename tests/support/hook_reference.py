"""The table of hooks in `docs/plugins.md`, made from the specifications themselves.

./run python tests/support/hook_reference.py      writes it into the document
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from kanade_host.plugin import hooks

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"
_TABLE = re.compile(r"(<!-- hooks -->\n).*(<!-- /hooks -->)", re.DOTALL)


def names() -> list[str]:
    """Every hook, in the order of the specifications."""
    return [name for name in vars(hooks) if name.startswith("kanade_")]


def table() -> str:
    """One row a hook: its call, what it returns, what that is."""
    rows = ["| hook | type | returns |", "| --- | --- | --- |"]
    for name in names():
        function = getattr(hooks, name)
        arguments = ", ".join(inspect.signature(function).parameters)
        returned = str(function.__annotations__["return"])
        text = " ".join((inspect.getdoc(function) or "").split()).removeprefix("Return ")
        rows.append(f"| `{name}({arguments})` | `{returned}` | {text} |")
    return "\n".join(rows) + "\n"


def written(document: str) -> str:
    """The document with the table as it should be."""
    return _TABLE.sub(lambda found: found[1] + table() + found[2], document)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8", newline="\n")
