"""A time limit that costs nothing where there is nothing to wait for.

Setting and cancelling a timer costs the loop more than answering a request from memory. So a coroutine is
taken one step first; only one that has to wait gets a timer.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class TookTooLong(Exception):
    """The time limit passed; a `TimeoutError` is one of the coroutine's own."""


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Await `work` for so long at most; raises `TookTooLong`, after `work` was cancelled."""
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await _rest(work, waits_for)
    except TimeoutError:
        if limit.expired():
            raise TookTooLong from None
        raise


@types.coroutine
def _rest(started: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """Await a coroutine that has been started by hand, and waits for something now."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:  # a cancellation is for the coroutine to see
            go_on = partial(started.throw, error)
        else:
            go_on = partial(started.send, sent)
        try:
            waits_for = go_on()
        except StopIteration as done:
            found: T = done.value
            return found
