"""Uploading a release as an operator does, in the browser."""

from __future__ import annotations

from pathlib import Path

from kanade_host_simulator.binary import agent_binary
from playwright.async_api import Page, expect


async def upload_release(page: Page, folder: Path, version: str) -> None:
    """On the page of releases; `folder` is for the file."""
    binary = folder / "kanade-agent.exe"
    binary.write_bytes(agent_binary(version))
    await page.get_by_role("button", name="Upload a release").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(binary)
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_role("table", name="Releases").get_by_text(version)).to_be_visible()
