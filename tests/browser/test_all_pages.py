"""Every page that the running plugins declare: nothing in the console, nothing that axe-core finds, no page
wider than its window, in both themes and at both widths. Each leaves a screenshot."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser lives as long
FORMS = [("light", 1400), ("dark", 1400), ("light", 390), ("dark", 390)]


def paths(served: Any, role: str = "admin") -> dict[str, str]:
    """Id and path of every page of the menu."""
    rows = served.ask("GET", "/api/pages", role=role)["pages"]
    return {
        row["id"]: row["path"]
        for row in rows
        if row["kind"] == "page" and row["path"] and ":" not in row["path"]
    }


@pytest.mark.parametrize("theme, width", FORMS)
async def test_every_page(visit: Visit, served: Any, theme: str, width: int) -> None:
    page = await visit.come(theme=theme, width=width)
    wrong: dict[str, list[str]] = {}
    shown = await visible_pages(visit, page, served)
    assert len(shown) > 5
    for name, path in shown.items():
        await visit.go(page, path)
        await visit.shot(page, name)
        found = await visit.violations(page)
        if over := await visit.overflow(page):
            found.append(f"{over} px wider than the window")
        if await page.get_by_text("has stopped working").count():
            found.append("crashed")
        if visit.noise:
            found += visit.noise
            visit.noise.clear()
        if found:
            wrong[name] = found
    assert wrong == {}


async def visible_pages(visit: Visit, page: Any, served: Any) -> dict[str, str]:
    """Declared and in the bundle: what the menu links to."""
    await visit.go(page, "/settings")
    if (page.viewport_size or {}).get("width", 0) < 500:
        await page.get_by_role("button", name="Open the menu").click()
    links = await page.locator("nav a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    return {name: path for name, path in paths(served).items() if path in links}


async def test_in_japanese_nothing_is_left_in_english(visit: Visit, served: Any) -> None:
    page = await visit.come(language="ja")
    await visit.go(page, "/plugins")
    assert await page.locator("html").get_attribute("lang") == "ja"
    await page.get_by_role("heading", name="プラグイン").wait_for()
    menu = await page.locator("nav").inner_text()
    assert "デッドレター" in menu
    raw = await page.evaluate("() => document.body.innerText.match(/\\b[a-z]+\\.[a-z]+\\.[a-zA-Z]+\\b/g)")
    assert not [text for text in raw or [] if text.startswith(("plugins.", "shell."))]
