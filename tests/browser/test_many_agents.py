"""What is done to many PCs at once, and the pages about those that left."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import pytest
from browsing import Visit
from demo_host import Served
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")
PATIENCE = 30_000


async def report(served: Served, pc_id: str, hostname: str) -> None:
    """One heartbeat of a PC that is not there otherwise."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    beat = {"pc_id": pc_id, "at": at, "agent_version": "0.43.25", "hostname": hostname, "os_family": "linux"}
    await served.publish(f"heartbeat.{pc_id}", beat, stream=False)


def until_known(served: Served, part: str, count: int) -> None:
    ends = time.monotonic() + 60
    while served.ask("GET", f"/api/fleet/agents?q={part}")["total"] != count:
        assert time.monotonic() < ends, f"{count} PCs called {part}* did not come"
        time.sleep(0.2)


@asynccontextmanager
async def strangers(served: Served, part: str) -> AsyncIterator[list[str]]:
    """Two PCs that said one word each; whatever the test does, they are gone and forgotten afterwards."""
    pcs = [f"{part}-{n}" for n in (1, 2)]
    with removed(served, pcs):
        for pc in pcs:
            await report(served, pc, pc)
        until_known(served, part, len(pcs))
        yield pcs


@contextmanager
def removed(served: Served, pcs: list[str]) -> Iterator[None]:
    """Takes them out at the end, with all that is remembered of them."""
    try:
        yield
    finally:
        known = served.ask("POST", "/api/fleet/select", {"names": pcs})["matched"]
        body = {"names": known, "expected": len(known), "even_online": True}
        served.ask("POST", "/api/fleet/retire", body)
        for one in served.ask("GET", "/api/fleet/retired"):
            if one["pc_id"] in pcs:
                served.ask("DELETE", f"/api/fleet/retired/{one['pc_id']}")


async def choose(visit: Visit, page: Page, part: str) -> None:
    """Both of them, in the list."""
    await visit.go(page, f"/agents?q={part}")
    for row in await page.locator("[data-list-box] [role=row][data-index]").all():
        await row.get_by_role("checkbox").click()
    await expect(page.get_by_text("2 selected")).to_be_visible()


async def test_a_selection_is_retired_and_found_among_those_that_left(visit: Visit, served: Served) -> None:
    page = await visit.come("operator")
    async with strangers(served, "leaving") as pcs:
        await choose(visit, page, "leaving")
        await page.get_by_role("button", name="Retire").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("heading")).to_have_text("Retire 2 PCs")
        assert await visit.violations(page) == []
        await dialog.get_by_role("button", name="Retire 2 PCs").click()
        await expect(dialog.get_by_text("2 PCs were left out")).to_be_visible(timeout=PATIENCE)
        await expect(dialog.get_by_text(pcs[0])).to_be_visible()
        await dialog.get_by_role("button", name="Close").last.click()
        await choose(visit, page, "leaving")
        await page.get_by_role("button", name="Retire").click()
        await dialog.get_by_label("Reason").fill("sold")
        await dialog.get_by_label("Also those that are online").check()
        await dialog.get_by_role("button", name="Retire 2 PCs").click()
        await expect(dialog.get_by_text("2 PCs were retired")).to_be_visible(timeout=PATIENCE)
        await dialog.get_by_role("link", name="See what was retired").click()
        row = page.get_by_role("row", name=pcs[1])
        await expect(row).to_contain_text("sold")
        await expect(row).to_contain_text("the-operator")
        assert await visit.violations(page) == []
        await page.get_by_text("Moves", exact=True).click()
        await page.get_by_role("row", name=pcs[1]).click()
        await expect(page.get_by_role("dialog").get_by_role("row", name="heartbeat")).to_be_visible()
        assert await visit.violations(page) == []


async def test_an_attribute_of_a_selection(visit: Visit, served: Served) -> None:
    page = await visit.come("operator")
    async with strangers(served, "noted") as pcs:
        await choose(visit, page, "noted")
        await page.get_by_role("button", name="Attributes").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Name").fill("floor")
        await dialog.get_by_label("Value").fill("7")
        assert await visit.violations(page) == []
        await dialog.get_by_role("button", name="Set on 2 PCs").click()
        await expect(dialog).to_be_hidden(timeout=PATIENCE)
        found = served.ask("GET", "/api/fleet/agents?attribute.floor=7")["items"]
        assert [one["pc_id"] for one in found] == pcs
        await choose(visit, page, "noted")
        await page.get_by_role("button", name="Attributes").click()
        await dialog.get_by_text("Delete", exact=True).click()
        await dialog.get_by_role("combobox", name="Name").click()
        await page.get_by_role("option", name="floor").click()
        await dialog.get_by_role("button", name="Delete from 2 PCs").click()
        await expect(dialog).to_be_hidden(timeout=PATIENCE)
        assert served.ask("GET", "/api/fleet/agents?attribute.floor=7")["total"] == 0


async def test_ids_that_two_pcs_use_can_be_forgotten(visit: Visit, served: Served) -> None:
    page = await visit.come("operator")
    pc = "cloned-1"
    with removed(served, [pc]):
        for hostname in ("DESK-A", "DESK-B") * 3:
            await report(served, pc, hostname)
        await visit.go(page, "/lifecycle?view=doubles")
        row = page.get_by_role("row", name=pc)
        await expect(row).to_contain_text("DESK-B", timeout=PATIENCE)
        assert await visit.violations(page) == []
        await row.get_by_role("checkbox").click()
        await page.get_by_role("button", name="Forget").click()
        await page.get_by_role("dialog").get_by_role("button", name="Forget 1 PC").click()
        await expect(page.get_by_text("Forgotten for 1 PC")).to_be_visible(timeout=PATIENCE)
        await expect(row).to_be_hidden()
        assert pc not in [one["pc_id"] for one in served.ask("GET", "/api/fleet/doubles")]
