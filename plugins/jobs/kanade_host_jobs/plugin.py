"""The jobs plugin: the catalogue, firing, killing, revoking, and the agents' durables on EXEC."""

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
from kanade_host_jobs.pages import PAGES
from kanade_host_jobs.pc_records import ReplayRecords
from kanade_host_jobs.routes import ROUTES
from kanade_host_jobs.settings import JobsSettings
from kanade_host_jobs.work import SERVICE, Work, work_of

LINK_SECONDS = 0.5
SWEEP_SECONDS = 60.0
OVERRIDES_KEPT_SECONDS = 90 * 86_400
KEPT = ("jobs_killed", "jobs_freezes", "jobs_overrides", "jobs_approvals", "jobs_authors")
"""Nothing here is in a stream."""


@hookimpl
def kanade_settings() -> type[Settings]:
    return JobsSettings


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "migrations" / "sqlite", kept=KEPT)


@hookimpl
def kanade_subscriptions(settings: JobsSettings) -> Sequence[Subscription]:
    watched: list[Subscription] = [Watch("jobs"), Watch("script_status")]
    if settings.replay_durables:
        watched.append(Watch("agent_groups", on_change=_groups_changed))
    return watched


async def _groups_changed(ctx: Context, entry: Entry) -> None:
    del entry  # which PC it was matters less than that the others need no second look
    work_of(ctx).replay.groups_changed()


@hookimpl
def kanade_routes() -> Sequence[Route]:
    return ROUTES


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    work = Work(ctx)
    return {
        SERVICE: work,
        "jobs.catalog": work.catalog,
        "jobs.pc_records": ReplayRecords(ctx),
    }


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    work = work_of(ctx)
    return [
        Task("undelivered", work.undelivered.run),
        Task("batches", work.batches.run),
        Task("killed", work.killed.run),
        Task("replay-durables", work.replay.run),
        Task("link", lambda: _follow_link(ctx)),
        Sweep("jobs.decisions", lambda: _sweep(ctx), SWEEP_SECONDS),
    ]


async def _sweep(ctx: Context) -> int:
    work = work_of(ctx)
    touched = await work.approvals.sweep()
    before = ctx.clock.now() - OVERRIDES_KEPT_SECONDS
    return touched + await work.catalog.firing.gate.forget_overrides(before)


async def _follow_link(ctx: Context) -> None:
    """Answers kept from before the broker went away must not hide that it is away."""
    connected = ctx.bus.connected
    while True:
        await asyncio.sleep(LINK_SECONDS)
        if ctx.bus.connected != connected:
            connected = ctx.bus.connected
            ctx.changed("jobs")
            ctx.changed("kv:jobs")
            ctx.changed("kv:script_status")


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
