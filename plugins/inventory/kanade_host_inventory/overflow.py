"""Output that was too long to be sent inline (`contract/projections.md` 2.1). Scans often are.

The results plugin reads the same objects for its rows; either works without the other. A broker that is
away is no reason to give up: then the batch waits. An object that is missing or damaged is tried for 2 s.
"""

from __future__ import annotations

import asyncio

from kanade_host.plugin import (
    ApiError,
    BrokerUnavailable,
    Context,
    NoResponders,
    Objects,
    Retry,
)

STORE = "result_output"
LIMIT = 16 * 1024 * 1024
"""Bytes; what the results plugin stores of one stream, and SQLite, memory and clients can hold."""
AT_ONCE = 8
_CAUSES = (BrokerUnavailable, NoResponders, Retry, TimeoutError)
_BUSY = 503
_AGAIN_SECONDS = (0.05, 0.15, 0.3, 0.5, 0.9)


async def fetch(ctx: Context, name: str, slots: asyncio.Semaphore) -> bytes | None:
    """The object's text as UTF-8; None: it cannot be read, now or later. Raises `Retry`."""
    store = ctx.bus.objects(STORE)
    reason = ""
    for pause in (*_AGAIN_SECONDS, None):
        try:
            async with slots:
                return await _read(store, name)
        except _CAUSES as error:
            raise Retry(f"object store {STORE} cannot be read: {error}") from error
        except _TooLarge as error:
            reason = str(error)
            break
        except Exception as error:  # whatever is wrong with an object, others go on
            if isinstance(error, ApiError) and error.code == _BUSY:
                raise Retry(f"object store {STORE} cannot be read: {error}") from error
            reason = str(error) or type(error).__name__
        if pause is not None:
            await asyncio.sleep(pause)
    ctx.log.warning("inventory output cannot be fetched", object=name, reason=reason)
    return None


class _TooLarge(Exception):
    """More bytes than one PC's facts may have."""


async def _read(store: Objects, name: str) -> bytes:
    size = (await store.info(name)).size
    if size > LIMIT:
        raise _TooLarge(f"{size} bytes are more than the {LIMIT} that are stored")
    data = await store.get(name, limit=LIMIT)
    return data.decode(errors="replace").encode()
