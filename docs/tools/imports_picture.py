"""A picture of who imports whom, drawn from the code itself: `./run imports-picture [FILE.svg]`.

The host lies at the bottom, layer on layer; plugins stand on it beside each other. The only arrows between
plugins are those to an `api` of another. Without a file it prints the same as text.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from xml.sax.saxutils import escape

import grimp

ROOT = Path(__file__).resolve().parents[2]
HOST, API = "kanade_host", "kanade_host.plugin"
WIDE, HIGH, GAP, TOP = 118, 44, 16, 150

_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
 font-family="sans-serif" font-size="13" fill="none" stroke="#557" stroke-width="1.2">
<title>{title}</title>
<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z" fill="#b63" stroke="none"/></marker></defs>"""


def import_rules() -> ModuleType:
    """`tests/import_rules.py`, which has the layers and knows all packages."""
    spec = importlib.util.spec_from_file_location("import_rules", ROOT / "tests" / "import_rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Picture:
    """`layers` of the host, the lowest last; `arrows`: importer, imported plugin, the module of it."""

    layers: tuple[str, ...]
    plugins: tuple[str, ...]
    arrows: tuple[tuple[str, str, str], ...]
    host_modules: tuple[tuple[str, str], ...]
    """Plugin and what it imports of the host, where that is not the public package."""


def look() -> Picture:
    """Read the imports of the host and of every plugin of this checkout."""
    rules = import_rules()
    packages = sorted(rules.packages())
    graph = grimp.build_graph(HOST, *packages, cache_dir=None)
    arrows, inner = set(), set()
    for module in graph.modules:
        top = module.partition(".")[0]
        if top not in packages:
            continue
        for imported in graph.find_modules_directly_imported_by(module):
            other = imported.partition(".")[0]
            if other == HOST and not f"{imported}.".startswith(f"{API}."):
                inner.add((top, imported))
            elif other in packages and other != top:
                arrows.add((top, other, imported.removeprefix(f"{other}.")))
    for module in graph.modules:  # and the other way round: nothing of the host may know a plugin
        if module.partition(".")[0] == HOST:
            found = graph.find_modules_directly_imported_by(module)
            arrows |= {
                (HOST, one.partition(".")[0], one) for one in found if one.partition(".")[0] in packages
            }
    layers = tuple(line.replace(" : ", " · ") for line in rules.LAYERS)
    return Picture(layers, tuple(packages), tuple(sorted(arrows)), tuple(sorted(inner)))


def short(package: str) -> str:
    """`kanade_host_results` -> `results`."""
    return package.removeprefix(f"{HOST}_")


def text(picture: Picture) -> str:
    """The same for a terminal."""
    lines = ["plugins, beside each other: " + " ".join(short(one) for one in picture.plugins), ""]
    lines += [f"  {short(one)} -> {short(other)}.{module}" for one, other, module in picture.arrows]
    lines += ["", "on the host, whose packages import downwards:"]
    return "\n".join([*lines, *(f"  {layer}" for layer in picture.layers)]) + "\n"


def svg(picture: Picture) -> str:
    """The picture. Colours come from the page, so that it can be read in the dark too."""
    width = max(len(picture.plugins) * (WIDE + GAP) + GAP, 640)
    place = {one: GAP + number * (WIDE + GAP) for number, one in enumerate(picture.plugins)}
    layer_top = TOP + HIGH + 60
    height = layer_top + len(picture.layers) * 30 + GAP
    parts = [_HEAD.format(width=width, height=height, title=escape(title(picture)))]
    for number, (one, other, module) in enumerate(picture.arrows):
        parts.append(_arrow(place[one], place[other], number, module))
    for one, left in place.items():
        parts.append(_box(left, TOP, WIDE, HIGH, short(one), "#eef4ff"))
        middle = left + WIDE // 2
        parts.append(f'<path d="M{middle} {TOP + HIGH}V{layer_top - 26}" stroke="#9ab"/>')
    parts.append(_box(GAP, layer_top - 26, width - 2 * GAP, 24, f"{API}: all that plugins import", "#e7f6ea"))
    for number, layer in enumerate(one for one in picture.layers if one != "plugin"):
        top = layer_top + 2 + number * 30
        parts.append(_box(GAP, top, width - 2 * GAP, 26, layer.replace("__main__", "python -m"), "#f4f4f4"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def title(picture: Picture) -> str:
    """What somebody hears who does not see it."""
    between = ", ".join(f"{short(one)} to {short(other)}.{module}" for one, other, module in picture.arrows)
    return f"{len(picture.plugins)} plugins on the host; imports between plugins: {between or 'none'}"


def _box(left: int, top: int, wide: int, high: int, label: str, colour: str) -> str:
    return (
        f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" rx="5" fill="{colour}"/>'
        f'<text x="{left + wide // 2}" y="{top + high // 2 + 5}" text-anchor="middle" fill="#223"'
        f' stroke="none">{escape(label)}</text>'
    )


def _arrow(one: int, other: int, number: int, label: str) -> str:
    """A bow above the plugins; each at a height of its own, so that labels stay apart."""
    first, last = one + WIDE // 2 + 12, other + WIDE // 2 - 12
    peak = TOP - 30 - (number % 5) * 26
    return (
        f'<path d="M{first} {TOP}C{first} {peak} {last} {peak} {last} {TOP - 2}" stroke="#b63"'
        ' marker-end="url(#to)"/>'
        f'<text x="{(first + last) // 2}" y="{(peak + TOP) // 2 - 24}" text-anchor="middle" fill="#b63"'
        f' stroke="none" font-size="11">{escape(label)}</text>'
    )


def main(argv: list[str]) -> int:
    picture = look()
    if argv:
        Path(argv[0]).write_text(svg(picture), "utf-8")
        print(f"{argv[0]}: {title(picture)}")
    else:
        print(text(picture), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
