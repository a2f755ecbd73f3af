"""A plugin for the tests of projections: it counts how often each message was applied.

`times` above 1 in a row means that a message counted twice. A message with `fail` raises in `apply`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from kanade_host.plugin import (
    Batch,
    Context,
    Migrations,
    Permission,
    Projection,
    Request,
    Retry,
    Role,
    Route,
    Samples,
    Tx,
    hookimpl,
)

READ = Permission("counting.read", Role.VIEWER)
WRITE = Permission("counting.write", Role.OPERATOR)
broken = {"apply": False, "prepare": 0, "unprepared": False, "forgiving": False}
"""Switches that a test in the same process turns."""


class Counted(msgspec.Struct):
    """`hold`: seconds that `prepare` takes; `send`: a subject to send to, in the same transaction."""

    id: str
    fail: bool = False
    hold: float = 0
    send: str = ""


class Sampled(msgspec.Struct):
    id: str
    value: int


def apply(tx: Tx, batch: Batch) -> None:
    if broken["apply"]:
        raise RuntimeError("the plugin is broken")
    for message in batch:
        if message.body.fail and not broken["forgiving"]:
            raise ValueError(f"{message.body.id} is poison")
        tx.execute(
            "INSERT INTO counted VALUES (?, 1, ?, ?) ON CONFLICT(id) DO UPDATE SET times = times + 1",
            (message.body.id, message.meta.sequence, message.meta.time.stored),
        )
        if message.body.send:
            tx.send(message.body.send, message.body.id.encode(), id=f"counting-{message.body.id}")
    tx.changed("counting", *(message.body.id for message in batch))


async def prepare(ctx: Context, batch: Batch) -> Batch:
    if broken["prepare"] > 0:
        broken["prepare"] -= 1
        raise Retry("the other side is away")
    if broken["unprepared"]:
        raise KeyError("the plugin is broken")
    await asyncio.sleep(max(message.body.hold for message in batch))
    return batch


def sample(tx: Tx, batch: Batch) -> None:
    for message in batch:
        tx.execute(
            "INSERT INTO sampled VALUES (?, ?, 1)"
            " ON CONFLICT(id) DO UPDATE SET value = excluded.value, times = times + 1",
            (message.body.id, message.body.value),
        )


async def count(request: Request) -> int:
    rows = await request.ctx.query("SELECT count(*) FROM counted")
    return int(rows[0][0])


async def send(request: Request) -> None:
    """Put messages into the outbox: {"subject", "ids"}."""
    wanted = request.body

    def work(tx: Tx) -> None:
        for one in wanted["ids"]:
            tx.send(wanted["subject"], one.encode(), id=one)

    await request.ctx.write(work)


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "counting_migrations")


@hookimpl
def kanade_subscriptions(settings: object) -> list[object]:
    return [
        Projection(
            "counting.counted",
            stream="OBS_EVENTS",
            durable="backend_obs_events_projector",
            filter="obs.>",
            message=Counted,
            apply=apply,
            prepare=prepare,
        ),
        Samples(
            "counting.sampled",
            subject="heartbeat.>",
            message=Sampled,
            apply=sample,
            key=lambda body: body.id,
            order=lambda body: body.value,
        ),
    ]


@hookimpl
def kanade_routes(settings: object) -> list[Route]:
    return [
        Route("GET", "/api/counting", count, READ, "How many were counted", fresh=("counting",)),
        Route("POST", "/api/counting/send", send, WRITE, "Send messages", request=dict[str, Any]),
    ]
