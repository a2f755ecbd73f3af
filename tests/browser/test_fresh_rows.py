"""Rows that come while one reads a list: they are counted, and where they are too many, none is left out."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browsing import Visit
from demo_host import Served
from playwright.async_api import Page, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser lives as long

NEWS = re.compile(r"^(more than )?\d+ new$")


def records(action: str, count: int) -> list[dict[str, Any]]:
    """The last one is the newest."""
    now = datetime.now(UTC)
    return [
        {
            "actor": "burst",
            "action": f"{action}-{number}-",
            "target": None,
            "payload": None,
            "occurred_at": (now + timedelta(milliseconds=number)).isoformat(),
        }
        for number in range(count)
    ]


async def come_to_the_trail(visit: Visit, served: Served, action: str, count: int) -> Page:
    """So many records come while the list is open, before it looks at its head again."""
    page = await visit.come()
    await visit.go(page, "/audit")
    published = asyncio.Event()

    async def once_published(route: Route) -> None:
        await published.wait()
        await route.continue_()

    await page.route(re.compile(r"/api/audit\b"), once_published)
    await served.publish("audit.agent.burst.x", *records(action, count))
    async with asyncio.timeout(60):
        while f"{action}-{count - 1}-" not in str(served.ask("GET", "/api/audit?limit=200")):
            await asyncio.sleep(0.1)
    published.set()
    return page


async def test_a_few_are_counted_and_shown(visit: Visit, served: Served) -> None:
    page = await come_to_the_trail(visit, served, "few", 3)
    news = page.get_by_role("button", name=NEWS)
    await expect(news).to_be_visible()
    await news.click()
    await expect(page.get_by_text("few-2-").first).to_be_visible()
    await expect(page.get_by_text("few-0-").first).to_be_visible()
    await page.unroute_all(behavior="ignoreErrors")


async def test_more_than_a_page_leaves_no_hole(visit: Visit, served: Served) -> None:
    page = await come_to_the_trail(visit, served, "many", 130)
    news = page.get_by_role("button", name="more than 100 new")
    await news.click()
    await expect(page.get_by_text("many-129-").first).to_be_visible()
    first_below_the_page = page.get_by_text("many-29-").first
    await page.get_by_text("many-129-").first.hover()
    for _ in range(60):
        if await first_below_the_page.count():
            break
        await page.mouse.wheel(0, 300)
        await visit.settled(page)
    await expect(first_below_the_page).to_be_attached()
    await page.unroute_all(behavior="ignoreErrors")
