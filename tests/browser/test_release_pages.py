"""Releases, packages and scripts before a real host: upload, roll out in waves, stop, download, delete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Visit
from demo_host import Served
from playwright.async_api import expect
from release_upload import upload_release

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser lives as long

VERSION = "9.9.9-browser"


@pytest.fixture(autouse=True)
def tidy(served: Served) -> Iterator[None]:
    """What a test leaves does not stand in the way of the next one."""
    yield
    for one in served.ask("GET", "/api/releases/targets")["items"]:
        if one["version"] == VERSION:
            scope = {"type": one["type"], **({"value": one["value"]} if one["value"] else {})}
            served.ask("POST", "/api/agents/rollout/stop", {"version": VERSION, "scope": scope})
    for row in served.ask("GET", "/api/agents/releases"):
        if row["version"] == VERSION:
            served.ask("DELETE", f"/api/agents/releases/{VERSION}")
    for view in served.ask("GET", "/api/views?page=/rollout"):
        served.ask("DELETE", f"/api/views/{view['view_id']}")


def group_of(served: Served) -> tuple[str, int]:
    """A group of the simulated fleet with members, and how many."""
    groups = served.ask("GET", "/api/groups")["groups"]
    named = {one["name"]: len(one["members"]) for one in groups if one["members"]}
    name = min(named, key=lambda one: (named[one], one))
    return name, named[name]


async def test_a_release_is_uploaded_rolled_out_stopped_and_deleted(
    visit: Visit, served: Served, tmp_path: Path
) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/rollout")
    await upload_release(page, tmp_path, VERSION)
    group, members = group_of(served)
    row = page.get_by_role("table", name="Releases").get_by_role("row", name=VERSION)
    await row.get_by_role("button", name="Roll out").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Group").or_(dialog.get_by_label("Group").last).last.click()
    await page.get_by_role("option", name=group, exact=True).click()
    await expect(dialog.get_by_text(f"{members} PC").first).to_be_visible()
    await visit.shot(page, "releases.rolling-out")
    assert await visit.violations(page) == []
    await dialog.get_by_role("button", name="Roll out", exact=True).click()
    target = page.get_by_role("table", name="Who shall have which version").get_by_role("row", name=VERSION)
    await expect(target).to_contain_text(f"0 of {members} PCs have it")
    assert served.ask("GET", f"/api/groups/{group}/config")["target_version"] == VERSION
    await target.get_by_role("button", name="Stop").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop the rollout").click()
    await expect(target).to_be_hidden()
    assert served.ask("GET", f"/api/groups/{group}/config").get("target_version") is None
    await row.get_by_role("button", name=f"Delete {VERSION}").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    await expect(row).to_be_hidden()


async def test_everybody_asks_for_the_number(visit: Visit, served: Served, tmp_path: Path) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/rollout")
    await upload_release(page, tmp_path, VERSION)
    total = served.ask("GET", "/api/fleet/facets?by=version")["total"]
    await page.get_by_role("button", name="Roll out a version").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("All PCs", exact=True).click()
    button = dialog.get_by_role("button", name="Roll out", exact=True)
    await expect(button).to_be_disabled()
    await dialog.get_by_label(f"Type {total} to confirm").fill(str(total))
    await expect(button).to_be_enabled()
    await dialog.get_by_role("button", name="Cancel").click()
    assert served.ask("GET", "/api/config").get("target_version") != VERSION


async def test_waves_are_begun_one_by_one_and_stopped_together(
    visit: Visit, served: Served, tmp_path: Path
) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/rollout")
    await upload_release(page, tmp_path, VERSION)
    group, members = group_of(served)
    await page.get_by_role("button", name="New staged rollout").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Groups, in this order").last.click()
    await page.get_by_role("option", name=group, exact=True).click()
    await page.keyboard.press("Escape")
    await dialog.get_by_role("button", name="Make the plan").click()
    plan = page.get_by_role("article", name=f"Staged rollout of {VERSION}")
    await expect(plan).to_contain_text("0 of 2 waves begun")
    await plan.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("dialog").get_by_text(f"{members} PC").first).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Begin").click()
    await expect(plan).to_contain_text("1 of 2 waves begun")
    await expect(plan.get_by_role("listitem").nth(1).get_by_role("button", name="Begin")).to_be_visible()
    await visit.shot(page, "releases.waves")
    assert await visit.violations(page) == []
    await plan.get_by_role("button", name="Stop all waves").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop all waves").click()
    await expect(plan).to_contain_text("0 of 2 waves begun")
    assert served.ask("GET", f"/api/groups/{group}/config").get("target_version") is None


SHELVES = [("/packages", "setup.msi", b"package"), ("/scripts", "clean.ps1", b"Write-Output 1")]


@pytest.mark.parametrize("path, file, content", SHELVES)
async def test_a_file_is_stored_found_fetched_and_deleted(
    visit: Visit, tmp_path: Path, path: str, file: str, content: bytes
) -> None:
    page = await visit.come("operator")
    await visit.go(page, path)
    (tmp_path / file).write_bytes(content)
    await page.get_by_role("button", name="Upload").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(tmp_path / file)
    stem = file.partition(".")[0]
    await expect(dialog.get_by_label("Name")).to_have_value(stem)
    await dialog.get_by_label("Version").fill("1.2")
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    row = page.get_by_role("row", name=stem)
    await expect(row).to_be_visible()
    async with page.expect_download() as started:
        await row.get_by_role("button", name=f"Download {stem} 1.2").click()
    await (await started.value).save_as(tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    await page.get_by_role("textbox", name="Name or version").fill("no such thing")
    await expect(page.get_by_text("Nothing has this in its name or version")).to_be_visible()
    await page.get_by_role("textbox", name="Name or version").fill(stem.upper())
    await row.get_by_role("button", name=f"Delete {stem} 1.2").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    await expect(row).to_be_hidden()


async def test_an_upload_that_is_refused_says_why(visit: Visit, tmp_path: Path) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/rollout")
    (tmp_path / "agent.exe").write_bytes(b"MZ this is no agent")
    await page.get_by_role("button", name="Upload a release").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(tmp_path / "agent.exe")
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("couldn't extract VERSIONINFO")


async def test_an_upload_can_be_given_up(visit: Visit, served: Served, tmp_path: Path) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/packages")
    (tmp_path / "large.zip").write_bytes(b"x" * 4_000_000)
    network = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    await network.send("Network.enable")
    await network.send("Network.emulateNetworkConditions", slow)
    await page.get_by_role("button", name="Upload").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(tmp_path / "large.zip")
    await dialog.get_by_label("Version").fill("1")
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    await expect(dialog.get_by_role("progressbar", name="Upload")).to_be_visible()
    await dialog.get_by_role("button", name="Cancel the upload").click()
    await expect(dialog.get_by_role("progressbar", name="Upload")).to_be_hidden()
    await expect(dialog.get_by_role("button", name="Upload", exact=True)).to_be_enabled()
    found: Any = served.ask("GET", "/api/app-packages?q=large")
    assert found == []


async def test_a_viewer_sees_who_may(visit: Visit) -> None:
    page = await visit.come("viewer")
    for path, name in (("/rollout", "Upload a release"), ("/packages", "Upload"), ("/scripts", "Upload")):
        await visit.go(page, path)
        button = page.get_by_role("button", name=name, exact=True)
        await expect(button).to_have_attribute("aria-disabled", "true")
