"""`docs/proof.md`: each part between its marks, with the machine and the day it was proven on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "proof.md"


def written(text: str, proven: Mapping[str, Sequence[str]], where: str) -> str:
    """The document with the parts that were proven now. Raises KeyError when it has no place for one."""
    for name, lines in proven.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not place.search(text):
            raise KeyError(name)
        body = f"Proven on {where}.\n\n" + "\n".join(lines) + "\n"
        text = place.sub(lambda found, body=body: found[1] + body + found[2], text)  # type: ignore[misc]
    return text


def rows(name: str, text: str | None = None) -> dict[str, str]:
    """What the table of a part says now: the first cell of each row -> the row."""
    text = DOCUMENT.read_text("utf-8") if text is None else text
    body = text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    return {line.split("|")[1].strip(): line for line in body.splitlines() if line.startswith("| ")}


def write(proven: Mapping[str, Sequence[str]], where: str) -> None:
    """Keep what came out."""
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), proven, where), "utf-8")
