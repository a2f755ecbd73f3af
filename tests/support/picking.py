"""A plugin for the tests of projections: it wants few messages, and tells which before any is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from kanade_host.plugin import Batch, Context, Migrations, Projection, Retry, Tx, hookimpl

broken = {"causes": 0, "raises": False, "short": False}
"""Switches that a test in the same process turns."""
decoded: list[str] = []
asked: list[int] = []
"""How many messages each call of `pick` was asked about."""


class Picked(msgspec.Struct):
    id: str

    def __post_init__(self) -> None:
        decoded.append(self.id)


async def pick(ctx: Context, bodies: Sequence[bytes]) -> Sequence[bool]:
    if broken["causes"] > 0:
        broken["causes"] -= 1
        raise Retry("the other side is away")
    if broken["raises"]:
        raise KeyError("the plugin is broken")
    asked.append(len(bodies))
    return [b"wanted" in body for body in bodies][: 0 if broken["short"] else None]


def apply(tx: Tx, batch: Batch) -> None:
    for message in batch:
        tx.execute(
            "INSERT INTO picked VALUES (?, 1) ON CONFLICT(id) DO UPDATE SET times = times + 1",
            (message.body.id,),
        )


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "picking_migrations")


@hookimpl
def kanade_subscriptions(settings: object) -> list[object]:
    return [
        Projection(
            "picking.picked",
            stream="OBS_EVENTS",
            durable="picking_picked",
            message=Picked,
            apply=apply,
            pick=pick,
        )
    ]
