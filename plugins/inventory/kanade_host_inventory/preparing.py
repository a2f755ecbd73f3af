"""Which results are scans: the asynchronous steps before the transaction (`contract/projections.md` 4).

Few results are. So each is only glanced at, and what certainly is no scan is not decoded at all; the results
plugin reads the same messages, and sets aside those that are bad.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from kanade_host.plugin import Batch, Context, InvalidKey, Message, ResourceMissing, Retry
from kanade_host_inventory.hints import Hint, hints_of
from kanade_host_inventory.messages import ExecResult, Output, Scan
from kanade_host_inventory.overflow import AT_ONCE, fetch

KEYS_AT_ONCE = 16
T = TypeVar("T")


class _Glance(msgspec.Struct, gc=False):
    """What tells a scan from other results."""

    exit_code: int = 0
    manifest_id: str | None = None


_glance = msgspec.json.Decoder(_Glance).decode


async def pick(ctx: Context, bodies: Sequence[bytes]) -> Sequence[bool]:
    """Successful results of jobs with an inventory hint, and whatever cannot be read at a glance.

    Raises `Retry` and `BrokerUnavailable` as `prepare` does.
    """
    keys = [_key(body) for body in bodies]
    found = await _hints(ctx, {key for key in keys if key})
    return [key is None or key in found for key in keys]


def _key(body: bytes) -> str | None:
    """The job of a successful result; empty: no scan for certain; None: not known."""
    try:
        seen = _glance(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return seen.manifest_id or "" if seen.exit_code == 0 else ""


async def prepare(ctx: Context, batch: Batch) -> Batch:
    """Put a `Scan` where a successful result belongs to a job with an inventory hint.

    Raises `Retry` and `BrokerUnavailable`: while the bucket cannot be read no facts are given up.
    """
    wanted = {m.body.manifest_id for m in batch if m.body.exit_code == 0 and m.body.manifest_id is not None}
    found = await _hints(ctx, wanted)
    if not found:
        return batch
    slots = asyncio.Semaphore(AT_ONCE)
    return await _all(_scan(ctx, message, found, slots) for message in batch)


async def _hints(ctx: Context, keys: Iterable[str]) -> dict[str, Hint]:
    hints = hints_of(ctx)
    found: dict[str, Hint] = {}
    slots = asyncio.Semaphore(KEYS_AT_ONCE)

    async def look(key: str) -> None:
        try:
            async with slots:
                held = await hints.find(key)
        except InvalidKey as error:
            ctx.log.warning("inventory fact projection failed", job_id=key, reason=str(error))
            return
        except ResourceMissing as error:
            raise Retry(f"the job catalogue cannot be read: {error}") from error
        if held is not None and held.hint is not None:
            found[key] = held.hint

    await _all(map(look, keys))
    return found


async def _all(making: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What all of them answer. Where one raises, the others end, since the whole batch is tried again."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in making]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def _scan(
    ctx: Context, message: Message[ExecResult], hints: dict[str, Hint], slots: asyncio.Semaphore
) -> Message[ExecResult] | Message[Scan]:
    body = message.body
    hint = hints.get(body.manifest_id or "")
    if hint is None or body.exit_code != 0 or body.manifest_id is None:
        return message
    text = None
    if body.stdout_object is not None:
        text = await fetch(ctx, body.stdout_object, slots)
    if text is None:
        text = body.stdout.encode()
    scan = Scan(
        body.pc_id,
        body.manifest_id,
        body.key,
        body.finished_at,
        hint,
        Output(text),
        ctx.settings.max_elements,
        ctx.log,
    )
    return Message(scan, message.meta)
