"""Which results are scans: the asynchronous step before the transaction (`contract/projections.md` 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from kanade_host.plugin import Batch, Context, InvalidKey, Message, ResourceMissing, Retry
from kanade_host_inventory.hints import Hint, hints_of
from kanade_host_inventory.messages import ExecResult, Output, Scan
from kanade_host_inventory.overflow import AT_ONCE, fetch


async def prepare(ctx: Context, batch: Batch) -> Batch:
    """Put a `Scan` where a successful result belongs to a job with an inventory hint.

    Raises `Retry` and `BrokerUnavailable`: while the bucket cannot be read no facts are given up.
    """
    wanted = {m.body.manifest_id for m in batch if m.body.exit_code == 0 and m.body.manifest_id is not None}
    found = await _hints(ctx, wanted)
    if not found:
        return batch
    slots = asyncio.Semaphore(AT_ONCE)
    making = [_scan(ctx, message, found, slots) for message in batch]
    return await asyncio.gather(*making)


async def _hints(ctx: Context, keys: Iterable[str]) -> dict[str, Hint]:
    hints = hints_of(ctx)
    found: dict[str, Hint] = {}
    for key in keys:
        try:
            held = await hints.find(key)
        except InvalidKey as error:
            ctx.log.warning("inventory fact projection failed", job_id=key, reason=str(error))
            continue
        except ResourceMissing as error:
            raise Retry(f"the job catalogue cannot be read: {error}") from error
        if held is not None and held.hint is not None:
            found[key] = held.hint
    return found


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
