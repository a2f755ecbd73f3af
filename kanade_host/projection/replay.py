"""Try dead letters again that somebody asked for: old messages, applied one by one."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

from kanade_host.plugin.context import Context
from kanade_host.plugin.errors import Retry, Unavailable
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.subscriptions import Message, Meta, Projection
from kanade_host.projection.decoding import Decoding
from kanade_host.projection.ledger import Ledger


async def replay_letters(
    projection: Projection, ctx: Context, writer: Any, ledger: Ledger, decoder: Decoding
) -> bool:
    """Apply the letters that are marked. Answers True when a cause ended that: some are left for later."""
    while letters := await writer.run("host", ledger.wanted_again):
        if await _replay_some(letters, projection, ctx, writer, ledger, decoder):
            return True
    return False


async def _replay_some(
    letters: Sequence[Any],
    projection: Projection,
    ctx: Context,
    writer: Any,
    ledger: Ledger,
    decoder: Decoding,
) -> bool:
    for letter in letters:
        try:
            await _replay(letter, projection, ctx, writer, ledger, decoder)
        except (Unavailable, Retry) as error:
            ctx.log.warning("dead letters wait to be tried again", reason=str(error))
            return True
        except Exception as error:
            text = "".join(traceback.format_exception(error))
            await writer.run(
                "host", ledger.failed_again(letter["id"], f"{type(error).__name__}: {error}", text)
            )
    return False


async def _replay(
    letter: Any, projection: Projection, ctx: Context, writer: Any, ledger: Ledger, decoder: Decoding
) -> None:
    body = decoder.decode(bytes(letter["body"]))
    meta = Meta(letter["subject"], letter["sequence"], Instant.from_ns(letter["time_ns"]))
    batch: Any = [Message(body, meta)]
    if projection.prepare is not None:
        batch = await projection.prepare(ctx, batch)
    settle = ledger.settled(letter["id"])

    def work(tx: Any) -> None:
        projection.apply(tx, batch)
        settle(tx.acting_as("host"))

    await writer.run(ledger.plugin, work, urgent=False)
