"""Every page of the web interface, in both themes and at both widths, and whether something is to be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pictures.showcase import pictures_of_everything
from pictures.taking import Picture

FORMS = [(theme, width) for width in (1400, 390) for theme in ("light", "dark")]
SHORT = [("light", 1400)]


def take(folder: Path, forms: Sequence[tuple[str, int]]) -> list[Picture]:
    """Take them. Raises RuntimeError without a Chromium."""
    return asyncio.run(pictures_of_everything(folder, forms, lambda said: print(f"  {said}", flush=True)))


def lines(made: Sequence[Picture]) -> list[str]:
    """The table as Markdown."""
    found = ["| theme, width | pages | blank | outcome |", "| --- | --- | --- | --- |"]
    for theme, width in dict.fromkeys((one.theme, one.width) for one in made):
        of_form = [one for one in made if (one.theme, one.width) == (theme, width)]
        blank = [one.place.name for one in of_form if one.blank]
        outcome = "FAILED" if blank else "passed"
        found.append(f"| {theme}, {width} px | {len(of_form)} | {', '.join(blank) or 'none'} | {outcome} |")
    return found
