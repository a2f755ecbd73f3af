"""A plugin from outside, installed from its wheel: its page is in the menu, follows theme and live events,
stays in its place when it fails, and goes with its plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import Visit
from demo_host import end_demo, start_demo
from outside import installed, level
from playwright.async_api import Browser, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("outside")
    served = start_demo(folder / "demo", 2, PYTHONPATH=str(installed(folder)))
    yield served
    end_demo(served)


async def test_the_page_of_a_plugin_from_outside(browser: Browser, outside: Any) -> None:
    visit = Visit(browser, outside.url, outside.tokens)
    page = await visit.come("viewer")
    await visit.go(page, "/")
    await expect(page.get_by_role("region", name="Low batteries")).to_contain_text("No battery")
    await page.locator("nav").get_by_role("link", name="Batteries").click()
    await expect(page.get_by_role("heading", name="Batteries", level=1)).to_be_visible()

    hostile = "<img src=x onerror=alert(1)>"
    await outside.publish("obs.pc-1", level("pc-1", 9))
    await expect(page.get_by_role("cell", name="9 % (low)")).to_be_visible()
    await outside.publish("obs.pc-2", level(hostile, 50))
    await expect(page.get_by_role("cell", name=hostile)).to_be_visible()

    light = await ground(page)
    await page.locator("aside").get_by_role("button", name="the-viewer").click()
    await page.get_by_role("menuitem", name="Dark").click()
    await expect(page.get_by_role("menuitem", name="Dark")).to_be_hidden()
    assert await ground(page) != light
    assert await visit.violations(page) == []
    await visit.shot(page, "battery.levels")
    await visit.leave()


async def ground(page: Page) -> str:
    """The colour of the text in the module's own table."""
    colour: str = await page.locator("[data-plugin=battery] td").first.evaluate(
        "(cell) => getComputedStyle(cell).color"
    )
    return colour


async def test_what_a_module_throws_stays_in_its_place(browser: Browser, outside: Any) -> None:
    visit = Visit(browser, outside.url, outside.tokens)
    page = await visit.come("viewer")
    broken = "export function mount() { throw new Error('no batteries in here'); }"
    await page.route(
        "**/modules/battery/levels.js",
        lambda route: route.fulfill(content_type="text/javascript", body=broken),
    )
    await visit.go(page, "/battery")
    await expect(page.get_by_role("alert")).to_contain_text("no batteries in here")
    await page.locator("nav").get_by_role("link", name="Settings").click()
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    await visit.leave()


async def test_the_page_goes_with_its_plugin(browser: Browser, served: Any, visit: Visit) -> None:
    """The other host has not got it."""
    page = await visit.come("viewer")
    await visit.go(page, "/battery")
    await expect(page.get_by_role("heading", name="There is no such page", level=1)).to_be_visible()
    assert await page.locator("nav").get_by_role("link", name="Batteries").count() == 0
