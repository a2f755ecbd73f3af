"""A web server on a real socket with routes of the test's own, and a client that shows every byte."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from kanade_host.bus.overview import BrokerView
from kanade_host.observe.health import Reason
from kanade_host.plugin import (
    Authenticator,
    Credentials,
    HttpError,
    NotMine,
    Page,
    Permission,
    Principal,
    Request,
    Role,
    Route,
    StoreUnavailable,
    SystemClock,
    Verdict,
)
from kanade_host.web.body import Patience
from kanade_host.web.server import Limits, WebServer

VIEW = Permission("test.view", Role.VIEWER)
OPERATE = Permission("test.operate", Role.OPERATOR)
ADMINISTER = Permission("test.administer", Role.ADMIN)


class RoleTokens:
    """`Bearer viewer` is a viewer, and so on."""

    name = "roles"

    def __init__(self) -> None:
        self.asked = 0

    async def authenticate(self, credentials: Credentials) -> Verdict:
        self.asked += 1
        word = (credentials.authorization or "").removeprefix("Bearer ")
        role = Role.from_word(word)
        return Principal(f"a {word}", role) if role else NotMine()


class FakeHost:
    """What the web asks of the host."""

    version = "1.2.3"

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.starting = ""
        self.dead: str | None = None
        self.not_well: list[Reason] = []
        self.offences: list[tuple[str, str]] = []
        self.stuck_plugins: list[str] = []
        self.modules: dict[str, str] = {}
        self.database: sqlite3.Connection | None = None
        self.replays = 0

    def reasons(self) -> Sequence[Reason]:
        return self.not_well

    def uninstalled(self) -> Sequence[Mapping[str, Any]]:
        return []

    def plugins(self) -> Sequence[Mapping[str, Any]]:
        return [{"name": "shop", "state": "running"}]

    def projections(self) -> Sequence[Mapping[str, Any]]:
        return [{"name": "shop.sales", "lag": 0}]

    async def broker(self) -> BrokerView:
        return BrokerView(connected=False, reason="gone fishing", embedded=True, held=[])

    async def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        if self.database is None:
            raise StoreUnavailable("the database is not open yet")
        return self.database.execute(sql, parameters).fetchall()

    async def write(self, work: Callable[[Any], Any]) -> Any:
        if self.database is None:
            raise StoreUnavailable("the database is not open yet")
        sent: list[tuple[str, bytes]] = []
        changed: list[str] = []
        tx = SimpleNamespace(
            execute=self.database.execute,
            changed=lambda topic, *keys: changed.append(topic),
            send=lambda subject, body, **more: sent.append((subject, body)),
        )
        found = work(tx)
        self.sent = sent
        return found

    def replay(self) -> None:
        self.replays += 1

    def metrics(self) -> tuple[bytes, str]:
        return b"# figures\n", "text/plain; version=1.0.0"

    def plugin_of(self, module: str) -> str | None:
        return self.modules.get(module.partition(".")[0])

    def offend(self, plugin: str, reason: str) -> None:
        self.offences.append((plugin, reason))

    def stuck(self, plugin: str, reason: str) -> None:
        self.stuck_plugins.append(plugin)


@dataclass
class FakePlugin:
    """A plugin that runs, as far as HTTP is concerned."""

    name: str
    routes: Sequence[Route]
    authenticators: Sequence[Authenticator] = ()
    ctx: Any = None
    serves: bool = True
    reason: str = ""
    pages: Sequence[Page] = ()

    @property
    def loaded(self) -> Any:
        state = SimpleNamespace(phase="running" if self.serves else "failed", reason=self.reason)
        return SimpleNamespace(routes=self.routes, pages=self.pages, state=state)


@dataclass
class Raw:
    """An answer as it came over the wire."""

    status: int
    phrase: str
    lines: list[tuple[str, str]]
    body: bytes
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = dict(self.lines)

    @property
    def text(self) -> str:
        return self.body.decode()


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> tuple[int, str, list[tuple[str, str]]]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
        version, status, phrase = [*first.split(" ", 2), ""][:3]
        assert version == "HTTP/1.1"
        pairs = [line.split(": ", 1) for line in rest]
        return int(status), phrase, [(name, value) for name, value in pairs]

    async def answer(self, method: str = "GET") -> Raw:
        status, phrase, lines = await self.head()
        headers = dict(lines)
        body = b""
        if method != "HEAD" and status not in (204, 304):
            if headers.get("transfer-encoding") == "chunked":
                while chunk := await self.chunk():
                    body += chunk
            elif "content-length" in headers:
                body = await self.reader.readexactly(int(headers["content-length"]))
            else:
                body = await self.reader.read()
        return Raw(status, phrase, lines, body)

    async def chunk(self) -> bytes:
        size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
        data = await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        return data

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass


class Site:
    """A running server, and ways to ask it."""

    def __init__(self, server: WebServer, host: FakeHost) -> None:
        self.server, self.host = server, host
        self.tokens = RoleTokens()
        self._wires: list[Wire] = []

    def serve(self, routes: Iterable[Route], plugin: str = "shop", **options: Any) -> FakePlugin:
        """Serve the routes of one plugin, with role tokens."""
        made = FakePlugin(plugin, list(routes), options.pop("authenticators", [self.tokens]), **options)
        self.server.open({plugin: made})
        return made

    async def wire(self) -> Wire:
        reader, writer = await asyncio.open_connection(*self.server.address, limit=64 * 1024 * 1024)
        self._wires.append(Wire(reader, writer))
        return self._wires[-1]

    async def ask(
        self,
        method: str,
        path: str,
        *headers: str,
        role: str | None = "admin",
        body: bytes | None = None,
        json: bytes | None = None,
    ) -> Raw:
        """One request on a connection of its own. `headers` are whole lines."""
        wire = await self.wire()
        lines = [f"{method} {path} HTTP/1.1", "host: test", *headers]
        if role is not None:
            lines.append(f"Authorization: Bearer {role}")
        if json is not None:
            body = json
            lines.append("Content-Type: application/json")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        await wire.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + (body or b""))
        answer = await wire.answer(method)
        await wire.close()
        return answer

    async def get(self, path: str, *headers: str, **options: Any) -> Raw:
        return await self.ask("GET", path, *headers, **options)

    async def close(self) -> None:
        for wire in self._wires:
            await wire.close()
        await self.server.stop_accepting()
        await self.server.close()


Make = Callable[..., Awaitable[Site]]
SHORT = Limits(patience=Patience(idle=0.4, rate=10_000_000), stall=1.0, stopping=0.5, lingering=0.3, held=0.4)


@pytest.fixture
async def make_site() -> AsyncIterator[Make]:
    """Makes servers on free ports."""
    made: list[Site] = []

    async def make(**options: Any) -> Site:
        host = options.pop("host", None) or FakeHost()
        server = WebServer(host, limits=options.pop("limits", SHORT), **options)
        await server.bind("127.0.0.1:0")
        made.append(Site(server, host))
        return made[-1]

    yield make
    for site in made:
        await site.close()


@pytest.fixture
async def site(make_site: Make) -> Site:
    """A server without routes yet."""
    return await make_site()


@pytest.fixture
def fake_plugin() -> type[FakePlugin]:
    return FakePlugin


@pytest.fixture
def permissions() -> Any:
    return SimpleNamespace(view=VIEW, operate=OPERATE, administer=ADMINISTER)


async def echo(request: Request) -> Any:
    """Shows what a handler is given."""
    if request.path.get("pc_id") == "missing":
        raise HttpError(404)
    return {"path": dict(request.path), "method": request.method, "who": request.principal.subject}


@pytest.fixture
def echo_handler() -> Any:
    return echo
