"""Binding, streaming, time limits, stopping, the access log."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from structlog.testing import capture_logs

from kanade_host.plugin import OperatorError, Permission, Request, Response, Role, Route
from kanade_host.web import access
from kanade_host.web.listening import listen, parsed
from kanade_host.web.server import WebServer

V = Permission("s.view", Role.VIEWER)


@pytest.mark.parametrize(
    "bind, expected",
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:0", ("::1", 0)),
        ("backend.example:80", ("backend.example", 80)),
        ("127.0.0.1", None),
        (":8080", None),
        ("::1:8080", None),
        ("127.0.0.1:", None),
        ("127.0.0.1:65536", None),
        ("127.0.0.1:http", None),
        ("", None),
    ],
)
def test_addresses(bind: str, expected: tuple[str, int] | None) -> None:
    if expected is None:
        with pytest.raises(OperatorError, match="invalid socket address"):
            parsed(bind)
    else:
        assert parsed(bind) == expected


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listen("127.0.0.1:0") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=rf"bind 127\.0\.0\.1:{port}: Address already in use"):
            listen(f"127.0.0.1:{port}")


def test_names_are_looked_up() -> None:
    with listen("localhost:0") as found:
        assert found.family in (socket.AF_INET, socket.AF_INET6)
    with pytest.raises(OperatorError, match="has no address"):
        listen("nothing.invalid:80")


async def test_the_url_is_one_that_works(make_site: Any) -> None:
    site = await make_site()
    assert site.server.url == f"http://127.0.0.1:{site.server.address[1]}"
    everywhere = WebServer(site.host)
    await everywhere.bind("0.0.0.0:0")
    assert everywhere.url == f"http://127.0.0.1:{everywhere.address[1]}"
    await everywhere.close()


class Handlers:
    """What they have seen."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.closed = 0

    async def wait(self, _: Request) -> Any:
        self.entered.set()
        await self.go_on.wait()
        return {"done": True}

    async def stream(self, request: Request) -> Any:
        how = request.query.get("how", [""])[0]

        async def chunks() -> Any:
            try:
                yield b"one"
                yield b""
                self.entered.set()
                if how == "breaks":
                    raise RuntimeError("half-way")
                if how == "endless":
                    while True:
                        yield b"x" * 65536
                yield b"two"
            finally:
                self.closed += 1

        headers = {"sized": {"Content-Length": "6"}, "lies": {"content-length": "9"}}.get(how, {})
        return Response(chunks(), content_type="text/plain", headers=headers)


@pytest.fixture
async def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
def served(site: Any, handlers: Handlers) -> Any:
    site.serve(
        [
            Route("GET", "/api/wait", handlers.wait, V, "x"),
            Route("GET", "/api/limited", handlers.wait, V, "x", time_limit=0.05),
            Route("GET", "/api/stream", handlers.stream, V, "x"),
            Route("POST", "/api/wait", handlers.wait, V, "x"),
        ]
    )
    return site


async def test_streams(served: Any, handlers: Handlers) -> None:
    chunked = await served.get("/api/stream")
    assert (chunked.body, chunked.headers["transfer-encoding"]) == (b"onetwo", "chunked")
    assert "content-length" not in chunked.headers
    sized = await served.get("/api/stream?how=sized")
    assert (sized.body, sized.headers["content-length"]) == (b"onetwo", "6")
    assert handlers.closed == 2
    head = await served.ask("HEAD", "/api/stream?how=sized")
    assert (head.body, head.headers["content-length"]) == (b"", "6")
    wire = await served.wire()
    await wire.send(b"GET /api/stream HTTP/1.0\r\nauthorization: Bearer viewer\r\n\r\n")
    old = await wire.answer()
    assert (old.body, old.headers["connection"]) == (b"onetwo", "close")


@pytest.mark.parametrize("how", ["breaks", "lies"])
async def test_what_breaks_off_is_cut_so_that_nobody_takes_it_for_whole(served: Any, how: str) -> None:
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await served.get(f"/api/stream?how={how}")
    assert (await served.get("/health")).status == 200


async def test_a_client_that_takes_nothing_is_cut_off(served: Any, handlers: Handlers) -> None:
    wire = await served.wire()
    wire.reader._transport.pause_reading()
    await wire.send(
        b"GET /api/stream?how=endless HTTP/1.1\r\nhost: x\r\nauthorization: Bearer viewer\r\n\r\n"
    )
    while not handlers.closed:
        await asyncio.sleep(0.02)


async def test_time_limits(served: Any) -> None:
    answer = await served.get("/api/limited")
    assert (answer.status, answer.text) == (503, "plugin 'shop' did not answer within 0.05 s")


async def test_requests_finish_when_the_host_stops(served: Any, handlers: Handlers) -> None:
    asking = asyncio.create_task(served.get("/api/wait"))
    idle = await served.wire()
    await handlers.entered.wait()
    stopping = asyncio.create_task(served.server.stop_accepting())
    assert await idle.reader.read() == b""
    with pytest.raises(OSError):
        await served.wire()
    handlers.go_on.set()
    assert (await asking).status == 200
    await stopping


async def test_and_are_cut_when_they_do_not(served: Any, handlers: Handlers) -> None:
    asking = asyncio.create_task(served.get("/api/wait"))
    await handlers.entered.wait()
    await served.server.stop_accepting()
    await served.server.close()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asking


async def test_clients_that_leave_do_not_stop_what_they_started(served: Any, handlers: Handlers) -> None:
    wire = await served.wire()
    await wire.send(b"POST /api/wait HTTP/1.1\r\nhost: x\r\nauthorization: Bearer viewer\r\n\r\n")
    await handlers.entered.wait()
    await wire.close()
    await asyncio.sleep(0.05)
    assert served.server.metrics.in_flight == 1
    handlers.go_on.set()
    while served.server.metrics.in_flight:
        await asyncio.sleep(0.01)


async def test_the_access_log_names_everything_but_secrets(
    served: Any, handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access._stdlib, "isEnabledFor", lambda level: True)
    handlers.go_on.set()
    with capture_logs() as logs:
        await served.ask("POST", "/api/wait?password=hunter2", role="operator")
        await served.get("/api/limited?x=1", role=None)
    lines = [one for one in logs if one["event"] == "answered"]
    assert [(one["method"], one["path"], one["status"], one["principal"]) for one in lines] == [
        ("POST", "/api/wait", 200, "a operator"),
        ("GET", "/api/limited", 401, None),
    ]
    assert all(one["request_id"] for one in lines)
    assert "hunter2" not in repr(logs)
    assert "Bearer" not in repr(logs)


async def test_failures_are_logged_as_upstream_does(served: Any) -> None:
    with capture_logs() as logs:
        await served.get("/api/limited")
    [line] = [one for one in logs if one["event"] == "response failed"]
    assert line["log_level"] == "error"
    assert line["classification"] == "Status code: 503 Service Unavailable"
    assert (line["method"], line["path"], line["plugin"]) == ("GET", "/api/limited", "shop")


def test_lines_nobody_wants_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access._stdlib, "isEnabledFor", lambda level: level >= 20)
    assert access.level_of("GET", 200) is None
    assert access.level_of("POST", 200) == 20
    assert access.level_of("GET", 404) == 20
    assert access.level_of("GET", 500) == 40
    assert access.level_of("GET", 503) == 40
    assert access.level_of("GET", 503, probe=True) is None
