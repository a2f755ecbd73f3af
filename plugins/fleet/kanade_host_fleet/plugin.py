"""The fleet plugin: groups, layered configuration, and how the fleet is."""

from __future__ import annotations

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
    Task,
    Watch,
    hookimpl,
)
from kanade_host_fleet import health, memberships, scopes
from kanade_host_fleet.api import DYNAMIC, INTERVALS, SERVICE
from kanade_host_fleet.dynamic import Dynamic, dynamic_of
from kanade_host_fleet.intervals import Intervals
from kanade_host_fleet.pages import PAGES
from kanade_host_fleet.pc_records import FleetRecords
from kanade_host_fleet.routes import ROUTES


@hookimpl
def kanade_migrations() -> Migrations:
    """Definitions of dynamic groups: people write them, so no stream gives them again."""
    return Migrations(Path(__file__).parent / "migrations" / "sqlite", kept=("fleet_dynamic_groups",))


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001 -- there are none
    return [
        Watch(memberships.BUCKET, on_change=_membership_changed),
        Watch(scopes.BUCKET, on_change=_layers_changed),
    ]


async def _membership_changed(ctx: Context, entry: Entry) -> None:
    await _layers_changed(ctx, entry)
    dynamic_of(ctx).membership_changed(entry)


async def _layers_changed(ctx: Context, entry: Entry) -> None:
    del entry  # many come at once: whoever follows looks at all of them, a moment later
    ctx.service(INTERVALS, Intervals).changed()


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001 -- there are none
    return ROUTES


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    return {
        SERVICE: memberships.Memberships(ctx),
        INTERVALS: Intervals(ctx),
        DYNAMIC: Dynamic(ctx),
        health.SERVICE: health.Health(ctx),
        "fleet.pc_records": FleetRecords(ctx),
    }


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    """The members of dynamic groups."""
    return [Task("dynamic-groups", dynamic_of(ctx).run)]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
