"""Apply a batch in one transaction; find the message that cannot be applied; tell poison from causes.

Only what a plugin's code raises is blamed on a message. A database that is busy, full or damaged is a
cause: the same batch is tried again, for as long as it takes, and nothing is acknowledged meanwhile.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from kanade_host.plugin.errors import Overran, StoreUnavailable
from kanade_host.plugin.subscriptions import Batch, Tx
from kanade_host.projection.batches import Item, letter_of
from kanade_host.projection.begin import Position
from kanade_host.projection.ledger import Ledger
from kanade_host.projection.pace import Pace
from kanade_host.projection.turns import OutOfTurn, Turn

WINDOW = 200
ALLOWED = WINDOW // 10
RETRY_SECONDS = (0.05, 0.2, 1.0, 2.0, 5.0)


class PluginAtFault(Exception):
    """More than one in ten of the last 200 messages failed, or `apply` overran on a single message."""


class Writer(Protocol):
    """The part of the store's writer that is used here."""

    async def run(
        self, owner: str, work: Callable[[Any], Any], *, urgent: bool = True, deadline: float = 2.0
    ) -> Any: ...


class Applier:
    """Applies the batches of one projection, in order, each with its position."""

    def __init__(
        self,
        writer: Writer,
        ledger: Ledger,
        apply: Callable[[Tx, Batch], None],
        *,
        waiting: Callable[[str | None], None],
        deadline: float = 2.0,
    ) -> None:
        self._writer, self._ledger, self._apply = writer, ledger, apply
        self._waiting, self._deadline = waiting, deadline
        self._failed: deque[bool] = deque(maxlen=WINDOW)
        self._succeeded = False
        self.pace = Pace()

    def forgive(self, *, asked: bool) -> None:
        """Try a paused projection again: `asked` by an operator, or because time has passed.

        Where nothing at all succeeded since the last pause, time alone makes no new beginning: the first
        failure pauses it again, or a broken plugin would set aside one message after the other.
        """
        self._failed.clear()
        if not (asked or self._succeeded):
            self._failed.extend([True] * ALLOWED)
        self._succeeded = False

    async def run(self, items: Sequence[Item], created: str, turn: Turn | None = None) -> None:
        """Commit all items and the position after the last one, in their turn where several are on their way.

        Raises `PluginAtFault`, and `OutOfTurn` when what comes before has failed.
        """
        size = self.pace.limit
        parts = [items[first : first + size] for first in range(0, len(items), size)]
        unprepared = [item.unprepared for item in items if item.unprepared is not None]
        if turn is not None and not turn.is_next:
            if not unprepared:
                parts = parts[await self._at_once(parts, created, turn.after) :]
            await turn.come()
        for error in unprepared:
            self._blame(error)
        while parts:
            done = await self._at_once(parts, created, None) if len(parts) > 1 else 0
            if done < len(parts):
                await self._together(parts[done], created)
            parts = parts[done + 1 :]

    async def _at_once(self, parts: Sequence[Sequence[Item]], created: str, after: int | None) -> int:
        """Let all parts wait for the writer, which gives them one commit; answers how many are written.

        Where one fails, those behind it find that it is not their turn.
        """
        before = [after, *(part[-1].fetched.sequence for part in parts)]
        writing = [self._write(part, created, after) for part, after in zip(parts, before)]
        for number, outcome in enumerate(await asyncio.gather(*writing, return_exceptions=True)):
            if outcome is not None:
                return number
            self._went_well(parts[number])
        return len(parts)

    async def _together(self, items: Sequence[Item], created: str) -> None:
        try:
            await self._commit(items, created)
        except Exception as error:
            await self._divide(items, created, error)
        else:
            self._went_well(items)

    def _went_well(self, items: Sequence[Item]) -> None:
        good = [False for item in items if item.message is not None]
        self._failed.extend(good)
        self._succeeded |= bool(good)

    def _blame(self, error: Exception) -> None:
        """Count a failure; too many are no fault of the messages."""
        self._failed.append(True)
        if sum(self._failed) > ALLOWED:
            raise PluginAtFault(
                f"{sum(self._failed)} of the last {len(self._failed)} messages failed,"
                f" the last one with {type(error).__name__}: {error}"
            ) from error

    async def _divide(self, items: Sequence[Item], created: str, error: Exception) -> None:
        good = [item for item in items if item.message is not None]
        if len(good) > 1:
            middle = items.index(good[len(good) // 2])
            await self._together(items[:middle], created)
            await self._together(items[middle:], created)
            return
        if isinstance(error, Overran):
            raise PluginAtFault(f"apply overran its time on a single message: {error}") from error
        self._blame(error)
        for item in good:
            text = "".join(traceback.format_exception(error))
            item.letter = letter_of(item.fetched, f"{type(error).__name__}: {error}", text)
            item.message = None
        await self._commit(items, created)

    async def _commit(self, items: Sequence[Item], created: str) -> None:
        """Write them, for as long as it takes."""
        attempt = 0
        while True:
            try:
                await self._write(items, created)
            except StoreUnavailable as error:
                self._waiting(f"the database cannot be written: {error}")
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1
                continue
            if attempt:
                self._waiting(None)
            return

    async def _write(self, items: Sequence[Item], created: str, after: int | None = None) -> None:
        """One transaction, with the position after the last one. `after`: where it has to be before."""
        batch = [item.message for item in items if item.message is not None]
        letters = [item.letter for item in items if item.letter is not None]
        last = items[-1].fetched
        position = Position(created, last.sequence, last.time_ns)

        def work(tx: Any) -> float:
            began = time.monotonic()
            host = tx.acting_as("host")
            if after is not None and not self._ledger.stands_at(host, created, after):
                raise OutOfTurn(f"message {after} is not written")
            if batch:
                self._apply(tx, batch)
            if letters:
                self._ledger.set_aside(host, created, letters)
            self._ledger.advance(host, position)
            return time.monotonic() - began

        seconds = await self._writer.run(self._ledger.plugin, work, urgent=False, deadline=self._deadline)
        self.pace.took(len(items), seconds)
