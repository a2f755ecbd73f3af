"""A whole host for one test: in this process, with a real broker and a real file."""

from __future__ import annotations

import asyncio
import contextlib
import json as jsonlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import NoStreamResponseError

from kanade_host.plugin.json import encode
from kanade_host.plugin.testing.answers import Answer, Client
from kanade_host.plugin.testing.broker import TestBroker
from kanade_host.plugin.testing.clock import MovableClock
from kanade_host.plugin.testing.earlier import make_earlier
from kanade_host.plugin.testing.messages import read_messages
from kanade_host.plugin.testing.running import Running
from kanade_host.plugin.testing.statements import check, counting

SETTLE_SECONDS = 30.0


class Host:
    """A host, its broker, its file; and what a test does with them."""

    def __init__(self, folder: Path, broker: TestBroker, running: Running, clock: MovableClock) -> None:
        self.folder, self.broker, self.running, self.clock = folder, broker, running, clock
        self._client: Client | None = None

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        await self.running.start()
        await self._hang_up()  # of a host that ended by itself
        self._client = Client(self.running.base)

    async def stop(self) -> None:
        """Stop it tidily."""
        await self._hang_up()
        await self.running.stop()

    async def restart(self) -> None:
        """Stop and start on the same files and broker."""
        await self.stop()
        await self.start()

    async def kill(self) -> None:
        """End it with SIGKILL (only with `process=True`)."""
        await self._hang_up()
        await self.running.kill()

    async def killed_at(self, point: str, passes: int = 1) -> None:
        """Start it so that it is killed when it has passed that point so often, and wait for that.

        Points: fetched, prepared, applied, before-commit, after-commit, before-ack, sending, migration.
        Publish before, while it is stopped: what is to be done then takes it past the point. Only with
        `process=True`.
        """
        await self.stop()
        await self.running.killed_at(point, passes)

    async def at_migration(self, plugin: str, last: str) -> None:
        """Make the file as an earlier version left it: with that plugin's migrations up to `last`.

        For `kanade(start=False)`: put rows in with `change`, then `start`, which applies the rest.
        """
        await asyncio.to_thread(make_earlier, self.running.options, self.database, plugin, last)

    async def change(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement on the file of a host that is stopped."""
        assert self._client is None, "the host runs: only it may write"
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            db.execute(sql, parameters)

    async def _hang_up(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def ended(self) -> int:
        """Wait until the process has ended by itself (a fault point); its exit status."""
        return await self.running.ended()

    @property
    def base(self) -> str:
        """`http://127.0.0.1:port`."""
        return self.running.base

    @property
    def database(self) -> Path:
        return self.folder / "backend.db"

    # -- messages ----------------------------------------------------------------------------

    async def publish(self, subject: str, body: Any = b"", headers: dict[str, str] | None = None) -> None:
        """Publish as an agent would: acknowledged where a stream takes the subject, else flushed."""
        nc = await self.broker.client()
        data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else encode(body)
        if subject.split(".", 1)[0] in ("heartbeat", "host_perf", "process_perf", "kill"):
            await nc.publish(subject, data, headers=headers)
            await nc.flush()
            return
        try:
            await nc.jetstream().publish(subject, data, headers=headers)
        except NoStreamResponseError:
            await nc.publish(subject, data, headers=headers)
            await nc.flush()

    async def publish_file(self, path: Path | str) -> None:
        """Publish what a file holds: each line `{"subject": …, "body": …}`, in order."""
        for subject, body in read_messages(Path(path)):
            await self.publish(subject, body)

    async def kv(self, bucket: str) -> Any:
        """The bucket, as a foreign client has it (nats-py)."""
        nc = await self.broker.client()
        return await nc.jetstream().key_value(bucket)

    async def stream_messages(self, stream: str) -> list[tuple[str, bytes]]:
        """What lies in a stream under its first subject: subjects and bodies, in order."""
        js = (await self.broker.client()).jetstream()
        info = await js.stream_info(stream)
        reading = await js.subscribe((info.config.subjects or [">"])[0], stream=stream, ordered_consumer=True)
        try:
            found: list[tuple[str, bytes]] = []
            last = 0
            while len(found) < info.state.messages:
                try:
                    message = await reading.next_msg(timeout=0.5)
                except NatsTimeout:
                    if await self._nothing_after(stream, last):
                        break  # some were deleted meanwhile
                    continue
                last = message.metadata.sequence.stream
                found.append((message.subject, message.data))
            return found
        finally:
            await reading.unsubscribe()

    async def _nothing_after(self, stream: str, sequence: int) -> bool:
        which = jsonlib.dumps({"seq": sequence + 1, "next_by_subj": ">"}).encode()
        return "error" in await self.broker.api(f"STREAM.MSG.GET.{stream}", which)

    async def settle(self) -> None:
        """Wait until everything that was published is projected, and everything promised is sent."""
        nc = await self.broker.client()
        await nc.flush()
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            waiting = await self.running.unsettled(self.database)
            if not waiting:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"not settled after {SETTLE_SECONDS:.0f} s: {waiting}")
            await asyncio.sleep(0.01)

    async def until(
        self, check: Callable[[], Awaitable[Any]], *, seconds: float = 30.0, what: str = "the condition"
    ) -> Any:
        """Ask again until the answer is true; answers it."""
        deadline = time.monotonic() + seconds
        while not (found := await check()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come true within {seconds:.0f} s")
            await asyncio.sleep(0.02)
        return found

    # -- rows --------------------------------------------------------------------------------

    async def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of the database file, read as another program would."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def at_most(self, statements: int, plugin: str | None = None) -> Iterator[None]:
        """Fails when plugins (or that one) run more statements inside. Not with `process=True`."""
        with counting() as ran:
            yield
        check(ran, statements, plugin)

    async def dead_letters(self) -> list[sqlite3.Row]:
        """All dead letters, oldest first."""
        return await self.rows("SELECT * FROM host_dead_letters ORDER BY id")

    # -- HTTP --------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        role: str | None = "admin",
        token: str | None = None,
    ) -> Answer:
        """One request; see `Client.request`."""
        assert self._client is not None, "the host is not running"
        return await self._client.request(
            method, path, json=json, data=data, headers=headers, role=role, token=token
        )

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Answer:
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.request("DELETE", path, **options)

    def module(self, plugin: str) -> Any:
        """A plugin's entry-point module as the host has loaded it (in this process only)."""
        return self.running.module(plugin)

    async def plugin_states(self) -> dict[str, dict[str, Any]]:
        """`GET /api/plugins`, by name."""
        listed = (await self.get("/api/plugins")).json()
        return {row["name"]: row for row in listed["plugins"]}


def decoded(messages: Sequence[tuple[str, bytes]]) -> list[tuple[str, Any]]:
    """Stream messages with their bodies as JSON, where they are."""
    return [(subject, jsonlib.loads(body) if body else None) for subject, body in messages]
