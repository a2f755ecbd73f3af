"""`docs/improvements/`: each number has a test that exists, or a reason; none of the contract is missing."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "improvements"
CONTRACT = ROOT.parent / "shared" / "contract"
EXAMPLES = FOLDER / "worked-examples.md"
TEST = re.compile(r"`((?:tests|plugins|examples)/[\w/]+\.py)::(test_\w+)`")
MEANING = re.compile(r'"\(improve\)" ?=|^`\(improve\)` = |`\(improve: …\)`|"\(improve\)" marks')
"""Lines that say what the mark means."""
SECTIONS = {
    "projections": ("\n## 13", r"[A-Z]\d+"),
    "scheduler": ("\n## 3", r"[A-Z]\d+"),
    "manifest": ("\n## 14", r"\d+"),
}
"""Where the worked examples begin, and what their numbers look like."""

LISTS = sorted(set(FOLDER.glob("*.md")) - {FOLDER / "index.md"})
lists = pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
beside = pytest.mark.skipif(not CONTRACT.exists(), reason="the contract does not lie beside this checkout")


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def rows(path: Path) -> list[tuple[str, str]]:
    """Number and last cell of each row of its table."""
    found = [line.strip("| \n").split(" | ") for line in lines(path)]
    return [(cells[0], cells[-1]) for cells in found if re.fullmatch(r"[\w-]+[- ]\w*\d+", cells[0])]


@cache
def functions_in(path: str) -> frozenset[str]:
    """The test functions of a file."""
    file = ROOT / path
    if not file.exists():
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.walk(ast.parse(file.read_text("utf-8")))
    return frozenset(one.name for one in tree if isinstance(one, kinds))


@lists
def test_each_number_has_a_test_or_a_reason(path: Path) -> None:
    wrong = []
    for number, done in rows(path):
        reason = re.fullmatch(r"(?:refused|none|open): (.{40,})", done)
        named = TEST.findall(done)
        if reason is None and TEST.sub("", done).replace("<br>", ""):
            wrong.append(f"{number}: neither tests nor a reason: {done}")
        if reason is None and not named:
            wrong.append(f"{number}: nothing is named")
        wrong += [
            f"{number}: no test {name} in {file}" for file, name in named if name not in functions_in(file)
        ]
    assert wrong == []
    assert rows(path)


OPEN: set[str] = set()
"""What the web interface lacks yet."""


def test_what_is_open_is_known() -> None:
    found = {
        number for path in FOLDER.glob("*.md") for number, done in rows(path) if done.startswith("open: ")
    }
    assert found == OPEN


@lists
def test_numbers_are_in_order(path: Path) -> None:
    numbers = [number for number, _ in rows(path)]
    if path == EXAMPLES:
        assert len(numbers) == len(set(numbers))
    else:
        assert numbers == [f"{path.stem}-{place}" for place in range(1, len(numbers) + 1)]


@beside
def test_every_mark_of_the_contract_has_its_number() -> None:
    marks = {
        path.stem: sum(
            line.count("(improve")
            for line in path.read_text("utf-8").splitlines()
            if not MEANING.search(line)
        )
        for path in CONTRACT.glob("*.md")
    }
    listed = {path.stem: len(rows(path)) for path in LISTS if path.stem in marks}
    assert listed == marks


@beside
def test_every_worked_example_has_its_test() -> None:
    wanted = set()
    for name, (section, number) in SECTIONS.items():
        text = (CONTRACT / f"{name}.md").read_text("utf-8")
        numbers = re.findall(rf"^\| ({number}) \|", text[text.index(section) :], re.MULTILINE)
        wanted |= {f"{name} {one}" for one in numbers}
    assert {number for number, _ in rows(EXAMPLES)} == wanted
