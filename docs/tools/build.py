"""The documentation as a site: `./run docs [FOLDER]`, in `dist/docs` by default. Warnings are errors.

Pictures of all pages of the web interface are taken from a host that runs meanwhile, with the Chromium of
KANADE_CHROMIUM, of the system or of Playwright; where there is none, the site has no pictures and says so.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import gallery
import imports_picture
import reference
from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "dist" / "docs"
MARK = "<!-- picture of the imports -->"
TUTORIALS = ["first-steps", "tutorial"]
HOW_TO = ["configuration", "operating", "upgrade", "plugins", "web-pages", "fleet", "firing"]
EXPLANATION = ["architecture", "gallery", "web-interface"]
PROJECT = ["developing", "contributing", "changes"]


def prepare(source: Path) -> None:
    """Copy what is written, and add what is made from the code."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs", source, ignore=shutil.ignore_patterns("tools", "__pycache__"))
    pages = [f"reference/{name}" for name in reference.write(source / "reference")]
    _contents(source, pages)
    (source / "pictures").mkdir(exist_ok=True)
    picture = imports_picture.look()
    (source / "pictures" / "imports.svg").write_text(imports_picture.svg(picture), "utf-8")
    page = source / "architecture.md"
    text = page.read_text("utf-8")
    assert MARK in text
    shown = f"![{imports_picture.title(picture)}](pictures/imports.svg)"
    page.write_text(text.replace(MARK, shown), "utf-8")


def _contents(source: Path, pages: list[str]) -> None:
    """Add the contents to the map; a document that no list names comes last, so that none is lost."""
    decisions = sorted(f"decisions/{path.stem}" for path in (source / "decisions").glob("*.md"))
    listed = {
        "Tutorial": TUTORIALS,
        "How to": HOW_TO,
        "Reference": pages,
        "Explanation": [*EXPLANATION, *decisions],
        "Project": PROJECT,
    }
    known = {name for names in listed.values() for name in names} | {"index"}
    found = (path.relative_to(source).with_suffix("").as_posix() for path in source.rglob("*.md"))
    listed["More"] = sorted(name for name in found if name not in known)
    index = source / "index.md"
    parts = [index.read_text("utf-8")]
    for caption, names in listed.items():
        if names:
            parts.append("```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(names) + "\n```")
    index.write_text("\n\n".join(parts) + "\n", "utf-8")


def take_pictures(source: Path, *, wanted: bool) -> None:
    """Those of the web interface, where they can be taken."""
    reason = gallery.missing() if wanted else "none are wanted"
    if reason:
        print(f"the site will have no pictures of the web interface: {reason}")
    gallery.fill(source, [] if reason else gallery.take(source / gallery.FOLDER))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./run docs", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=OUT, metavar="FOLDER")
    parser.add_argument("--no-pictures", action="store_true", help="in seconds instead of minutes")
    options = parser.parse_args(argv)
    out = options.folder.resolve()
    source = out.parent / f"{out.name}-source"
    prepare(source)
    try:
        take_pictures(source, wanted=not options.no_pictures)
    except BaseException as error:
        shutil.rmtree(source)
        if not isinstance(error, KeyboardInterrupt):
            raise
        print("\ninterrupted: nothing was built", file=sys.stderr)
        return 130
    words = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(source), "-d", str(source / ".doctrees")]
    status = build_main([*words, str(source), str(out)])
    if status == 0:
        shutil.rmtree(source)
        print(f"{out / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
