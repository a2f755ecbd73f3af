"""The page of fires that wait: whoever may not release one reads why, and everybody else can."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from browsing import Visit
from demo_host import Served, end_demo, serve_without, start_demo
from playwright.async_api import Browser, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]
PLAN = {"target": {"pcs": ["pc-1"]}}
EVERYBODY = "%7B%22kind%22%3A%22all%22%7D"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A host on which every fire waits for a second operator."""
    demo = start_demo(tmp_path_factory.mktemp("asking") / "demo", 0)
    end_demo(demo)
    made = serve_without(demo, [], '[plugins.jobs]\nrequire_approval = "always"')
    yield made
    end_demo(made)


@pytest_asyncio.fixture(loop_scope="session")
async def here(browser: Browser, asking: Served) -> AsyncIterator[Visit]:
    made = Visit(browser, asking.url, asking.tokens)
    yield made
    await made.leave()


def job(id: str, **execute: Any) -> dict[str, Any]:
    return {"id": id, "version": "1", "execute": {"shell": "cmd", "timeout": "5s"} | execute}


async def row_of(here: Visit, page: Page, id: str) -> Any:
    await here.go(page, "/approvals")
    return page.get_by_role("table", name="Approvals").get_by_role("row", name=id)


async def test_who_may_not_release_a_fire_reads_why(here: Visit, asking: Served) -> None:
    asking.ask("POST", "/api/jobs", job("theirs", script="echo"), role="operator")
    asking.ask("POST", "/api/exec/theirs", PLAN, role="admin")
    page = await here.come("admin")
    await expect(await row_of(here, page, "theirs")).to_contain_text("release what you asked for")
    page = await here.come("operator")
    row = await row_of(here, page, "theirs")
    await expect(row).to_contain_text("you saved the job that it runs")
    await expect(row.get_by_role("button", name="Release")).to_have_attribute("aria-disabled", "true")
    assert await here.violations(page) == []


async def upload_script(here: Visit, page: Page, name: str) -> None:
    """After the job that names it was saved, so that what would run is nobody's."""
    uploaded = await page.request.post(
        f"{here.url}/api/script-objects/{name}/1",
        headers={"Authorization": f"Bearer {here.tokens['admin']}"},
        multipart={"file": {"name": name, "mimeType": "text/plain", "buffer": b"echo"}},
    )
    assert uploaded.ok, await uploaded.text()


async def test_a_preview_says_that_nobody_could_release_it(here: Visit, asking: Served) -> None:
    named = job("previewed", script_object="shown/1")
    asking.ask("POST", "/api/jobs", named, role="operator")
    page = await here.come("admin")
    await upload_script(here, page, "shown")
    await here.go(page, f"/run?job=previewed&target={EVERYBODY}")
    preview = page.get_by_label("What would happen")
    await expect(preview).to_contain_text("it waits until somebody else approves it")
    await expect(preview).to_contain_text("nobody knows who wrote it")
    asking.ask("POST", "/api/jobs", named, role="operator")
    await expect(preview).not_to_contain_text("nobody knows who wrote it")
    await expect(preview).to_contain_text("it waits until somebody else approves it")


async def test_what_nobody_wrote_is_released_when_it_was_saved(here: Visit, asking: Served) -> None:
    """The operator saves the job again, the admin releases."""
    named = job("nobodys", script_object="tool/1")
    asking.ask("POST", "/api/jobs", named, role="operator")
    page = await here.come("admin")
    await upload_script(here, page, "tool")
    asking.ask("POST", "/api/exec/nobodys", PLAN, role="operator")
    row = await row_of(here, page, "nobodys")
    await expect(row).to_contain_text("nobody knows who wrote it")
    asking.ask("POST", "/api/jobs", named, role="operator")
    await expect(row).not_to_contain_text("nobody knows who wrote it")
    await row.get_by_role("button", name="Release").click()
    await page.get_by_role("dialog").get_by_role("button", name="Release").click()
    await expect(row).to_contain_text("fired")
