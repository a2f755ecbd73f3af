"""One projection, from its durable to its rows: the loop that everything else stands on.

Take what has arrived -> decode -> prepare -> one transaction (rows, position, outbox) -> acknowledge.
While one batch commits, the next one is fetched, decoded and prepared; never more than one commits,
because a position is true only over a gap-free prefix. What has piled up is read past the durable, in
larger batches that nobody acknowledges (`docs/decisions/backlogs.md`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.jetstream import delete_consumer
from kanade_host.bus.reader import (
    BacklogReader,
    Fetched,
    Reader,
    ReaderLost,
    consumer_info,
    stream_info,
)
from kanade_host.faults import fault
from kanade_host.plugin.context import Context
from kanade_host.plugin.errors import ApiError, ResourceMissing, Unavailable
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.subscriptions import Projection
from kanade_host.projection.applying import Applier, PluginAtFault
from kanade_host.projection.batches import Item, decode_all
from kanade_host.projection.beginning import Begun, begin
from kanade_host.projection.convoy import AnyReader, Convoy, Following
from kanade_host.projection.decoding import decoding
from kanade_host.projection.ledger import Ledger
from kanade_host.projection.pace import PARTS
from kanade_host.projection.preparing import InProgress, pick, prepare
from kanade_host.projection.replay import replay_letters
from kanade_host.projection.sifting import Sifting
from kanade_host.projection.status import Status
from kanade_host.projection.turns import Gate, Turn, Turns

BACKOFF = (0.05, 0.2, 0.5, 1.0, 2.0)
PAUSE_SECONDS = 60.0
LOOK_SECONDS = 0.5
BACKLOG = 10_000
"""Messages that wait, from which on they are read past the durable."""
NEARLY_READ = 500
POSITION_SECONDS = 1.0
PICKING_SECONDS = 0.01
"""Who wants few of a stream's messages looks at them so much later: at several at once, and not just while
others project the same ones."""
DECODED_AT_ONCE = 500


class Runner:
    """Runs one projection until it is cancelled; nothing that it meets ends it.

    `report(reason | None)` tells what keeps it from running; `ahead(name)` finds the runner of
    another projection; `convoy`: those who read the same stream; `ours`: this program made the
    database file.
    """

    def __init__(
        self,
        projection: Projection,
        *,
        plugin: str,
        ctx: Context,
        bus: NatsBus,
        writer: Any,
        ours: bool,
        report: Callable[[str | None], None],
        ahead: Callable[[str], Runner | None],
        convoy: Convoy,
    ) -> None:
        self.projection, self.plugin = projection, plugin
        self.status = Status(projection.name, plugin, projection.stream, projection.durable)
        self._ctx, self._bus, self._writer, self._ours = ctx, bus, writer, ours
        self._report, self._ahead, self._convoy = report, ahead, convoy
        self._followers: list[Following] = []
        self._sifting: Sifting | None = None
        if projection.pick is not None:
            convoy.beginning.add(projection.name)
        self._decoder = decoding(projection.message)
        self._ledger = Ledger(projection.name, plugin, projection.stream)
        self._applier = Applier(writer, self._ledger, projection.apply, waiting=self._waiting)
        self.begun = asyncio.Event()
        """Set once it reads, or is known to wait for something else than the broker."""
        self.ended = False
        """Its plugin was stopped, or has failed: nothing moves any more."""
        self.held = Gate()
        """Whoever holds it keeps the rows and the position as they are; reading goes on meanwhile."""
        self._in_order = asyncio.Lock()
        self._created = ""
        self._written = 0.0
        self._owed: Item | None = None
        """The last one that was passed over, while the position does not say so yet."""
        self._moved = asyncio.Condition()
        self._wake = asyncio.Event()
        self.log = structlog.get_logger(f"kanade_host.projection.{projection.name}").bind(plugin=plugin)

    # -- life --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Begin, read until the reader is lost, begin again."""
        try:
            await self._run()
        finally:
            self.ended = True
            self._convoy.beginning.discard(self.projection.name)

    async def _run(self) -> None:
        attempt = 0
        while True:
            batches = self.status.batches
            try:
                await self._bus.ready()
                try:
                    reader = await self._begin()
                    with self._writer.bulk() if reader.backlog else contextlib.nullcontext():
                        await self._read(reader)
                finally:
                    self._part()
            except (ReaderLost, Unavailable, ResourceMissing, ApiError) as error:
                self._waiting(str(error))
                self.log.info("projection begins anew", reason=str(error))
            except PluginAtFault as error:
                await self._pause(str(error))
            except Exception as error:
                self._waiting(f"{type(error).__name__}: {error}")
                self.log.exception("projection failed and begins anew")
            attempt = 0 if self.status.batches > batches else attempt + 1
            await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])

    def resume(self) -> None:
        """Try a paused projection again at once, because an operator asked for it."""
        self._wake.set()

    async def waiting(self) -> int:
        """How many messages of the stream are not projected and acknowledged yet, asked of the broker."""
        info = await consumer_info(self._bus, self.projection.stream, self.projection.durable)
        return 1 if info is None else info.pending + info.ack_pending

    async def replay(self) -> bool:
        """Apply the dead letters that were marked for it; answers whether some are left for later."""
        async with self.held:
            return await replay_letters(self.projection, self._ctx, self._writer, self._ledger, self._decoder)

    async def reached(self, sequence: int, created: str, waiting: Callable[[str | None], None]) -> None:
        """Wait until this projection has passed that sequence of the stream made at `created`.

        Also while it has not begun yet, or is paused (`waiting` is told); not for one that has ended,
        since that would hold back another plugin for ever. Raises `ReaderLost` when the stream was made
        anew meanwhile, and what asking the broker raises.
        """
        told = False
        while not self.ended:
            async with self._moved:
                if self._has_passed(sequence, created):
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._moved.wait()
                    continue
            if self._created == created and await self.waiting() == 0:
                break  # nothing up to there is for this projection: it has a filter, or began later
            told = True
            waiting(f"{self.projection.name} has not passed message {sequence} yet")
        if told:
            waiting(None)

    def _has_passed(self, sequence: int, created: str) -> bool:
        if self._created == created:
            return self.status.sequence >= sequence
        if self._created and Instant.parse(self._created) > Instant.parse(created):
            raise ReaderLost(f"stream {self.projection.stream} was made anew")
        return False  # it has not begun on this stream yet

    async def _pause(self, reason: str) -> None:
        self.status.set("paused", reason)
        self._report(f"projection {self.projection.name} is paused: {reason}")
        self.log.error("projection paused at its position", reason=reason, sequence=self.status.sequence)
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._wake.wait()
        self._applier.forgive(asked=self._wake.is_set())

    def _waiting(self, reason: str | None) -> None:
        self.begun.set()
        self.status.set("waiting" if reason else "running", reason or "")
        self._report(f"projection {self.projection.name} waits: {reason}" if reason else None)

    async def _begin(self) -> AnyReader:
        begun = await begin(
            self.projection,
            bus=self._bus,
            writer=self._writer,
            ledger=self._ledger,
            clock=self._ctx.clock,
            ours=self._ours,
        )
        self._created = begun.created
        if begun.position is not None:
            self.status.sequence, self.status.time_ns = begun.position.sequence, begun.position.time_ns
        if begun.decision.gap is not None:
            self.status.gaps.append(begun.decision.gap)
        if begun.decision.after_ns is not None:
            self.status.sequence = 0
        self.status.lag, self.status.lag_at_most = begun.lag, False
        self._sifting = None
        reader = await self._reader(begun)
        self.status.begun = begun.decision.reason
        self._waiting(None)
        return reader

    async def _reader(self, begun: Begun) -> AnyReader:
        projection = self.projection
        backlog = f"{projection.durable}_backlog"
        if begun.lag > BACKLOG:
            self.log.info("a backlog is read", messages=begun.lag)
            return await self._together(begun) or await self._backlog(begun, backlog)
        await self._convoy.alone(projection.name)
        await delete_consumer(self._bus, projection.stream, backlog)  # that of a host that was killed
        reader = Reader(self._bus, projection.stream, projection.durable)
        await reader.start()
        return reader

    async def _backlog(self, begun: Begun, name: str) -> BacklogReader:
        projection = self.projection
        reader = await BacklogReader.open(
            self._bus,
            projection.stream,
            name,
            filter=projection.filter,
            start=begun.decision.sequence,
            after_ns=begun.decision.after_ns,
            sift=begun.lag * 2 > begun.of_all > 0,
        )
        info = await stream_info(self._bus, projection.stream)
        if info is None or info.created != begun.created:
            await reader.stop()
            raise ReaderLost(f"stream {projection.stream} was made anew while a reader was beginning")
        if reader.sifts:
            made = await consumer_info(self._bus, projection.stream, projection.durable)
            self._sifting = None if made is None else Sifting(made.pending, reader.pending)
        return reader

    async def _together(self, begun: Begun) -> Following | None:
        """Follow another projection, if this one may; or gather those who follow this one."""
        self._part()
        start = begun.decision.sequence or 0
        if self.projection.filter is not None or begun.decision.after_ns is not None:
            await self._convoy.alone(self.projection.name)
        elif self.projection.pick is not None:
            return await self._convoy.follow(self.projection.name, begun.created, start)
        else:
            self._followers = await self._convoy.lead(begun.created, start)
        return None

    # -- reading -----------------------------------------------------------------------------

    async def _read(self, reader: AnyReader) -> None:
        """Read until the reader is lost, or until the other kind of reader does better from here on."""
        committing: deque[asyncio.Task[None]] = deque()
        most = 2 if reader.backlog else 1
        turns, done, working = Turns(), False, InProgress(reader)
        self._owed = None
        try:
            while not done:
                fetched = await self._take(reader, committing)
                if not fetched:
                    await self._write_owed(turns)
                    continue
                if self.projection.pick is not None and not reader.backlog:
                    await asyncio.sleep(PICKING_SECONDS)
                pending = fetched[-1].pending
                done = pending < NEARLY_READ if reader.backlog else pending > BACKLOG
                fault("fetched")
                for one in self._followers:
                    await one.give(fetched)
                items = await self._decoded(working, fetched)
                if self.projection.prepare is not None:
                    with working.holding(fetched):
                        items = await prepare(self.projection, self._ctx, items, self._waiting)
                fault("prepared")
                while len(committing) >= most:
                    await committing[0]
                    committing.popleft()
                writes = not self._passed_over(reader, items)
                self._owed = None if writes else items[-1]
                turn = turns.next(items[-1].fetched.sequence, writes=writes)
                commit = self._commit(working, items, turn, writes=writes)
                committing.append(asyncio.create_task(commit))
            for last in committing:
                await last
        except asyncio.CancelledError:
            # What the writer holds is committed or not; the position says which at the next start.
            for last in committing:
                last.cancel()
            raise
        finally:
            self._part()
            try:
                await asyncio.gather(*committing, return_exceptions=True)
            finally:
                await reader.stop()

    def _part(self) -> None:
        for one in self._followers:
            one.end("whom it followed has ended")
        self._followers = []

    async def _decoded(self, working: InProgress, fetched: list[Fetched]) -> list[Item]:
        """Others get the loop in between: a backlog comes in large batches."""
        picked = None
        if self.projection.pick is not None:
            with working.holding(fetched):
                picked = await pick(self.projection, self._ctx, fetched, self._waiting)
        items: list[Item] = []
        for first in range(0, len(fetched), DECODED_AT_ONCE):
            if first:
                await asyncio.sleep(0)
            part = slice(first, first + DECODED_AT_ONCE)
            items += decode_all(self._decoder, fetched[part], picked and picked[part])
        return items

    async def _take(self, reader: AnyReader, committing: deque[asyncio.Task[None]]) -> list[Fetched]:
        """The next messages; none when it is time to write a position that is owed.

        A commit that fails meanwhile is raised at once.
        """
        if reader.backlog:
            taking = asyncio.create_task(reader.take(PARTS * self._applier.pace.limit))
        else:
            taking = asyncio.create_task(reader.take())
        try:
            while committing and not taking.done():
                await asyncio.wait({taking, committing[0]}, return_when=asyncio.FIRST_COMPLETED)
                if committing[0].done():
                    committing.popleft().result()
            if self._owed is not None:
                await asyncio.wait({taking}, timeout=self._written + POSITION_SECONDS - time.monotonic())
                if not taking.done():
                    return []
            return await taking
        finally:
            taking.cancel()

    async def _commit(self, working: InProgress, items: list[Item], turn: Turn, *, writes: bool) -> None:
        fetched = [item.fetched for item in items]
        async with turn.taken():
            with working.holding(fetched):
                await (self._write(items, turn) if writes else turn.come())
            last = fetched[-1]
            lag = (last.pending, False) if self._sifting is None else self._sifting.after(len(items), last)
            self.status.passed(len(items), last.sequence, last.time_ns, *lag)
            self.status.dead_letters += sum(item.letter is not None for item in items)
            async with self._moved:
                self._moved.notify_all()
            fault("before-ack")
            working.reader.ack(fetched)

    async def _write(self, items: list[Item], turn: Turn) -> None:
        ahead = self._ahead(self.projection.after) if self.projection.after else None
        async with contextlib.AsyncExitStack() as passing:
            async with self._in_order:  # or a later batch waits inside the gate for one that cannot pass it
                if ahead is not None:
                    await ahead.reached(items[-1].fetched.sequence, self._created, self._waiting)
                await passing.enter_async_context(self.held.passing())
            await self._applier.run(items, self._created, turn)
        self._written = time.monotonic()

    async def _write_owed(self, turns: Turns) -> None:
        assert self._owed is not None
        owed, self._owed = self._owed, None
        turn = turns.next(owed.fetched.sequence, writes=True)
        async with turn.taken():
            await self._write([owed], turn)

    def _passed_over(self, reader: AnyReader, items: list[Item]) -> bool:
        """Nothing was picked: a transaction for the position alone can wait a while.

        Whoever begins at the older position passes over the same messages again. At the end of a backlog
        it is written: another reader begins there.
        """
        wanted = any(item.message is not None or item.letter is not None for item in items)
        recent = time.monotonic() - self._written < POSITION_SECONDS
        follows = not reader.backlog or items[-1].fetched.pending >= NEARLY_READ
        return recent and not wanted and follows
