"""Decoding off the event loop, where a body is large enough to be felt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

SMALL = 16_384
"""Bytes or characters that are decoded in well under a millisecond."""


async def aside(call: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Call it here if all its arguments are short, else on a thread."""
    if all(len(one) <= SMALL for one in arguments if isinstance(one, str | bytes)):
        return call(*arguments)
    return await asyncio.to_thread(call, *arguments)
