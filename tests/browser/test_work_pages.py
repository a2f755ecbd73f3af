"""Jobs, runs and schedules before a real host with a simulated fleet: from an idea to what every PC said."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browsing import Visit
from demo_host import AGENTS, Served
from playwright.async_api import Page, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser lives as long

JOB = {
    "id": "browser-hello",
    "version": "1",
    "execute": {"shell": "powershell", "script": "echo hello", "timeout": "1m"},
}
EVERYBODY = "%7B%22kind%22%3A%22all%22%7D"


@pytest.fixture(autouse=True)
def hello(served: Served) -> Iterator[None]:
    """A job to run; whatever a test leaves is taken away. A job that was deleted before stays revoked."""
    served.ask("POST", "/api/jobs", JOB)
    served.ask("POST", f"/api/scripts/{JOB['id']}/unrevoke")
    yield
    if served.ask("GET", "/api/emergency")["paused"]:
        served.ask("POST", "/api/emergency/resume")
    for schedule in served.ask("GET", "/api/schedules"):
        if schedule["id"].startswith("browser-"):
            served.ask("DELETE", f"/api/schedules/{schedule['id']}")
    for job in served.ask("GET", "/api/jobs"):
        if job["id"].startswith("browser-"):
            served.ask("DELETE", f"/api/jobs/{job['id']}")


async def type_over(page: Page, text: str) -> None:
    """Replace what stands in the editor, without its help with brackets and indentation."""
    await page.locator(".cm-content").click()
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text(text)


async def test_everybody_asks_for_the_number_and_the_run_fills_up(visit: Visit) -> None:
    page = await visit.come("operator")
    await visit.go(page, f"/run?job={JOB['id']}&target={EVERYBODY}")
    await page.get_by_role("button", name=re.compile(r"^Fire at \d+ PCs$")).click()
    dialog = page.get_by_role("dialog")
    fire = dialog.get_by_role("button", name="Fire")
    await expect(fire).to_be_disabled()
    [number] = re.findall(r"(\d+) are known now", await dialog.inner_text())
    assert int(number) >= AGENTS
    await dialog.get_by_role("textbox").fill(number)
    await fire.click()
    await page.wait_for_url("**/executions/*")
    await expect(page.get_by_text(f"{number} of {number} done")).to_be_visible()
    await page.get_by_text("outputs", exact=True).click()
    await expect(page.get_by_text("1 kind of output")).to_be_visible()
    assert await visit.violations(page) == []
    assert visit.noise == []


async def test_the_rest_of_the_batches_is_stopped_with_a_reason(visit: Visit, served: Served) -> None:
    plan = {"target": {"all": True}, "batches": {"size": 5, "pause": "2h"}}
    run = served.ask("POST", f"/api/exec/{JOB['id']}", plan)
    page = await visit.come("operator")
    await visit.go(page, f"/executions/{run['exec_id']}")
    table = page.get_by_role("table", name="Batches")
    waits = table.get_by_text("waits for its turn")
    await expect(waits.first).to_be_visible()
    number = await waits.count()
    assert number >= 2
    await page.get_by_role("button", name="Stop the rest").click()
    dialog = page.get_by_role("dialog")
    stop = dialog.get_by_role("button", name="Stop the rest")
    await expect(stop).to_be_disabled()
    await dialog.get_by_label("Reason").fill("too many calls")
    await stop.click()
    await expect(table.get_by_text("stopped", exact=True)).to_have_count(number)
    await expect(page.get_by_text("The rest does not go: stopped: too many calls")).to_be_visible()
    await expect(page.get_by_role("button", name="Stop the rest")).to_have_count(0)
    await table.get_by_role("link", name="Batch 2").click()
    await expect(page.get_by_text("5 targets", exact=True)).to_be_visible()
    assert [one["state"] for one in served.ask("GET", f"/api/executions/{run['exec_id']}/batches")][1:] == [
        "stopped"
    ] * number
    assert await visit.violations(page) == []
    assert visit.noise == []


async def test_a_run_on_a_phone(visit: Visit, served: Served) -> None:
    run = served.ask("POST", f"/api/exec/{JOB['id']}", {"target": {"all": True}})
    page = await visit.come(theme="dark", width=390)
    for path in (f"/executions/{run['exec_id']}", "/jobs/browser-hello", "/schedules/+"):
        await visit.go(page, path)
        await visit.shot(page, path.strip("/").partition("/")[0] + "-one")
        assert await visit.violations(page) == [], path
        assert not await visit.overflow(page), path
    assert visit.noise == []


async def test_a_job_is_written_with_help_and_looked_at_before_it_is_saved(
    visit: Visit, served: Served
) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/jobs/+")
    await type_over(page, "id: browser-made\nversion: '1'\nexecute:\n  shell: bash\n  timeout: 1m\n")
    await expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    good = "id: browser-made\nversion: '1'\nexecute:\n  shell: cmd\n  script: echo made\n  timeout: 1m\n"
    await type_over(page, good)
    await expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    await page.get_by_role("button", name="Review and save").click()
    await page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    await page.wait_for_url("**/jobs/browser-made")
    assert "browser-made" in [job["id"] for job in served.ask("GET", "/api/jobs")]
    assert visit.noise == []


async def test_a_job_is_looked_at_and_revoked_beside_the_list(visit: Visit) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/jobs?q=browser")
    await page.get_by_role("link", name="browser-hello").click()
    sheet = page.get_by_role("dialog", name="browser-hello")
    await expect(sheet.get_by_text("powershell")).to_be_visible()
    assert "q=browser" in page.url
    assert "open=browser-hello" in page.url
    assert await visit.violations(page) == []
    await sheet.get_by_role("button", name="Revoke").click()
    await page.get_by_role("dialog", name="Revoke browser-hello").get_by_role("button", name="Revoke").click()
    await expect(sheet.get_by_text("revoked", exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await expect(page.get_by_role("row", name="browser-hello").get_by_text("revoked")).to_be_visible()
    assert visit.noise == []


async def test_a_schedule_is_looked_at_and_switched_off_beside_the_list(visit: Visit, served: Served) -> None:
    served.ask(
        "POST",
        "/api/schedules",
        {
            "id": "browser-beside",
            "cron": "0 0 3 * * *",
            "job_id": JOB["id"],
            "target": {"all": True},
            "mode": "once_per_pc",
        },
    )
    page = await visit.come("operator", theme="dark", width=390)
    await visit.go(page, "/schedules?open=browser-beside")
    sheet = page.get_by_role("dialog", name="browser-beside")
    await expect(sheet.get_by_text("once on each PC")).to_be_visible()
    await expect(sheet.get_by_role("heading", name="Next ticks")).to_be_visible()
    assert await visit.violations(page) == []
    await sheet.get_by_role("button", name="Switch off", exact=True).click()
    asked = page.get_by_role("dialog", name="Switch browser-beside off")
    await asked.get_by_role("button", name="Switch off").click()
    await expect(sheet.get_by_role("button", name="Switch on")).to_be_visible()
    assert not await visit.overflow(page)
    assert visit.noise == []


async def test_what_the_server_refuses_is_said_in_its_words(visit: Visit) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/schedules/+")
    await type_over(page, "id: browser-bad\ncron: 'nonsense'\njob_id: browser-hello\n")
    await page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Save", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("cron")


async def test_a_schedule_is_run_now_and_its_ticks_say_so(visit: Visit, served: Served) -> None:
    served.ask(
        "POST",
        "/api/schedules",
        {"id": "browser-nightly", "cron": "0 0 3 * * *", "job_id": JOB["id"], "target": {"all": True}},
    )
    page = await visit.come("operator")
    await visit.go(page, "/schedules/browser-nightly")
    await expect(page.get_by_role("heading", name="Next ticks")).to_be_visible()
    await page.get_by_role("button", name="Run now").click()
    await page.get_by_role("dialog").get_by_role("button", name="Run now").click()
    await page.wait_for_url("**/executions/*")
    await visit.go(page, "/schedules/browser-nightly")
    await expect(page.get_by_text("run by hand")).to_be_visible()
    assert visit.noise == []


async def test_a_pause_stops_fires_until_it_is_ended(visit: Visit) -> None:
    page = await visit.come("operator")
    await visit.go(page, "/emergency")
    await page.get_by_role("button", name="Pause everything").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("a test")
    await dialog.get_by_role("button", name="Pause everything").click()
    await expect(page.get_by_text("Everything is paused").first).to_be_visible()
    await visit.go(page, f"/run?job={JOB['id']}&target={EVERYBODY}")
    fire = page.get_by_role("button", name=re.compile("^Fire"))
    await expect(fire).to_have_attribute("aria-disabled", "true")
    await visit.go(page, "/emergency")
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_text("Nothing is paused.")).to_be_visible()


async def test_a_script_on_one_pc_has_the_id_that_was_given(visit: Visit, served: Served) -> None:
    pc = served.ask("GET", "/api/agents")[0]["pc_id"]
    page = await visit.come("operator")
    await visit.go(page, "/run?kind=script")
    await page.get_by_label("PC", exact=True).fill(pc)
    await page.get_by_label("Run id").fill("browser-adhoc")
    await page.get_by_role("textbox", name="Script").fill("echo here")
    await page.get_by_role("button", name="Run now").click()
    await expect(page.get_by_role("heading", name="Result", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Open the result").click()
    result = page.url.rpartition("/")[2]
    await page.get_by_role("link", name="browser-adhoc").click()
    await expect(page.get_by_text("The host recorded no execution with this run id")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert await visit.violations(page) == []
    await page.get_by_role("row").filter(has_text="here").click()
    await page.wait_for_url(f"**/activity/{result}")
    await visit.go(page, "/executions/browser-adho")  # not an id, but the beginning of one
    await expect(page.get_by_text("No result carries this run id.")).to_be_visible()
    assert visit.noise == []


async def test_the_trail_is_read_with_the_keyboard_and_exported(visit: Visit, served: Served) -> None:
    page = await visit.come("viewer")
    await visit.go(page, "/audit?f=action:contains:job_upsert&f=target:contains:browser-hello")
    await expect(page.get_by_role("row", name="browser-hello").first).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    await expect(sheet.get_by_role("heading", name="Details")).to_be_visible()
    assert "open=" in page.url
    assert await visit.violations(page) == []
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await page.get_by_role("button", name="Export").click()
    async with page.expect_download() as waits:
        await page.get_by_role("menuitem", name="CSV").click()
    lines = (await (await waits.value).path()).read_text("utf-8-sig").splitlines()
    assert lines[0] == "id,occurred_at,actor,action,target,outcome,payload"
    assert lines[1:]
    assert all(",job_upsert,browser-hello," in line for line in lines[1:])
    assert visit.noise == []


async def test_without_the_plugins_behind_them_there_are_no_links_and_buttons(
    visit: Visit, served: Served
) -> None:
    """The host is asked which pages there are; here its answer leaves out those of two plugins."""
    run = served.ask("POST", f"/api/exec/{JOB['id']}", {"target": {"all": True}})
    page = await visit.come()

    async def less(route: Route) -> None:
        answer = await route.fetch()
        rows = (await answer.json())["pages"]
        left = [row for row in rows if row["plugin"] not in ("jobs", "heartbeat")]
        await route.fulfill(response=answer, json={"pages": left})

    await page.route("**/api/pages", less)
    await visit.go(page, f"/executions/{run['exec_id']}")
    await expect(page.get_by_role("row").filter(has_text="-")).not_to_have_count(0)
    assert await page.locator("a[href^='/agents'], a[href^='/jobs'], a[href^='/run']").count() == 0
    await expect(page.get_by_role("button", name=re.compile("Kill|Repeat"))).to_have_count(0)
    await expect(page.get_by_role("checkbox")).to_have_count(0)
    assert visit.noise == []


async def test_a_viewer_sees_who_may(visit: Visit) -> None:
    page = await visit.come("viewer")
    await visit.go(page, "/jobs")
    await expect(page.get_by_role("button", name="New job")).to_have_attribute("aria-disabled", "true")
