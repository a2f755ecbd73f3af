"""Pictures in the documents: each mark is filled, and names a section or a page that there is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kanade_host.loading.plan import make_plan

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "docs" / "tools"

sys.path.insert(0, str(TOOLS))
import gallery  # noqa: E402

sys.path.remove(str(TOOLS))

SHOWN = [
    gallery.Shown("heartbeat.agents", "Agents", "fleet"),
    gallery.Shown("fleet.groups", "Groups", "fleet"),
    gallery.Shown("jobs.run", 'Run "now"', "work"),
]
OUTSIDE = {"battery.levels"}
"""Of the example that the build installs."""


def marks() -> dict[str, list[str]]:
    texts = {
        path.relative_to(ROOT / "docs").as_posix(): path.read_text("utf-8")
        for path in (ROOT / "docs").rglob("*.md")
    }
    return {name: found for name, text in texts.items() if (found := gallery.MARK.findall(text))}


def test_every_mark_names_what_there_is() -> None:
    declared = [page for one in make_plan().loaded for page in one.pages]
    known = {page.id for page in declared} | {page.section for page in declared} | OUTSIDE
    named = marks()
    assert set(named) >= {"gallery.md", "web-interface.md", "web-pages.md"}
    unknown = {one for found in named.values() for one in found if one not in known | {"everything", "shell"}}
    assert unknown == set()
    menu = {page.section for page in declared if page.kind == "page" and page.path}
    assert menu - set(named["web-interface.md"]) == set(), "a section without pictures"


def test_the_gallery_has_each_page_in_each_form() -> None:
    made = gallery.wanted("everything", SHOWN)
    assert [line for line in made.splitlines() if line.startswith("## ")] == ["## Fleet", "## Work"]
    for one in SHOWN:
        assert f"### {one.title}\n" in made
        for theme, width in gallery.FORMS:
            assert f'src="{gallery.FOLDER}/{theme}-{width}/{one.name}.png"' in made
    assert 'alt="Run &quot;now&quot;, light"' in made


@pytest.mark.parametrize("name, count", [("fleet", 2), ("jobs.run", 1)])
def test_beside_a_text_stand_a_section_or_a_page(name: str, count: int) -> None:
    made = gallery.wanted(name, SHOWN)
    assert made.count("<figure>") == count
    assert made.count('class="only-light"') == made.count('class="only-dark"') == count
    for one in SHOWN:
        assert (f"gallery.html#{gallery.anchor(one)}" in made) == (name in (one.section, one.name))


def test_a_mark_that_names_nothing_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("<!-- pictures of nowhere -->\n")
    with pytest.raises(KeyError, match="nowhere"):
        gallery.fill(tmp_path, SHOWN)


def test_without_a_browser_the_site_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "chromium", lambda: None)
    assert "KANADE_CHROMIUM" in gallery.missing()
    (tmp_path / "gallery.md").write_text("<!-- pictures of everything -->\n")
    (tmp_path / "other.md").write_text("before\n\n<!-- pictures of fleet -->\n\nafter\n")
    gallery.fill(tmp_path, [])
    assert "built without pictures" in (tmp_path / "gallery.md").read_text()
    assert (tmp_path / "other.md").read_text().split() == ["before", "after"]
