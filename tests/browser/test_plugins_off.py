"""A host with plugins switched off: what is left has no error, no dead link, and says what is missing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from browsing import Visit
from demo_host import Served, end_demo, serve_without, start_demo
from playwright.async_api import Browser, Page, Response, expect
from release_upload import upload_release

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]
OFF = {"heartbeat": ("heartbeat",), "others": ("audit", "fleet", "inventory")}
LINKS = "(all) => all.map((one) => one.getAttribute('href'))"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """What a demo with a few PCs leaves behind: rows of all plugins."""
    made = start_demo(tmp_path_factory.mktemp("off") / "demo", 3)
    try:
        made.tokens["pc"] = made.ask("GET", "/api/agents")[0]["pc_id"]
    finally:
        end_demo(made)
    return made


@pytest.fixture(scope="module", params=OFF)
def less(ended: Served, request: pytest.FixtureRequest) -> Iterator[Served]:
    """The same host without some of its plugins."""
    made = serve_without(ended, OFF[request.param])
    yield made
    end_demo(made)


@pytest_asyncio.fixture(loop_scope="session")
async def here(browser: Browser, less: Served) -> AsyncIterator[Visit]:
    made = Visit(browser, less.url, less.tokens)
    yield made
    await made.leave()


def pages_of(served: Served) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = served.ask("GET", "/api/pages")["pages"]
    return [row for row in rows if row["kind"] == "page"]


async def test_what_is_left_is_whole(here: Visit, less: Served) -> None:
    declared = pages_of(less)
    pc = less.tokens["pc"]
    places = [row["path"] for row in declared if ":" not in row["path"]]
    places += ["/activity?view=results", "/events?form=points"]
    if "/agents" in places:
        panels = (row for row in less.ask("GET", "/api/pages")["pages"] if row["kind"] == "panel")
        places += [f"/agents/{pc}", *(f"/agents/{pc}?panel={row['id']}" for row in panels)]
    lead = [re.compile(re.sub(r":\w+", "[^/]+", row["path"])) for row in declared]
    page = await here.come()
    refused: list[str] = []

    def answered(response: Response) -> None:
        if response.status >= 400:
            refused.append(f"{response.status} {response.url.removeprefix(here.url)}")

    page.on("response", answered)
    wrong: dict[str, list[str]] = {}
    for path in places:
        await here.go(page, path)
        found = [*refused, *await complaints(page)]
        links = {link.split("?")[0] for link in await page.locator("a[href^='/']").evaluate_all(LINKS)}
        found += sorted(
            f"a dead link to {link}"
            for link in links
            if not link.startswith(("/api/", "/change-password"))
            and not any(one.fullmatch(link) for one in lead)
        )
        refused.clear()
        if found:
            wrong[path] = found
    assert wrong == {}


async def complaints(page: Page) -> list[str]:
    """What only a host with all plugins may say, and errors."""
    found = [text.replace("\n", " ") for text in await page.get_by_role("alert").all_inner_texts()]
    if await page.get_by_text("No agents yet").count():
        found.append("speaks of agents that nobody watches")
    return found


@pytest.mark.parametrize("less", ["heartbeat"], indirect=True)
async def test_without_the_list_of_agents_it_is_said_that_nobody_knows_them(here: Visit) -> None:
    page = await here.come()
    for path in ("/rollout", "/run?target=%7B%22kind%22%3A%22all%22%7D"):
        await here.go(page, path)
        await expect(page.get_by_text("The plugin heartbeat does not run").first).to_be_visible()
    await expect(page.get_by_role("button", name="Fleet:")).to_have_count(0)


async def rolling_out(here: Visit, folder: Path, version: str) -> Page:
    """A new release, and the dialog that asks for whom it is."""
    page = await here.come("operator")
    await here.go(page, "/rollout")
    await upload_release(page, folder, version)
    await here.go(page, f"/rollout?roll={version}")
    return page


@pytest.mark.parametrize("less", ["heartbeat"], indirect=True)
async def test_a_version_is_rolled_out_although_nobody_can_count_the_pcs(
    here: Visit, less: Served, tmp_path: Path
) -> None:
    """The number that is typed otherwise is not known: what is typed is the version."""
    version = "9.9.1-uncounted"
    page = await rolling_out(here, tmp_path, version)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("One PC").click()
    await dialog.get_by_label("One PC").last.fill("unseen")
    await expect(dialog.get_by_text("Not known: the plugin heartbeat")).to_be_visible()
    button = dialog.get_by_role("button", name="Roll out", exact=True)
    await expect(button).to_be_disabled()
    await dialog.get_by_label(f"Type {version} to confirm").fill(version)
    await button.click()
    row = page.get_by_role("table", name="Who shall have which version").get_by_role("row", name="unseen")
    await expect(row).to_contain_text("Not known: the plugin heartbeat")
    assert await here.violations(page) == []


@pytest.mark.parametrize("less", ["others"], indirect=True)
async def test_how_far_a_group_is_says_why_nobody_knows(here: Visit, less: Served, tmp_path: Path) -> None:
    version = "9.9.2-uncounted"
    page = await rolling_out(here, tmp_path, version)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Group").fill("somebody")
    await dialog.get_by_label(f"Type {version} to confirm").fill(version)
    await dialog.get_by_role("button", name="Roll out", exact=True).click()
    row = page.get_by_role("table", name="Who shall have which version").get_by_role("row", name="somebody")
    await expect(row).to_contain_text("Not known: the plugin fleet")
