"""A host that no agent ever reported to: every page of the fleet says what would be there, and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from browsing import Visit
from demo_host import Served, end_demo, start_demo
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY, NO_JOB = "No agents yet", "No job brings inventory"
SAID = {
    "/": "First steps",
    "/agents": NOBODY,
    "/groups": "No groups yet",
    "/lifecycle": "No PC has left",
    "/inventory": NO_JOB,
    "/inventory/search": NO_JOB,
    "/inventory/history": NO_JOB,
    "/inventory/compare": NOBODY,
    "/performance": NOBODY,
    "/events": "No events in this time",
    "/events?form=points": "No events in this time",
    "/logs": NOBODY,
    "/durations": "Nothing ended in this time",
}


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = start_demo(tmp_path_factory.mktemp("lonely") / "demo", 0)
    yield made
    end_demo(made)


@pytest_asyncio.fixture(loop_scope="session")
async def here(browser: Browser, lonely: Served) -> AsyncIterator[Visit]:
    made = Visit(browser, lonely.url, lonely.tokens)
    yield made
    await made.leave()


async def test_every_page_of_the_fleet_says_what_to_do(here: Visit) -> None:
    page = await here.come()
    wrong: dict[str, Any] = {}
    for path, words in SAID.items():
        await here.go(page, path)
        await expect(page.locator("main").get_by_text(words).first).to_be_visible()
        text = await page.inner_text("body")
        found = [word for word in ("NaN", "undefined", "Infinity", "null") if word in text]
        frames = await page.locator("main canvas").count()
        if frames:
            found.append(f"{frames} empty charts")
        if found:
            wrong[path] = found
    assert wrong == {}
    await expect(page.get_by_role("button", name="Fleet: No agents yet")).to_be_visible()
