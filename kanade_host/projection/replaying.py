"""Replay a stream from its first message into a scratch file, for a rebuild.

The same code as the live projection's (`prepare`, `apply`, dead letters), over a consumer of its own that
nobody acknowledges. A broker that goes away is waited for; the replay goes on where it stood.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.reader import BacklogReader, Fetched, ReaderLost
from kanade_host.plugin.context import Context
from kanade_host.plugin.errors import BrokerUnavailable, OperatorError
from kanade_host.plugin.subscriptions import Projection
from kanade_host.projection.applying import Applier
from kanade_host.projection.batches import Item, decode_all
from kanade_host.projection.decoding import decoding
from kanade_host.projection.ledger import Ledger
from kanade_host.projection.preparing import pick, prepare

BATCH = 2_000
APPLY_SECONDS = 60.0


class Replay:
    """One projection. `progress(count)` is told of each batch, `waiting(reason)` of what holds it up."""

    def __init__(
        self,
        projection: Projection,
        ctx: Context,
        *,
        bus: NatsBus,
        writer: Any,
        created: str,
        progress: Callable[[int], None],
        waiting: Callable[[str | None], None],
    ) -> None:
        self.projection, self.sequence = projection, 0
        self._ctx, self._bus, self._created = ctx, bus, created
        self._progress, self._waiting = progress, waiting
        self._decoder = decoding(projection.message)
        ledger = Ledger(projection.name, ctx.plugin, projection.stream)
        self._applier = Applier(
            writer, ledger, projection.apply, waiting=self._refuse_to_wait, deadline=APPLY_SECONDS
        )
        self._pull: BacklogReader | None = None
        self._left: list[Fetched] = []
        self._pending = 0

    async def until(self, sequence: int) -> None:
        """Apply all messages up to that sequence. Raises what the plugin's code is at fault for."""
        while self.sequence < sequence:
            try:
                if self._pull is None and not await self._open():
                    return
                await self._read(sequence)
            except (ReaderLost, BrokerUnavailable) as error:
                await self.close()
                self._waiting(str(error))
                await self._bus.ready()
                self._waiting(None)

    async def close(self) -> None:
        """Give the consumer back; what was read and not applied is forgotten."""
        pull, self._pull, self._left = self._pull, None, []
        if pull is not None:
            await pull.stop()

    async def _open(self) -> bool:
        """False when there is nothing to read."""
        self._pull = await BacklogReader.open(
            self._bus,
            self.projection.stream,
            f"{self.projection.durable}_rebuild",
            filter=self.projection.filter,
            start=self.sequence + 1,
        )
        self._pending = self._pull.pending
        if not self._pending:
            await self.close()
            return False
        return True

    async def _read(self, sequence: int) -> None:
        """Read and apply until that sequence, or until nothing more seems to be there. One batch ahead."""
        applying: asyncio.Task[None] | None = None
        try:
            while (fetched := await self._take()) is not None:
                now = [one for one in fetched if one.sequence <= sequence]
                self._left = fetched[len(now) :]
                picked = await pick(self.projection, self._ctx, now, self._waiting)
                items = decode_all(self._decoder, now, picked)
                items = await prepare(self.projection, self._ctx, items, self._waiting)
                if applying is not None:
                    await applying
                if now:
                    applying = asyncio.create_task(self._apply(items))
                if self._left or (now and now[-1].sequence >= sequence):
                    break
            if applying is not None:
                await applying
        finally:
            # What the writer holds is committed or not; only then is it known where to go on.
            if applying is not None:
                await asyncio.wait({applying})
        if fetched is None:
            await self.close()  # a new consumer says for certain what is left
        else:
            self.sequence = max(self.sequence, sequence)

    async def _take(self) -> list[Fetched] | None:
        if self._left:
            return self._left
        if not self._pending:
            return None
        assert self._pull is not None
        try:
            batch = await self._pull.take(BATCH)
        except ReaderLost:
            if self._pull.idle:  # what was pending has been deleted meanwhile
                return None
            raise
        self._pull.ack(batch)
        self._pending = batch[-1].pending
        return batch

    def _refuse_to_wait(self, reason: str | None) -> None:
        """A scratch file that cannot be written may itself be what fills the disk."""
        if reason is not None:
            raise OperatorError(f"the scratch file of the rebuild: {reason}")

    async def _apply(self, items: list[Item]) -> None:
        await self._applier.run(items, self._created)
        self.sequence = items[-1].fetched.sequence
        self._progress(len(items))
