"""What agents control is text: shown, never run, and what a terminal would obey is visible."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import Visit
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")
MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
CONTROL = "a\u001b[31mb\u202ec"


async def test_markup_and_control_characters_are_shown(visit: Visit, served: Any) -> None:
    """Through a message that its projection cannot apply, and through the audit trail."""
    await served.publish("audit.agent.x.y", {"actor": MARKUP, "action": CONTROL})
    record = {"actor": "agent", "action": MARKUP, "target": CONTROL, "payload": {MARKUP: CONTROL}}
    await served.publish("audit.agent.x.y", {**record, "occurred_at": "2026-11-28T10:00:00Z"})

    page = await visit.come()
    await visit.go(page, "/audit?f=payload:contains:onerror")
    await page.get_by_role("row", name="<img src=x").get_by_text("agent").click()
    await expect(page.get_by_text("a␛[31mb⟨202E⟩c").first).to_be_visible()
    await visit.go(page, "/dead-letters")
    await page.get_by_role("button", name="audit.audit").first.click()
    await expect(page.get_by_label("Message", exact=True)).to_contain_text("<img src=x onerror")
    await expect(page.get_by_text("<script>window.ran=1</script>").first).to_be_visible()
    assert await page.evaluate("() => window.ran") is None
    assert await visit.violations(page) == []

    discard = page.get_by_role("button", name="Discard", exact=True)
    await discard.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await dialog.get_by_role("button", name="Discard").click()
    await expect(page.get_by_role("heading", name="Dead letters", level=1)).to_be_visible()
    await expect(page.get_by_text("No dead letters")).to_be_visible()


async def test_a_host_name_is_text(visit: Visit, served: Any) -> None:
    pc_id = "pc<b>bold"
    beat = {"pc_id": pc_id, "at": "2026-11-28T10:00:00Z", "agent_version": MARKUP, "hostname": MARKUP}
    await served.publish(f"heartbeat.{pc_id}", beat, stream=False)
    page = await visit.come("viewer")
    await visit.go(page, "/agents?q=bold")
    await expect(page.get_by_text(pc_id).first).to_be_visible()
    await visit.go(page, "/agents/pc%3Cb%3Ebold")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(pc_id)
    assert await page.evaluate("() => window.ran") is None
    await visit.go(page, "/")
    await expect(page.get_by_text("Version <img src=x")).to_be_visible()
    assert await visit.violations(page) == []
