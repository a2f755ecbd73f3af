"""Every page that the running plugins declare, every panel of an agent, and what lies behind the lists, in
both themes and on a phone: a picture that is not blank, nothing in the console, nothing that axe-core finds,
and no page wider than its window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import SCREENS, Visit
from demo_host import Served
from pictures.places import SHELL, Place, places
from pictures.taking import Camera, file_of
from playwright.async_api import Browser, Page, expect

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
]  # the browser lives as long
JOB = {
    "id": "browser-seen",
    "version": "1",
    "execute": {"shell": "powershell", "script": "echo seen", "timeout": "1m"},
}
SCHEDULE = {"id": "browser-seen", "cron": "0 0 3 * * *", "job_id": JOB["id"], "target": {"all": True}}
RUN_SECONDS = 60.0
PARTS = 4
"""No test shall look at so many pages that a busy machine cannot do it in its time."""
FORMS = {1400: ("light", "dark"), 390: ("dark",)}
"""What is drawn depends on the width, its colours on the theme. The first theme has its picture taken."""


@pytest.fixture(scope="module")
def known(served: Served) -> Iterator[list[Place]]:
    """All places of the session's host, where there is a job now, a schedule, and a run with a result."""
    served.ask("POST", "/api/jobs", JOB)
    served.ask("POST", "/api/schedules", SCHEDULE)
    ends = time.monotonic() + RUN_SECONDS
    while not served.ask("GET", "/api/fleet/agents?limit=1")["items"]:
        assert time.monotonic() < ends, "no agent reports"
        time.sleep(0.2)
    served.ask("POST", f"/api/exec/{JOB['id']}", {"target": {"all": True}})
    yield places(served)
    served.ask("DELETE", f"/api/schedules/{SCHEDULE['id']}")
    served.ask("DELETE", f"/api/jobs/{JOB['id']}")


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("width", FORMS)
async def test_every_page(visit: Visit, known: list[Place], width: int, part: int) -> None:
    camera = Camera(visit, SCREENS, width)
    wrong: dict[str, list[str]] = {}
    for place in known[part::PARTS]:
        page = await camera.go(place)
        pictures = []
        for theme in FORMS[width]:
            await camera.theme(page, theme)
            pictures = pictures or [await camera.take(page, place, theme)]
            if found := await complaints(visit, page):
                wrong[f"{place.name}, {theme}"] = found
        if pictures[0].blank:
            wrong[f"{place.name}, picture"] = [f"{pictures[0].ink:.2%} ink"]
    assert wrong == {}


async def complaints(visit: Visit, page: Page) -> list[str]:
    """Whatever is wrong with a page as it stands there."""
    found = await visit.violations(page)
    if over := await visit.overflow(page):
        found.append(f"{over} px wider than the window")
    if await page.get_by_text("has stopped working").count():
        found.append("crashed")
    found += visit.noise
    visit.noise.clear()
    return found


async def test_the_places_are_all_that_the_host_declares(served: Served, known: list[Place]) -> None:
    """Nobody types the list again: a new page is looked at, and has its picture, from its first day."""
    declared = {row["id"] for row in served.ask("GET", "/api/pages")["pages"] if row["kind"] != "card"}
    names = {place.name for place in known}
    assert names == declared | {place.name for place in SHELL} | {"jobs.job-new", "scheduler.schedule-new"}
    assert len(names) == len(known) > 40
    assert not [place for place in known if ":" in place.path]


async def test_the_menu_leads_to_declared_pages_alone(visit: Visit, known: list[Place]) -> None:
    page = await visit.come()
    await visit.go(page, "/settings")
    links = await page.locator("nav a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert len(links) > 20
    assert set(links) <= {place.path for place in known}


async def test_a_page_without_content_is_told_from_one_that_has_some(
    browser: Browser, tmp_path: Path
) -> None:
    visit = Visit(browser, "", {})
    camera = Camera(visit, tmp_path, 390)
    place = Place("nothing", "Nothing", "shell", "about:blank", role=None)
    page = await visit.come(None, width=390)
    seen = {}
    for name, body in {"empty": "", "text": "<h1>Agents</h1><p>No PC has reported yet.</p>"}.items():
        await page.set_content(f"<nav>Menu</nav><main style='height: 600px'>{body}</main>")
        seen[name] = await camera.take(page, place, "light")
    assert seen["empty"].blank
    assert not seen["text"].blank
    assert file_of(tmp_path, "nothing", "light", 390).read_bytes().startswith(b"\x89PNG")
    await visit.leave()


async def test_in_japanese_nothing_is_left_in_english(visit: Visit, served: Served) -> None:
    page = await visit.come(language="ja")
    await visit.go(page, "/plugins")
    assert await page.locator("html").get_attribute("lang") == "ja"
    await page.get_by_role("heading", name="プラグイン").wait_for()
    menu = await page.locator("nav").inner_text()
    assert "デッドレター" in menu
    raw = await page.evaluate("() => document.body.innerText.match(/\\b[a-z]+\\.[a-z]+\\.[a-zA-Z]+\\b/g)")
    assert not [text for text in raw or [] if text.startswith(("plugins.", "shell."))]


CUT = """(all) => all.flatMap((one) => [one, ...one.querySelectorAll("*")])
  .filter((one) => one.clientWidth > 1 && getComputedStyle(one).overflowX === "hidden")
  .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText)"""
"""What does not show all of its text; what is there for screen readers alone is one pixel wide."""


@pytest.mark.parametrize(
    ("path", "what"), [("/agents", "[role=columnheader]"), ("/", "main section li > :only-child")]
)
async def test_in_japanese_no_heading_and_no_sentence_is_cut_off(visit: Visit, path: str, what: str) -> None:
    page = await visit.come(language="ja")
    await visit.go(page, path)
    looked = page.locator(what)
    await expect(looked.first).to_be_visible()
    assert await looked.evaluate_all(CUT) == []
