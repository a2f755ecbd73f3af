"""The scheduler: the hooks, which are the table of contents of this plugin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kanade_host.plugin import (
    Context,
    Entry,
    Job,
    Migrations,
    Page,
    Route,
    Settings,
    Subscription,
    Sweep,
    Task,
    Watch,
    hookimpl,
)
from kanade_host_scheduler.api import RHYTHMS
from kanade_host_scheduler.completing import BUCKET
from kanade_host_scheduler.expected import GROUPS
from kanade_host_scheduler.ledger import TOPIC, sweep
from kanade_host_scheduler.pages import PAGES
from kanade_host_scheduler.pc_records import ScheduleRecords
from kanade_host_scheduler.routes import ROUTES
from kanade_host_scheduler.schedule import Rhythm
from kanade_host_scheduler.settings import SchedulerSettings
from kanade_host_scheduler.work import SERVICE, Work, work_of

SWEEP_SECONDS = 3_600.0
LINK_SECONDS = 0.5


@hookimpl
def kanade_settings() -> type[Settings]:
    return SchedulerSettings


@hookimpl
def kanade_migrations() -> Migrations:
    """Nothing here is in a stream."""
    return Migrations(
        Path(__file__).parent / "migrations" / "sqlite",
        kept=("scheduler_schedules", "scheduler_fires", "scheduler_ticks", "scheduler_writers"),
    )


@hookimpl
def kanade_subscriptions() -> Sequence[Subscription]:
    """Schedules as they are written, by whomever; and who is in which group."""
    return [Watch(BUCKET, on_change=_take), Watch(GROUPS)]


async def _take(ctx: Context, entry: Entry) -> None:
    await work_of(ctx).registry.take(entry)


@hookimpl
def kanade_routes() -> Sequence[Route]:
    return ROUTES


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    return {
        SERVICE: Work(ctx),
        RHYTHMS: Rhythm,
        "scheduler.pc_records": ScheduleRecords(ctx),
    }


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    return [
        Task("ticker", work_of(ctx).ticker.run),
        Task("link", lambda: _follow_link(ctx)),
        Sweep("ticks", lambda: sweep(ctx), SWEEP_SECONDS),
    ]


async def _follow_link(ctx: Context) -> None:
    """Answers kept from before the broker went away must not hide that it is away."""
    connected = ctx.bus.connected
    while True:
        await asyncio.sleep(LINK_SECONDS)
        if ctx.bus.connected != connected:
            connected = ctx.bus.connected
            ctx.changed(TOPIC)
            ctx.changed(f"kv:{BUCKET}")


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
