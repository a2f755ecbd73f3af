"""The way out: what transactions promised to send is published, acknowledged, and then forgotten.

A row of `host_outbox` was committed together with the rows that explain it. It leaves the table only
after the broker has acknowledged the message; a crash in between sends it again under the same
`Nats-Msg-Id`, which the broker (two minutes) and the agents (by request id) recognise.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.faults import fault
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.errors import InvalidKey, KanadeError, Unavailable

log = structlog.get_logger("kanade_host.outbox")

CHUNK = 500
IDLE_SECONDS = 1.0
BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0)


def _claim(tx: Any, now_ns: int) -> list[Any]:
    """The oldest rows that are due, marked: from here on they may be on the wire and are not withdrawn."""
    rows: list[Any] = tx.execute(
        "SELECT id, message_id, subject, body, core, claimed FROM host_outbox"
        " WHERE due_ns IS NULL OR due_ns <= ? ORDER BY id LIMIT ?",
        (now_ns, CHUNK),
    ).fetchall()
    if not all(row["claimed"] for row in rows):
        tx.execute(
            "UPDATE host_outbox SET claimed = 1 WHERE claimed = 0 AND id IN (SELECT value FROM json_each(?))",
            (json.dumps([row["id"] for row in rows]),),
        )
    return rows


def _forget(tx: Any, done: list[int]) -> None:
    tx.execute("DELETE FROM host_outbox WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(done),))


class Outbox:
    """Publishes what is due, oldest first, as long as it is not cancelled."""

    def __init__(self, bus: NatsBus, writer: Any, clock: Clock) -> None:
        self._bus, self._writer, self._clock = bus, writer, clock
        self._wake = asyncio.Event()
        self._empty = asyncio.Condition()
        self._passes = 0
        self._busy = False
        self.count = 0
        """Messages that were acknowledged since the start."""
        self.waiting = 0
        """Messages that are being sent now, of at most one chunk."""
        self.failure = ""

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Send, wait, send."""
        attempt = 0
        while True:
            self._wake.clear()
            self._busy = True
            try:
                await self._bus.ready()
                while await self._send_some():
                    attempt = 0
                self.failure = ""
                await self._tell_empty()
            except KanadeError as error:
                self.failure = str(error)
                log.warning("sending waits", reason=str(error))
                await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
                attempt += 1
                continue
            except Exception as error:
                self.failure = f"{type(error).__name__}: {error}"
                log.exception("sending failed and is tried again")
                await asyncio.sleep(BACKOFF[-1])
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    async def sent(self, patience: float = 2.0) -> None:
        """Wait until what is due now has been acknowledged; give up after so many seconds, or at trouble."""
        if self.failure or not self._bus.connected:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience), self._empty:
                # A pass that is under way may have looked before the commit; the next one has not.
                wanted = self._passes + (2 if self._busy else 1)
                self._wake.set()
                while self._passes < wanted and not self.failure:
                    await self._empty.wait()

    async def _tell_empty(self) -> None:
        async with self._empty:
            self._busy = False
            self._passes += 1
            self._empty.notify_all()

    async def pending(self) -> int:
        """How many messages are due and not yet acknowledged."""
        now = self._clock.now().ns

        def count(tx: Any) -> int:
            row = tx.execute(
                "SELECT count(*) FROM host_outbox WHERE due_ns IS NULL OR due_ns <= ?", (now,)
            ).fetchone()
            return int(row[0])

        return int(await self._writer.run("host", count))

    async def _send_some(self) -> bool:
        """Publish one chunk; False when nothing was due."""
        now = self._clock.now().ns
        rows = await self._writer.run("host", lambda tx: _claim(tx, now))
        self.waiting = len(rows)
        if not rows:
            return False
        done = await self._publish(rows)
        await self._writer.run("host", lambda tx: _forget(tx, done))
        self.count += len(done)
        if len(done) < len(rows):
            raise Unavailable(f"{len(rows) - len(done)} of {len(rows)} messages were not acknowledged")
        return True

    async def _publish(self, rows: Sequence[Any]) -> list[int]:
        """The ids of the rows that are done with: acknowledged, or impossible for ever."""
        results = await asyncio.gather(*(self._one(row) for row in rows), return_exceptions=True)
        done = []
        for row, result in zip(rows, results, strict=True):
            if result is None:
                done.append(row["id"])
            elif isinstance(result, InvalidKey):
                log.error(
                    "a message can never be sent and is dropped", subject=row["subject"], why=str(result)
                )
                done.append(row["id"])
            elif not isinstance(result, Exception):
                raise result
        return done

    async def _one(self, row: Any) -> None:
        if row["core"]:
            await self._bus.publish(row["subject"], bytes(row["body"]), stream=False)
        else:
            await self._bus.publish(row["subject"], bytes(row["body"]), id=row["message_id"])
        fault("sending")
