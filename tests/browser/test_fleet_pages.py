"""One agent with its panels, configuration with its layers, groups: what people do there."""

from __future__ import annotations

import time
from typing import Any

import pytest
from browsing import Visit
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


def first(served: Any) -> str:
    """A PC that reports; a demo that has just started may not have heard of any."""
    return known(served, 1)[0]


def known(served: Any, count: int) -> list[str]:
    ends = time.monotonic() + 60
    while True:
        items = served.ask("GET", f"/api/fleet/agents?limit={count}")["items"]
        if len(items) == count:
            return [one["pc_id"] for one in items]
        assert time.monotonic() < ends, "no agent reports"
        time.sleep(0.5)


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 1400), ("dark", 390)])
async def test_every_panel_of_an_agent(visit: Visit, served: Any, theme: str, width: int) -> None:
    page = await visit.come(theme=theme, width=width)
    pc = first(served)
    wrong: dict[str, list[str]] = {}
    panels = [one["id"] for one in served.ask("GET", "/api/pages")["pages"] if one["kind"] == "panel"]
    assert len(panels) > 6
    for panel in panels:
        await visit.go(page, f"/agents/{pc}?panel={panel}")
        await expect(page.get_by_role("tab", selected=True)).to_be_visible()
        await visit.shot(page, f"agent-{panel}")
        found = await visit.violations(page)
        if over := await visit.overflow(page):
            found.append(f"{over} px wider than the window")
        if await page.get_by_text("has stopped working").count():
            found.append("crashed")
        if found:
            wrong[panel] = found
    assert wrong == {}


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


async def test_charts_zoom_and_the_address_says_so(visit: Visit) -> None:
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
