"""A plugin for the tests of projections: it comes after `counting`, and notes whether that was ahead."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kanade_host.plugin import Batch, Migrations, Projection, Tx, hookimpl


class Followed(msgspec.Struct):
    id: str


def apply(tx: Tx, batch: Batch) -> None:
    for message in batch:
        tx.execute(
            "INSERT INTO followed VALUES (?, 1, (SELECT count(*) FROM counted WHERE id = ?))"
            " ON CONFLICT(id) DO UPDATE SET times = times + 1",
            (message.body.id, message.body.id),
        )


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "following_migrations")


@hookimpl
def kanade_subscriptions(settings: object) -> list[object]:
    return [
        Projection(
            "following.followed",
            stream="OBS_EVENTS",
            durable="following_followed",
            message=Followed,
            apply=apply,
            after="counting.counted",
        )
    ]
