"""A plugin for the tests of projections: it reads a whole stream, so that others may follow it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from kanade_host.plugin import Batch, Migrations, Projection, Tx, hookimpl


class Led(msgspec.Struct):
    id: str


def apply(tx: Tx, batch: Batch) -> None:
    if os.environ.get("LEADING_RAISES"):
        raise RuntimeError("the plugin is broken")
    for message in batch:
        tx.execute(
            "INSERT INTO led VALUES (?, 1) ON CONFLICT(id) DO UPDATE SET times = times + 1",
            (message.body.id,),
        )


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "leading_migrations")


@hookimpl
def kanade_subscriptions(settings: object) -> list[object]:
    return [Projection("leading.led", stream="OBS_EVENTS", durable="leading_led", message=Led, apply=apply)]
