"""A browser before a real host with a broker and a simulated fleet.

Tests here need a Chromium: that of `KANADE_CHROMIUM`, of the system, or of Playwright. Without one they are
skipped by name. Screenshots go to `var/screens`, which is not tracked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from browsing import FLAGS, Visit, chromium
from demo_host import Served, end_demo, start_demo
from playwright.async_api import Browser, async_playwright


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of this folder time, and a reason where it cannot run."""
    here = Path(__file__).parent
    missing = chromium() is None
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.timeout(300))
        if missing:
            item.add_marker(pytest.mark.skip(reason="no Chromium: install it, or name it in KANADE_CHROMIUM"))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One host for all tests that only look, or clean up after themselves."""
    made = start_demo(tmp_path_factory.mktemp("browser") / "demo")
    yield made
    end_demo(made)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium; each visit has a context of its own."""
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, served: Served) -> AsyncIterator[Visit]:
    """Somebody before the browser: `await visit.come("viewer", theme="dark", width=390)`."""
    made = Visit(browser, served.url, served.tokens)
    yield made
    await made.leave()
