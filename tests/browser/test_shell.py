"""Logging in, roles, live events, the palette, and what a start costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browsing import Visit
from demo_host import PASSWORD
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser lives as long


async def log_in(page: Any, name: str, password: str) -> None:
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log in").click()


async def test_the_log_in_shows_what_the_server_says_and_keeps_the_address(visit: Visit) -> None:
    page = await visit.come(None)
    await page.goto(f"{visit.url}/audit?span=7d")
    assert await visit.violations(page) == []
    await log_in(page, "the-viewer", "wrong")
    await expect(page.get_by_role("alert")).to_contain_text("invalid")
    await log_in(page, "the-viewer", PASSWORD)
    await expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
    assert page.url.endswith("/audit?span=7d")


async def test_a_session_that_ends_asks_for_the_password_and_goes_on_there(visit: Visit, served: Any) -> None:
    page = await visit.come(None)
    served.tokens["passing"] = served.log_in("the-viewer", PASSWORD)
    await page.goto(f"{visit.url}/plugins?unwell=1")
    await page.evaluate("(token) => localStorage.setItem('kanade_token', token)", served.tokens["passing"])
    await page.reload()
    await expect(page.get_by_role("heading", name="Plugins", level=1)).to_be_visible()
    served.ask("POST", "/api/auth/revoke", role="passing")
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="Audit").click()
    await expect(page.get_by_text("The session is over")).to_be_visible()
    await log_in(page, "the-viewer", PASSWORD)
    await expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()


async def test_who_may_not_sees_why(visit: Visit) -> None:
    page = await visit.come("viewer")
    await visit.go(page, "/projections")
    button = page.get_by_role("button", name="Rebuild").first
    await expect(button).to_have_attribute("aria-disabled", "true")
    await button.hover()
    await expect(page.get_by_text("Only the role admin may do this.").first).to_be_visible()
    closed = page.locator("nav [aria-disabled=true]", has_text="Accounts")
    await expect(closed).to_be_visible()
    await visit.go(page, "/accounts")
    await expect(page.get_by_role("alert")).to_contain_text("admin")


async def test_a_change_is_seen_without_asking_and_tabs_share_one_stream(visit: Visit, served: Any) -> None:
    page = await visit.come()
    await visit.go(page, "/accounts")
    others = [await visit.tab() for _ in range(2)]
    for other in others:
        await visit.go(other, "/audit?f=target:contains:newcomer&f=action:contains:account.create")
        await expect(other.get_by_text("Nothing matches")).to_be_visible()
    await expect(page.get_by_role("status").get_by_text("Live").first).to_be_visible()
    served.ask("POST", "/api/accounts", {"username": "newcomer", "password": PASSWORD, "role": "viewer"})
    try:
        await expect(page.get_by_text("newcomer")).to_be_visible()
        await others[0].get_by_role("button", name="1 new").click()
        await expect(others[0].get_by_role("row", name="newcomer")).to_contain_text("account.create")
        figures = await (await page.request.get(f"{visit.url}/metrics")).text()
        clients = re.search(r"^kanade_live_clients (\S+)", figures, re.MULTILINE)
        assert clients is not None
        assert float(clients[1]) == 1
    finally:
        served.ask("DELETE", "/api/accounts/newcomer")
    await expect(page.get_by_text("newcomer")).to_be_hidden()


async def test_the_palette_and_the_keyboard(visit: Visit) -> None:
    page = await visit.come()
    await visit.go(page, "/plugins")
    await page.keyboard.press("Control+k")
    await page.get_by_role("searchbox").or_(page.get_by_placeholder("Go to a page")).first.fill("projec")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Projections", level=1)).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Next and previous row")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_theme_and_language_are_kept(visit: Visit) -> None:
    page = await visit.come(theme="light")
    await visit.go(page, "/settings")
    await page.locator("aside").get_by_role("button", name="admin").click()
    await page.get_by_role("menuitem", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    await page.locator("aside").get_by_role("button", name="admin").click()
    await page.get_by_role("menuitem", name="日本語").click()
    await expect(page.get_by_role("heading", name="設定", level=1)).to_be_visible()


async def test_there_is_no_such_page(visit: Visit) -> None:
    page = await visit.come()
    await visit.go(page, "/nowhere")
    await expect(page.get_by_role("heading", name="There is no such page", level=1)).to_be_visible()


async def test_the_overview_starts_with_little(visit: Visit) -> None:
    """From a cold cache, under 300 kB of compressed script."""
    page = await visit.come()
    await visit.go(page, "/")
    sizes: dict[str, int] = await page.evaluate(
        "() => Object.fromEntries(performance.getEntriesByType('resource')"
        ".filter((one) => new URL(one.name).pathname.endsWith('.js'))"
        ".map((one) => [new URL(one.name).pathname, one.encodedBodySize]))"
    )
    print(sorted(sizes.items(), key=lambda one: -one[1]))
    assert sizes
    assert sum(sizes.values()) < 300_000, sizes


async def test_only_our_own_scripts_run(visit: Visit) -> None:
    page = await visit.come()
    answer = await page.goto(visit.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert scripts is not None
    assert re.fullmatch(r"'self'( 'sha256-[\w+/=]+')?", scripts[1].strip())
    for part in ("default-src 'self'", "object-src 'none'", "frame-ancestors 'none'", "connect-src 'self'"):
        assert part in policy
