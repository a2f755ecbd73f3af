"""How messages leave: core or through an outbox that waits for acknowledgements, with mishaps on the way."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Callable

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError

from kanade_host_simulator.agent import Agent
from kanade_host_simulator.dice import dice
from kanade_host_simulator.options import FleetOptions
from kanade_host_simulator.tasks import Tasks

WORKERS = 32
MOST_WAITING = 200_000
_BAD_SUBJECT = re.compile(r"[\s*>\x00-\x1f]|\.\.|\.$")
_BROKEN: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: body[: len(body) // 2],
    lambda body: b"this is no JSON",
    lambda body: b"",
    lambda body: b"\xff\xfe" + body,
    lambda body: b"[" + body + b"]",
    lambda body: body.replace(b'"pc_id":"', b'"pc_id":1,"was":"', 1),
    lambda body: body + b" trailing",
    lambda body: b'{"at":"yesterday"}',
)


class Wire:
    """`counts` says how many of what went out."""

    def __init__(self, nc: Client, js: JetStreamContext, options: FleetOptions) -> None:
        self.counts: Counter[str] = Counter()
        self._nc, self._js, self._options = nc, js, options
        self._outbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(MOST_WAITING)
        self._held: dict[tuple[str, str], Callable[[], None]] = {}
        self._tasks = Tasks()
        self._busy = 0

    def start(self) -> None:
        for _ in range(WORKERS):
            self._tasks.spawn(self._work())

    def send(
        self,
        agent: Agent,
        kind: str,
        subject: str,
        body: bytes,
        *,
        stream: bool,
        lane: str = "",
        last: bool = False,
    ) -> None:
        """Send one message of an agent; `stream`: until it is acknowledged.

        Messages of one lane may be swapped, but nothing comes after the `last` one.
        """
        emit = self._emitter(kind, subject, body, stream)
        odds = self._options.odds
        if not odds.any_per_message:
            emit()
            return
        agent.sent += 1
        rolls = dice(self._options.seed, agent.pc_id, "mishap", agent.sent)
        if rolls.random() < odds.malformed:
            self._emitter("malformed", subject, rolls.choice(_BROKEN)(body), stream)()
        if rolls.random() < odds.doubled:
            self.counts["doubled"] += 1
            emit()
        place = (agent.pc_id, lane or kind)
        held = self._held.pop(place, None)
        if held is None and not last and rolls.random() < odds.out_of_order:
            self.counts["out of order"] += 1
            self._held[place] = emit
            return
        if rolls.random() < odds.late:
            self.counts["late"] += 1
            asyncio.get_running_loop().call_later(min(60.0, rolls.expovariate(1 / 8)), emit)
        else:
            emit()
        if held is not None:
            held()

    def _emitter(self, kind: str, subject: str, body: bytes, stream: bool) -> Callable[[], None]:
        def emit() -> None:
            if _BAD_SUBJECT.search(subject):  # ids of a command go into it as they are
                self.counts["lost"] += 1
                return
            self.counts[kind] += 1
            if not stream:
                self._core(subject, body)
                return
            try:
                self._outbox.put_nowait((subject, body))
            except asyncio.QueueFull:
                self.counts["lost"] += 1

        return emit

    def _core(self, subject: str, body: bytes) -> None:
        if not self._nc.is_connected:
            self.counts["lost"] += 1
            return
        self._tasks.spawn(self._publish(subject, body))

    async def _publish(self, subject: str, body: bytes) -> None:
        try:
            await self._nc.publish(subject, body)
        except (nats.errors.Error, OSError):
            self.counts["lost"] += 1

    async def _work(self) -> None:
        """Publish from the outbox, again and again until it is acknowledged."""
        while True:
            subject, body = await self._outbox.get()
            self._busy += 1
            pause = 0.5
            while True:
                try:
                    await self._js.publish(subject, body, timeout=5)
                    break
                except (nats.errors.MaxPayloadError, ValueError):
                    self.counts["lost"] += 1
                    break
                except (nats.errors.Error, JetStreamError, TimeoutError, OSError):
                    await asyncio.sleep(pause)
                    pause = min(10.0, pause * 2)
            self._busy -= 1

    async def stop(self, seconds: float) -> None:
        """Let go what was held, and send for so long what still waits."""
        for emit in self._held.values():
            emit()
        self._held.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._outbox.qsize() or self._busy:
                    await asyncio.sleep(0.02)
        await self._tasks.end()
