"""Output that was too long to be sent inline, fetched before the row is written (`projections.md` 2.1).

PCs of one broadcast command share the object's name, so the sooner it is read the better. An object may
be unreadable for a moment while it is put again; after 2 s the inline text stays, and the row keeps the
name of the object. A broker that is away is no reason to give up: then the batch waits.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from kanade_host.plugin import (
    ApiError,
    Batch,
    BrokerUnavailable,
    Context,
    Message,
    NoResponders,
    Objects,
    Retry,
)
from kanade_host_results.messages import ExecResult

STORE = "result_output"
BATCH_LIMIT = 256 * 1024 * 1024
AT_ONCE = 16
PATIENCE_SECONDS = 2.0
_CAUSES = (BrokerUnavailable, NoResponders, Retry, TimeoutError)
_BUSY = 503
_AGAIN_SECONDS = (0.05, 0.15, 0.3, 0.5, 1.0)


@dataclass(slots=True)
class _Budget:
    """What one batch may still hold in memory, how much one stream may, and how many fetches may run."""

    slots: asyncio.Semaphore
    each: int
    left: int = BATCH_LIMIT


async def resolve(ctx: Context, batch: Batch) -> Batch:
    """Put the fetched texts into the messages that point to them. Raises `Retry`."""
    pointing = [
        place
        for place, message in enumerate(batch)
        if message.body.stdout_object is not None or message.body.stderr_object is not None
    ]
    if not pointing:
        return batch
    store = ctx.bus.objects(STORE)
    budget = _Budget(asyncio.Semaphore(AT_ONCE), ctx.settings.store_output)
    resolved = list(batch)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                (place, group.create_task(_message(ctx, store, batch[place], budget))) for place in pointing
            ]
    except* _CAUSES as failures:
        raise Retry(f"object store {STORE} cannot be read: {failures.exceptions[0]}") from failures
    for place, task in tasks:
        resolved[place] = task.result()
    return resolved


async def _message(
    ctx: Context, store: Objects, message: Message[ExecResult], budget: _Budget
) -> Message[ExecResult]:
    body = message.body
    stdout, stderr = await asyncio.gather(
        _text(ctx, store, body.stdout_object, budget), _text(ctx, store, body.stderr_object, budget)
    )
    changes: dict[str, str | None] = {}
    if stdout is not None:
        changes |= {"stdout": stdout, "stdout_object": None}
    if stderr is not None:
        changes |= {"stderr": stderr, "stderr_object": None}
    return msgspec.structs.replace(message, body=msgspec.structs.replace(body, **changes))


async def _text(ctx: Context, store: Objects, name: str | None, budget: _Budget) -> str | None:
    """The text of one object; None when there is no pointer, or nothing readable behind it."""
    if name is None:
        return None
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    attempt = 0
    while True:
        try:
            async with budget.slots:
                return await _fetch(store, name, budget)
        except _CAUSES:
            raise
        except _TooLarge as error:
            reason = str(error)
            break
        except Exception as error:  # whatever is wrong with an object, the row is written
            if isinstance(error, ApiError) and error.code == _BUSY:
                raise Retry(f"object store {STORE} cannot be read: {error}") from error
            reason = str(error) or type(error).__name__
        pause = _AGAIN_SECONDS[min(attempt, len(_AGAIN_SECONDS) - 1)]
        if asyncio.get_running_loop().time() + pause > deadline:
            break
        attempt += 1
        await asyncio.sleep(pause)
    ctx.log.warning("output stays in the object store", object=name, reason=reason)
    return None


class _TooLarge(Exception):
    """The object is larger than a row may be, or than the batch may hold."""


async def _fetch(store: Objects, name: str, budget: _Budget) -> str:
    size = (await store.info(name)).size
    if size > budget.each:
        raise _TooLarge(f"{size} bytes are more than the {budget.each} that a row takes")
    if size > budget.left:
        raise _TooLarge(f"the batch holds {BATCH_LIMIT - budget.left} bytes of output already")
    budget.left -= size
    try:
        data = await store.get(name, limit=budget.each)
    except BaseException:
        budget.left += size
        raise
    return data.decode(errors="replace")
