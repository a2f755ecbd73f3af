"""Killing again: a kill reaches only agents whose script runs at that very moment.

`kill.<exec_id>` is not stored, and an agent listens to it only once the script has started. One that
waits out its jitter, or fetches the script, misses it. So a killed execution is remembered for a day,
and whoever reports that it starts is sent the kill once more (`contract/clients.md` 4.2).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from kanade_host.plugin import Context, Instant, KanadeError, ReplySubscription, Tx

REMEMBERED_SECONDS = 86_400.0
LISTENED = 200
"""Executions listened to at once, the latest; each is one subscription."""
RENEW_SECONDS = 15.0
"""A subscription may end with its connection: it is made anew this often."""
AGAIN_SECONDS = 2.0
"""The start is reported before the script is spawned: the second kill comes when it runs for certain."""
LOOK_SECONDS = 60.0
RETRY_SECONDS = 1.0


class Killed:
    """Remembers killed executions and repeats the kill."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._wake = asyncio.Event()
        self._listening: dict[str, asyncio.Task[None]] = {}

    async def remember(self, exec_ids: Sequence[str]) -> None:
        """From now on a start of one of these is answered with a kill."""
        if not exec_ids:
            return
        at = self._ctx.clock.now()
        await self._ctx.write(lambda tx: _remember(tx, exec_ids, at))
        self._wake.set()

    async def run(self) -> None:
        """The task: as long as the plugin runs."""
        try:
            while True:
                self._wake.clear()
                await self._look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
        finally:
            for task in self._listening.values():
                task.cancel()
            await asyncio.gather(*self._listening.values(), return_exceptions=True)
            self._listening.clear()

    async def _look(self) -> None:
        """Listen to what is remembered, and forget what is old."""
        since = self._ctx.clock.now() - REMEMBERED_SECONDS
        if await self._ctx.query("SELECT 1 FROM jobs_killed WHERE killed_at < ? LIMIT 1", (since.stored,)):
            await self._ctx.write(lambda tx: _forget(tx, since))
        rows = await self._ctx.query(
            "SELECT exec_id FROM jobs_killed ORDER BY killed_at DESC LIMIT ?", (LISTENED,)
        )
        wanted = {row["exec_id"] for row in rows}
        for exec_id in set(self._listening) - wanted:
            self._listening.pop(exec_id).cancel()
        for exec_id in wanted - set(self._listening):
            self._listening[exec_id] = asyncio.create_task(
                self._listen(exec_id), name=f"jobs: starts of {exec_id}"
            )

    async def _listen(self, exec_id: str) -> None:
        while True:
            try:
                async with self._ctx.bus.replies(f"events.started.{exec_id}.>") as starts:
                    await self._answer(exec_id, starts)
            except (KanadeError, TimeoutError) as error:
                self._ctx.log.debug("not listening for starts", exec_id=exec_id, reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _answer(self, exec_id: str, starts: ReplySubscription) -> None:
        """Answer starts for one renewal's time."""
        until = asyncio.get_running_loop().time() + RENEW_SECONDS
        again = False
        while (left := until - asyncio.get_running_loop().time()) > 0:
            try:
                await starts.next(AGAIN_SECONDS if again else left)
            except TimeoutError:
                if not again:
                    return
                again = False
            else:
                again = True
                self._ctx.log.info("a killed execution started and is killed again", exec_id=exec_id)
            await self._ctx.bus.publish(f"kill.{exec_id}", b"", stream=False)


def _remember(tx: Tx, exec_ids: Sequence[str], at: Instant) -> None:
    tx.executemany(
        "INSERT INTO jobs_killed (exec_id, killed_at) VALUES (?, ?) "
        "ON CONFLICT (exec_id) DO UPDATE SET killed_at = excluded.killed_at",
        [(exec_id, at.stored) for exec_id in exec_ids],
    )


def _forget(tx: Tx, since: Instant) -> None:
    tx.execute("DELETE FROM jobs_killed WHERE killed_at < ?", (since.stored,))
