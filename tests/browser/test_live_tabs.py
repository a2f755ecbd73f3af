"""Tabs that come to the one stream of their browser late, or cannot have it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from browsing import Visit
from demo_host import PASSWORD, Served
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATE = """
const Real = window.SharedWorker;
window.SharedWorker = class {
  constructor(...about) {
    const said = [];
    this.port = { onmessage: null, start() {}, postMessage: (one) => said.push(one) };
    window.connect = () => {
      const { port } = new Real(...about);
      port.onmessage = (message) => this.port.onmessage(message);
      this.port.postMessage = (one) => port.postMessage(one);
      for (const one of said) port.postMessage(one);
    };
  }
};
"""
"""A worker that a busy machine connects long after the page has asked for its data: when we say so."""
BROKEN = """
window.SharedWorker = class {
  constructor() {
    this.port = { onmessage: null, start() {}, postMessage() {} };
    setTimeout(() => this.onerror?.(new Event("error")), 0);
  }
};
"""
"""A worker whose script cannot be loaded."""


@pytest.fixture
def named(served: Served, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an account that this test makes."""
    name = f"browser-{zlib.crc32(request.node.name.encode()):08x}"
    yield name
    if name in [one["username"] for one in served.ask("GET", "/api/accounts")]:
        served.ask("DELETE", f"/api/accounts/{name}")


async def test_a_tab_that_is_connected_late_hears_what_the_others_were_told(
    visit: Visit, served: Served, named: str
) -> None:
    first = await visit.come()
    await visit.go(first, "/accounts")
    await expect(first.locator("aside").get_by_role("status")).to_contain_text("Live")
    late = await visit.tab()
    await late.add_init_script(LATE)
    await visit.go(late, "/accounts")
    await expect(late.get_by_text("the-viewer")).to_be_visible()
    served.ask("POST", "/api/accounts", {"username": named, "password": PASSWORD, "role": "viewer"})
    await expect(first.get_by_text(named)).to_be_visible()  # the stream has told it
    await late.evaluate("() => window.connect()")
    await expect(late.get_by_text(named)).to_be_visible()


async def test_without_the_shared_worker_a_page_has_a_stream_of_its_own(
    visit: Visit, served: Served, named: str
) -> None:
    page = await visit.come()
    await page.add_init_script(BROKEN)
    await visit.go(page, "/accounts")
    await expect(page.locator("aside").get_by_role("status")).to_contain_text("Live")
    served.ask("POST", "/api/accounts", {"username": named, "password": PASSWORD, "role": "viewer"})
    await expect(page.get_by_text(named)).to_be_visible()
