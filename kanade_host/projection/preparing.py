"""The asynchronous steps before a batch is applied, and keeping its messages claimed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from kanade_host.bus.reader import Fetched
from kanade_host.plugin.context import Context
from kanade_host.plugin.errors import PluginError, Retry, Unavailable
from kanade_host.plugin.subscriptions import Message, Projection
from kanade_host.projection.batches import Item, letter_of
from kanade_host.projection.convoy import AnyReader

BACKOFF = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)
PROGRESS_SECONDS = 10.0

T = TypeVar("T")


class InProgress:
    """Tells the broker now and then that messages of one reader are still being worked on.

    One timer serves all batches. It waits for none of a backlog: there nothing is told.
    """

    def __init__(self, reader: AnyReader) -> None:
        self.reader = reader
        self._held: dict[object, Sequence[Fetched]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @contextlib.contextmanager
    def holding(self, fetched: Sequence[Fetched]) -> Iterator[None]:
        """These are being worked on meanwhile."""
        if self.reader.backlog:
            yield
            return
        hold = object()  # not the batch: two may hold the same one, and the first to end lets go its own
        self._held[hold] = fetched
        if self._timer is None:
            self._arm()
        try:
            yield
        finally:
            del self._held[hold]

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PROGRESS_SECONDS, self._tell)

    def _tell(self) -> None:
        self._timer = None
        for fetched in self._held.values():
            self.reader.progress(fetched)
        if self._held:
            self._arm()


async def pick(
    projection: Projection, ctx: Context, fetched: Sequence[Fetched], waiting: Callable[[str | None], None]
) -> Sequence[bool] | None:
    """Which messages are to be decoded; None: all. A `pick` that fails leaves out nothing."""
    if projection.pick is None:
        return None
    picking, bodies = projection.pick, [one.data for one in fetched]
    try:
        picked = await _patiently(lambda: picking(ctx, bodies), "pick", waiting)
    except Exception as error:
        ctx.log.warning(
            "pick failed, so all messages are taken", projection=projection.name, error=str(error)
        )
        return None
    if len(picked) != len(fetched):
        ctx.log.warning("pick has to answer for every message", projection=projection.name)
        return None
    return picked


async def prepare(
    projection: Projection, ctx: Context, items: list[Item], waiting: Callable[[str | None], None]
) -> list[Item]:
    """Run the projection's `prepare`; causes are waited out, what cannot be prepared is set aside."""
    if projection.prepare is None:
        return items
    good = [item for item in items if item.message is not None]
    if good and not await _together(projection, ctx, good, waiting):
        for item in good:
            await _alone(projection, ctx, item, waiting)
    return items


async def _together(
    projection: Projection, ctx: Context, good: list[Item], waiting: Callable[[str | None], None]
) -> bool:
    """Prepare the whole batch at once; False when a message of it raised."""
    try:
        prepared = await _prepared(projection, ctx, [item.message for item in good], waiting)
    except Exception:
        return False
    for item, message in zip(good, prepared, strict=True):
        item.message = message
    return True


async def _alone(
    projection: Projection, ctx: Context, item: Item, waiting: Callable[[str | None], None]
) -> None:
    try:
        item.message = (await _prepared(projection, ctx, [item.message], waiting))[0]
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        item.letter = letter_of(item.fetched, f"prepare: {type(error).__name__}: {error}", text)
        item.message, item.unprepared = None, error


async def _prepared(
    projection: Projection,
    ctx: Context,
    messages: Sequence[Message[Any] | None],
    waiting: Callable[[str | None], None],
) -> Sequence[Message[Any]]:
    preparing = projection.prepare
    assert preparing is not None
    prepared = await _patiently(lambda: preparing(ctx, messages), "prepare", waiting)  # type: ignore[arg-type]
    if len(prepared) != len(messages):
        raise PluginError(
            f"prepare of {projection.name} returned {len(prepared)} messages for {len(messages)};"
            " it has to return every message, in order"
        )
    return prepared


async def _patiently(call: Callable[[], Awaitable[T]], step: str, waiting: Callable[[str | None], None]) -> T:
    """Causes outside of the messages are waited out."""
    attempt = 0
    while True:
        try:
            answer = await call()
        except (Retry, Unavailable) as error:
            waiting(f"{step}: {error}")
            await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
            attempt += 1
            continue
        if attempt:
            waiting(None)
        return answer
