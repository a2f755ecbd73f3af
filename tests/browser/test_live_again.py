"""A host that goes away and comes back: the page says so, and catches up with what changed meanwhile."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browsing import Visit
from demo_host import PASSWORD, end_demo, run_demo, start_demo
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_changed_while_the_host_was_away_is_caught_up(browser: Browser, tmp_path: Path) -> None:
    served = start_demo(tmp_path / "demo", 1)
    tokens = dict(served.tokens)
    visit = Visit(browser, served.url, tokens)
    page = await visit.come()
    await visit.go(page, "/accounts")
    sign = page.locator("aside").get_by_role("status")
    await expect(sign).to_contain_text("Live")
    await expect(page.get_by_text("the-viewer")).to_be_visible()

    end_demo(served)
    await expect(sign).to_contain_text("Connection lost")
    await expect(page.get_by_text("the-viewer")).to_be_visible()  # what was shown stays

    again = run_demo(tmp_path / "demo", urlsplit(served.url).port or 0, 1)
    try:
        again.tokens |= tokens
        again.ask("POST", "/api/accounts", {"username": "meanwhile", "password": PASSWORD, "role": "viewer"})
        await expect(sign).to_contain_text("Live")
        await expect(page.get_by_text("meanwhile")).to_be_visible()
    finally:
        end_demo(again)
    visit.noise = [line for line in visit.noise if "ERR_CONNECTION" not in line]
    await visit.leave()
