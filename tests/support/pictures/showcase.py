"""A host to take pictures of: all plugins, one from outside too, and a fleet that has done something."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import outside
from browsing import FLAGS, chromium
from demo_host import Served, change_password, end_demo, free_port, run_demo
from playwright.async_api import async_playwright

from pictures.places import places
from pictures.taking import Picture, take_all

AGENTS = 24
READY_SECONDS = 180.0
JOBS = {"hello", "inventory-hardware", "inventory-software"}
"""What a furnished demo has run."""
FREEZE = {"reason": "nobody is there to help", "cron": "0 0 0 24 12 *", "duration": "216h"}
Said = Callable[[str], None]


async def pictures_of_everything(
    folder: Path, forms: Iterable[tuple[str, int]], said: Said = lambda _: None
) -> list[Picture]:
    """Start a host and a browser, and take every page in every form (theme, width) into `folder`.

    Raises RuntimeError where no Chromium is found. About a minute a width on two cores.
    """
    program = chromium()
    if program is None:
        raise RuntimeError("no Chromium: install it, or name it in KANADE_CHROMIUM")
    async with _showcase(said) as served, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            shown = await asyncio.to_thread(places, served)
            return await take_all(browser, served.url, served.tokens, shown, folder, forms, said)
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def _showcase(said: Said) -> AsyncIterator[Served]:
    with tempfile.TemporaryDirectory(prefix="kanade-pictures-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        said("a host with a simulated fleet starts")
        site = await asyncio.to_thread(outside.installed, folder)
        served = await asyncio.to_thread(_started, folder / "demo", str(site))
        try:
            said("the fleet reports")
            await asyncio.to_thread(_until_furnished, served)
            await asyncio.to_thread(change_password, served)
            await _further(served)
            yield served
        finally:
            await asyncio.to_thread(end_demo, served)


def _started(folder: Path, site: str) -> Served:
    served = run_demo(folder, free_port(), AGENTS, "--rate", "10", PYTHONPATH=site)
    try:
        login = json.loads((folder / "demo-login.json").read_text())
        served.tokens["admin"] = served.log_in("admin", login["password"])
    except BaseException:
        end_demo(served)
        raise
    return served


def _until_furnished(served: Served) -> None:
    """Until everybody has reported, and done what a demo has them do."""
    ends = time.monotonic() + READY_SECONDS
    while missing := _missing(served):
        assert time.monotonic() < ends, f"the fleet has not got so far: {missing}"
        time.sleep(0.5)


def _missing(served: Served) -> str:
    runs: list[dict[str, Any]] = served.ask("GET", "/api/executions?limit=50")
    over = {run["job_id"] for run in runs if run["status"] == "completed"}
    if not over >= JOBS:
        return f"runs of {', '.join(sorted(JOBS - over))}"
    if served.ask("GET", "/api/fleet/agents?limit=1")["total"] < AGENTS:
        return "agents"
    pc_id = served.ask("GET", "/api/fleet/agents?limit=1")["items"][0]["pc_id"]
    measured = served.ask("GET", f"/api/agents/{pc_id}/perf")["points"]
    return "" if measured else "performance"


async def _further(served: Served) -> None:
    """What a demo has not: batteries, something set aside, a time in which nothing is fired."""
    rows = served.ask("GET", "/api/fleet/agents?limit=8")["items"]
    for number, row in enumerate(rows):
        await served.publish(f"obs.{row['pc_id']}", outside.level(row["pc_id"], 9 + 11 * number))
    await served.publish("results.unreadable", {"request_id": 7})
    served.ask("PUT", "/api/freezes/year-end", FREEZE)
