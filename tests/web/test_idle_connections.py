"""Connections on which no request comes, or never comes to an end: they are closed, not collected."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kanade_host.plugin import Permission, Role, Route
from kanade_host.web.body import Patience
from kanade_host.web.server import Limits

V = Permission("s.view", Role.VIEWER)
IDLE = Limits(patience=Patience(idle=0.4, rate=10_000_000), keep_alive=0.4, lingering=0.3, stopping=0.5)
WHOLE = b"GET /api/echo HTTP/1.1\r\nhost: test\r\nauthorization: Bearer viewer\r\n\r\n"


@pytest.fixture
async def served(make_site: Any, echo_handler: Any) -> Any:
    site = await make_site(limits=IDLE)
    site.serve([Route("GET", "/api/echo", echo_handler, V, "Echo")])
    return site


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /api/ec", b"GET /api/echo HTTP/1.1\r\nhost: test\r\nx: "],
    ids=["nothing", "line", "head"],
)
@pytest.mark.parametrize("before", [b"", WHOLE], ids=["first", "second"])
async def test_a_head_that_never_ends(served: Any, before: bytes, sent: bytes) -> None:
    wire = await served.wire()
    if before:
        await wire.send(before)
        assert (await wire.answer()).status == 200
    await wire.send(sent)
    async with asyncio.timeout(20):
        assert await wire.reader.read() == b""


async def test_a_head_that_comes_drop_by_drop(served: Any) -> None:
    """Each byte in time, and the head never: the whole of it has one limit."""
    wire = await served.wire()

    async def drip() -> None:
        await wire.send(b"GET /api/echo HTTP/1.1\r\n")
        while True:
            await wire.send(b"x: y\r\n")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(20):
            try:
                assert await wire.reader.read() == b""
            except ConnectionError:
                pass  # closed while a drop was on its way
    finally:
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
