"""One agent with its panels, configuration with its layers, groups: what people do there."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from browsing import Visit
from demo_host import Served
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


def first(served: Any) -> str:
    """A PC that reports; a demo that has just started may not have heard of any."""
    return known(served, 1)[0]


def known(served: Any, count: int) -> list[str]:
    def ask() -> Any:
        items = served.ask("GET", f"/api/fleet/agents?limit={count}")["items"]
        return len(items) == count and items

    return [one["pc_id"] for one in until(ask, "no agent reports")]


async def test_a_value_shows_its_layer_and_can_be_taken_back(visit: Visit, served: Any) -> None:
    pc = first(served)
    path = f"/api/pcs/{pc}/config"
    page = await visit.come("operator")
    await visit.go(page, f"/agents/{pc}?panel=fleet.agent-config")
    try:
        await page.get_by_label("Heartbeat interval").fill("25s")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Configuration saved")).to_be_visible()
        line = page.get_by_role("row", name="Heartbeat interval")
        await expect(line).to_contain_text("25s")
        await expect(line).to_contain_text("this PC")
        await page.get_by_label("Heartbeat interval").fill("0s")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("would stop the agents' heartbeats")).to_be_visible()
        await page.get_by_label("Heartbeat interval").fill("35s")
        await page.get_by_role("button", name="Save").click()
        await expect(line).to_contain_text("35s")
        await page.get_by_role("button", name="Restore").first.click()
        await expect(line).to_contain_text("25s")
        assert served.ask("GET", path) == {"heartbeat_interval": "25s"}
    finally:
        served.ask("DELETE", path)


async def test_a_group_from_a_pasted_list(visit: Visit, served: Any) -> None:
    pcs = known(served, 2)
    page = await visit.come("operator")
    await visit.go(page, "/groups")
    await page.get_by_role("button", name="New group").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name", exact=True).fill("pasted")
    await dialog.get_by_label("PC ids or host names").fill(
        f"{pcs[0]}; {pcs[1].lower()}\nnobody-has-this-name"
    )
    await expect(dialog.get_by_text("2 PCs")).to_be_visible()
    await expect(dialog.get_by_text("1 name is no PC")).to_be_visible()
    await expect(dialog.get_by_text("nobody-has-this-name").last).to_be_visible()
    assert await visit.violations(page) == []
    await dialog.get_by_role("button", name="Make the group").click()
    await expect(page.get_by_text("Group pasted made")).to_be_visible()
    try:
        members = {one["name"]: one["members"] for one in served.ask("GET", "/api/groups")["groups"]}
        assert members["pasted"] == sorted(pcs)
    finally:
        for pc in pcs:
            served.ask("DELETE", f"/api/agents/{pc}/groups/pasted")


async def test_a_viewer_sees_the_buttons_and_who_may(visit: Visit, served: Any) -> None:
    page = await visit.come("viewer")
    await visit.go(page, f"/agents/{first(served)}?panel=fleet.agent-config")
    for name in ("Ping", "Save"):
        await expect(page.get_by_role("button", name=name)).to_have_attribute("aria-disabled", "true")
    await visit.go(page, "/groups")
    await expect(page.get_by_role("button", name="New group").first).to_have_attribute(
        "aria-disabled", "true"
    )


async def test_charts_zoom_and_the_address_says_so(visit: Visit, served: Served) -> None:
    ends = time.monotonic() + 150
    while not served.ask("GET", "/api/perf/top?metric=cpu_pct&window=30m&limit=1")["rows"]:
        assert time.monotonic() < ends, "no PC has sent a sample"  # each sends one a minute
        await asyncio.sleep(0.5)
    page = await visit.come()
    await visit.go(page, "/performance")
    plot = page.get_by_role("img", name="CPU")
    box = await plot.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 150, box["y"] + 60)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 300, box["y"] + 60, steps=5)
    await page.mouse.up()
    await expect(page.get_by_role("button", name="Zoom out")).to_be_visible()
    assert "from=" in page.url
    await page.go_back()
    await expect(page.get_by_role("button", name="Zoom out")).to_be_hidden()


async def test_events_lead_from_the_map_to_the_rows(visit: Visit) -> None:
    page = await visit.come()
    await visit.go(page, "/events?by=kind")
    await page.get_by_role("button", name="boot").click()
    await expect(page.get_by_text("Kind is boot")).to_be_visible()
    row = page.locator("[data-list-box] [role=row][data-index]").first
    await expect(row).to_contain_text("boot")
    await row.click()
    await expect(page.get_by_role("dialog")).to_contain_text("Payload")
    assert await visit.violations(page) == []


POINT = """(canvas) => {
  const { width, height } = canvas;
  const ink = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const found = ink.findIndex((value, place) => place % 4 === 3 && value > 250);
  const box = canvas.getBoundingClientRect();
  const pixel = (found - 3) / 4;
  return [((pixel % width) * box.width) / width, (Math.floor(pixel / width) * box.height) / height];
}"""
"""Where something is drawn in full colour, which the hairlines are not."""


async def test_a_point_is_an_event_and_a_kind_a_filter(visit: Visit) -> None:
    page = await visit.come()
    await visit.go(page, "/events?form=points&by=kind&range=1h")
    kinds = page.get_by_role("list", name="Kind")
    await expect(kinds.get_by_role("button").first).to_be_visible()
    assert await visit.violations(page) == []
    await kinds.get_by_role("button", name="boot").click()
    await expect(page.get_by_text("Kind is boot")).to_be_visible()
    await expect(kinds.get_by_role("button")).to_have_count(1)
    canvas = page.get_by_role("img", name="event")
    x, y = await canvas.evaluate(POINT)
    await canvas.click(position={"x": x, "y": y})
    await expect(page.get_by_role("dialog")).to_contain_text("Payload")


async def test_changes_of_one_pc_by_kind_and_who_had_something_first(visit: Visit, served: Any) -> None:
    known = await an_addition(served)
    page = await visit.come()
    await visit.go(page, f"/agents/{known['pc_id']}?panel=inventory.agent&view=changes&f=kind:eq:removed")
    await expect(page.get_by_text("Change is removed")).to_be_visible()
    await expect(page.get_by_role("gridcell", name="added")).to_have_count(0)
    await visit.go(page, f"/agents/{known['pc_id']}?panel=inventory.agent&view=changes&f=kind:eq:added")
    await expect(page.get_by_role("gridcell", name="added").first).to_be_visible()
    assert await visit.violations(page) == []
    await visit.go(page, f"/inventory/history?job={known['job_id']}")
    await page.get_by_text("First seen", exact=True).first.click()
    await expect(page.get_by_role("row", name=known["pc_id"])).to_be_visible()
    assert await visit.violations(page) == []
    served.ask("DELETE", f"/api/jobs/{SCAN['id']}")


SCAN = {
    "id": "browser-scan",
    "version": "1.0.0",
    "execute": {"shell": "powershell", "script": "scan", "timeout": "1m"},
    "inventory": {
        "display": [{"field": "apps", "label": "Apps", "type": "table"}],
        "explode": [
            {
                "field": "apps",
                "table": "browser_apps",
                "primary_key": ["name"],
                "track_history": True,
                "columns": [{"field": "name"}],
            }
        ],
    },
}


async def an_addition(served: Any) -> Any:
    """What a scan of one PC found that was not known before."""
    pc, path = first(served), f"/api/inventory/{SCAN['id']}/history/search?kind=added&limit=1"
    served.ask("POST", "/api/jobs", SCAN)
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    about = {"result_id": "browser-scan-1", "request_id": "q", "pc_id": pc, "manifest_id": SCAN["id"]}
    times = {"started_at": now, "finished_at": now}
    told = {"exit_code": 0, "stdout": json.dumps({"apps": [{"name": "Solitaire"}]}), "stderr": ""}
    await served.publish("results.browser-scan", about | times | told)
    return until(lambda: served.ask("GET", path), "the scan found nothing")[0]


def until(ask: Any, otherwise: str) -> Any:
    """The first answer that is something."""
    ends = time.monotonic() + 90
    while not (found := ask()):
        assert time.monotonic() < ends, otherwise
        time.sleep(0.5)
    return found


async def test_the_sign_of_the_fleet_leads_to_what_is_behind_it(visit: Visit, served: Any) -> None:
    first(served)
    page = await visit.come("viewer")
    await visit.go(page, "/settings")
    sign = page.get_by_role("button", name="Fleet:")
    # Other tests may leave a PC that says no more; the sign and its link follow.
    await expect(sign).to_contain_text(re.compile("All well|PCs? silent"), timeout=60_000)
    await sign.click()
    numbers = page.get_by_role("dialog", name="Fleet:")
    await expect(numbers.get_by_role("link", name="resources of the broker")).to_have_attribute(
        "href", "/broker"
    )
    assert await visit.violations(page) == []
    await numbers.get_by_role("link", name="heard in the last 2 minutes").click()
    await expect(page.get_by_text(re.compile("State is (active|stale)"))).to_be_visible()
    await expect(numbers).to_be_hidden()
