"""Pictures of the web interface in the documents: the gallery, and those beside the texts.

`<!-- pictures of NAME -->` is where they go: `everything`, a section of the menu, or the id of one page.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "support"))
from browsing import chromium
from pictures.showcase import pictures_of_everything

MARK = re.compile(r"^<!-- pictures of ([\w.-]+) -->$", re.MULTILINE)
FORMS = [("light", 1400), ("dark", 1400), ("light", 390)]
SAID = {("light", 1400): "light", ("dark", 1400): "dark", ("light", 390): "on a phone"}
FOLDER = "_static/pages"
SECTIONS = {"shell": "Around the pages"}
"""Titles of sections; others are called by their names."""
NONE = """```{note}
This copy was built without pictures, since no Chromium was there to take them. Install one, or name it in
`KANADE_CHROMIUM`, and `./run docs` takes them.
```"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that has its pictures."""

    name: str
    title: str
    section: str


def missing() -> str:
    """Why no pictures can be taken here; empty when they can."""
    return "" if chromium() else "no Chromium was found: install one, or name it in KANADE_CHROMIUM"


def take(folder: Path) -> list[Shown]:
    """Take all of them into a folder, with a line of progress. Raises RuntimeError for a blank one."""
    made = asyncio.run(pictures_of_everything(folder, FORMS, _progress()))
    print()
    if blank := [f"{one.place.name} ({one.theme}, {one.width} px)" for one in made if one.blank]:
        raise RuntimeError(f"nothing is to be seen on {', '.join(blank)}")
    places = dict.fromkeys(one.place for one in made)
    return [Shown(place.name, place.title, place.section) for place in places]


def _progress() -> Callable[[str], None]:
    """One line that is written over on a terminal; elsewhere every twentieth."""
    began, numbers = time.monotonic(), itertools.count()

    def said(text: str) -> None:
        line = f"pictures, {time.monotonic() - began:4.0f} s: {text}"
        if sys.stdout.isatty():
            print(f"\r\x1b[K{line}", end="", flush=True)
        elif next(numbers) % 20 == 0:
            print(line, flush=True)

    return said


def fill(source: Path, shown: Sequence[Shown]) -> None:
    """Put the pictures, or why there are none, where the documents want them. Raises KeyError for a mark that
    names nothing."""
    for page in source.rglob("*.md"):
        text = page.read_text("utf-8")
        if MARK.search(text):
            page.write_text(MARK.sub(lambda found: wanted(found[1], shown), text), "utf-8")


def wanted(name: str, shown: Sequence[Shown]) -> str:
    """What stands in place of a mark."""
    if not shown:
        return NONE if name == "everything" else ""
    if name == "everything":
        return _everything(shown)
    found = [one for one in shown if name in (one.section, one.name)]
    if not found:
        raise KeyError(f"there is neither a section nor a page {name!r}")
    return _block("pictures", [_thumb(one) for one in found])


def _everything(shown: Sequence[Shown]) -> str:
    parts, sections = [], dict.fromkeys(one.section for one in shown)
    for section in sections:
        parts.append(f"## {SECTIONS.get(section, section.capitalize())}")
        for one in shown:
            if one.section == section:
                figures = [_figure(one, theme, width) for theme, width in FORMS]
                parts += [f"({anchor(one)})=", f"### {one.title}", _block("pictures forms", figures)]
    return "\n\n".join(parts)


def anchor(one: Shown) -> str:
    """Where its pictures stand in the gallery."""
    return "page-" + one.name.replace(".", "-")


def _block(kind: str, figures: Sequence[str]) -> str:
    return f'<div class="{kind}">\n' + "\n".join(figures) + "\n</div>"


def _file(one: Shown, theme: str, width: int) -> str:
    return f"{FOLDER}/{theme}-{width}/{one.name}.png"


def _image(one: Shown, theme: str, width: int, kind: str = "") -> str:
    heard = escape(f"{one.title}, {SAID[theme, width]}", quote=True)
    return f'<img src="{_file(one, theme, width)}" alt="{heard}" loading="lazy"{kind}>'


def _figure(one: Shown, theme: str, width: int) -> str:
    image = _image(one, theme, width)
    return f'<figure><a href="{_file(one, theme, width)}">{image}</a></figure>'


def _thumb(one: Shown) -> str:
    images = [_image(one, theme, 1400, f' class="only-{theme}"') for theme in ("light", "dark")]
    link = f'<a href="gallery.html#{anchor(one)}">{"".join(images)}</a>'
    return f"<figure>{link}<figcaption>{escape(one.title)}</figcaption></figure>"
