"""The way out: what transactions promised to send is published, acknowledged, and then forgotten.

A row of `host_outbox` was committed together with the rows that explain it. It leaves the table only
after the broker has acknowledged the message. Where the answer was lost, by a crash or with the
connection, the stream is asked first; and what is sent again has the same `Nats-Msg-Id`, which the
broker (two minutes) and the agents (by request id) recognise.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.faults import fault
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.errors import BrokerUnavailable, InvalidKey, KanadeError
from kanade_host.projection.arrived import arrived
from kanade_host.store.tx import WITHDRAWN

log = structlog.get_logger("kanade_host.outbox")

CHUNK = 500
IDLE_SECONDS = 1.0
STOP_SECONDS = 1.5
BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0)


_DUE = (
    "(due_ns IS NULL OR due_ns <= ?) AND NOT EXISTS (SELECT 1 FROM host_outbox_holds AS h"
    " WHERE h.plugin = o.plugin AND substr(o.message_id, 1, length(h.prefix)) = h.prefix)"
)
"""Of `host_outbox AS o`: its moment has come, and nothing holds it back."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Rows to send, and the id of the last row that was looked at (None = nothing is due)."""

    rows: list[Any]
    last: int | None


def _claim(tx: Any, now_ns: int, after: int) -> _Chunk:
    """The oldest rows beyond `after` that are due, marked: from here on they may be on the wire.

    Those that were withdrawn while they were on the wire, and were not acknowledged, go instead.
    """
    found: list[Any] = tx.execute(
        "SELECT id, message_id, subject, body, core, claimed FROM host_outbox AS o"
        f" WHERE id > ? AND {_DUE} ORDER BY id LIMIT ?",
        (after, now_ns, CHUNK),
    ).fetchall()
    rows = [row for row in found if row["claimed"] != WITHDRAWN]
    if len(rows) < len(found):
        _forget(tx, [row["id"] for row in found if row["claimed"] == WITHDRAWN])
    if not all(row["claimed"] for row in rows):
        tx.execute(
            "UPDATE host_outbox SET claimed = 1 WHERE claimed = 0 AND id IN (SELECT value FROM json_each(?))",
            (json.dumps([row["id"] for row in rows]),),
        )
    return _Chunk(rows, found[-1]["id"] if found else None)


def _forget(tx: Any, done: list[int]) -> None:
    tx.execute("DELETE FROM host_outbox WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(done),))


class Outbox:
    """Publishes what is due, oldest first, as long as it is not cancelled.

    A message that is refused (no stream takes it, say) is tried again, and holds up no other.
    """

    def __init__(self, bus: NatsBus, writer: Any, clock: Clock) -> None:
        self._bus, self._writer, self._clock = bus, writer, clock
        self._wake = asyncio.Event()
        self._empty = asyncio.Condition()
        self._passes = 0
        self._busy = False
        self._stalled = False
        self._after = 0
        self._refused = 0
        self._refusal = ""
        self.count = 0
        """Messages that were acknowledged since the start."""
        self.waiting = 0
        """Messages that are being sent now, of at most one chunk."""
        self.failure = ""

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Send, wait, send. What was refused is tried again after a while; what is new goes at once."""
        attempt = 0
        again = 0.0
        now = asyncio.get_running_loop().time
        while True:
            self._wake.clear()
            self._busy = True
            if not self._refused or now() >= again:
                self._after = self._refused = 0
            fresh = self._after == 0
            try:
                await self._bus.ready()
                while await self._send_some():
                    pass
            except Exception as error:
                self._stall(error)
                await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
                attempt += 1
                continue
            self._note_refused(told=not fresh)
            if self._refused and fresh:
                again = now() + BACKOFF[min(attempt, len(BACKOFF) - 1)]
                attempt += 1
            elif not self._refused:
                attempt = 0
            await self._tell_empty()
            with contextlib.suppress(TimeoutError):
                pause = max(again - now(), 0.0) if self._refused else IDLE_SECONDS
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _stall(self, error: Exception) -> None:
        """Nothing can be sent now: begin anew with the oldest."""
        self._stalled = True
        self._after = self._refused = 0
        if isinstance(error, KanadeError):
            self.failure = str(error)
            log.warning("sending waits", reason=self.failure)
        else:
            self.failure = f"{type(error).__name__}: {error}"
            log.error("sending failed and is tried again", exc_info=error)

    def _note_refused(self, *, told: bool) -> None:
        self._stalled = False
        if not self._refused:
            self.failure = ""
            return
        self.failure = f"{self._refused} messages were not acknowledged: {self._refusal}"
        if not told:
            log.warning("messages are refused and tried again", reason=self.failure)

    async def sent(self, patience: float = 2.0) -> None:
        """Wait until what is due now has been tried; give up after so many seconds, or at trouble."""
        if self._stalled or not self._bus.connected:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience), self._empty:
                # A pass that is under way may have looked before the commit; the next one has not.
                wanted = self._passes + (2 if self._busy else 1)
                self._wake.set()
                while self._passes < wanted and not self._stalled:
                    await self._empty.wait()

    async def _tell_empty(self) -> None:
        async with self._empty:
            self._busy = False
            self._passes += 1
            self._empty.notify_all()

    async def pending(self) -> int:
        """How many messages are due, not held back, and not yet acknowledged."""
        now = self._clock.now().ns

        def count(tx: Any) -> int:
            row = tx.execute(f"SELECT count(*) FROM host_outbox AS o WHERE {_DUE}", (now,)).fetchone()
            return int(row[0])

        return int(await self._writer.run("host", count))

    async def _send_some(self) -> bool:
        """Publish one chunk; False when nothing was due."""
        now, after = self._clock.now().ns, self._after
        chunk = await self._writer.run("host", lambda tx: _claim(tx, now, after))
        self.waiting = len(chunk.rows)
        if chunk.last is None:
            return False
        sending = asyncio.ensure_future(self._send(chunk.rows))
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            # What the broker takes while we end would be sent again at the next start, which may come
            # when the broker does not recognise it any more.
            await asyncio.wait({sending}, timeout=STOP_SECONDS)
            sending.cancel()
            raise
        self._after = chunk.last
        return True

    async def _send(self, rows: Sequence[Any]) -> None:
        tried = [row for row in rows if row["claimed"] and not row["core"]]
        there = await arrived(self._bus, tried) if tried else set()
        done = [row["id"] for row in tried if row["message_id"] in there]
        done += await self._publish([row for row in rows if row["message_id"] not in there])
        if done:
            await self._writer.run("host", lambda tx: _forget(tx, done))
        self.count += len(done)
        if len(done) < len(rows) and not self._bus.connected:
            raise BrokerUnavailable(f"{len(rows) - len(done)} of {len(rows)} messages were not acknowledged")

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
            elif isinstance(result, Exception):
                self._refused += 1
                self._refusal = f"{row['subject']}: {str(result) or type(result).__name__}"
            else:
                raise result
        return done

    async def _one(self, row: Any) -> None:
        if row["core"]:
            await self._bus.publish(row["subject"], bytes(row["body"]), stream=False)
        else:
            await self._bus.publish(row["subject"], bytes(row["body"]), id=row["message_id"])
        fault("sending")
