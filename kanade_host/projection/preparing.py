"""The asynchronous step before a batch is applied, and keeping its messages claimed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from kanade_host.bus.reader import BacklogReader, Reader
from kanade_host.plugin.context import Context
from kanade_host.plugin.errors import PluginError, Retry, Unavailable
from kanade_host.plugin.subscriptions import Message, Projection
from kanade_host.projection.batches import Item, letter_of

BACKOFF = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)
PROGRESS_SECONDS = 10.0


@contextlib.asynccontextmanager
async def in_progress(reader: Reader | BacklogReader, items: Sequence[Item]) -> AsyncIterator[None]:
    """Tell the broker now and then that these messages are still being worked on."""

    async def signal() -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            reader.progress([item.fetched for item in items])

    signalling = asyncio.create_task(signal())
    try:
        yield
    finally:
        signalling.cancel()


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
        prepared = await _patiently(projection, ctx, [item.message for item in good], waiting)
    except Exception:
        return False
    for item, message in zip(good, prepared, strict=True):
        item.message = message
    return True


async def _alone(
    projection: Projection, ctx: Context, item: Item, waiting: Callable[[str | None], None]
) -> None:
    try:
        item.message = (await _patiently(projection, ctx, [item.message], waiting))[0]
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        item.letter = letter_of(item.fetched, f"prepare: {type(error).__name__}: {error}", text)
        item.message, item.unprepared = None, error


async def _patiently(
    projection: Projection,
    ctx: Context,
    messages: Sequence[Message[Any] | None],
    waiting: Callable[[str | None], None],
) -> Sequence[Message[Any]]:
    assert projection.prepare is not None
    attempt = 0
    while True:
        try:
            prepared = await projection.prepare(ctx, messages)  # type: ignore[arg-type]
        except (Retry, Unavailable) as error:
            waiting(f"prepare: {error}")
            await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
            attempt += 1
            continue
        if attempt:
            waiting(None)
        if len(prepared) != len(messages):
            raise PluginError(
                f"prepare of {projection.name} returned {len(prepared)} messages for {len(messages)};"
                " it has to return every message, in order"
            )
        return prepared
