"""The fleet plugin: groups, layered configuration, and how the fleet is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanade_host.plugin import Context, Entry, Page, Route, Settings, Subscription, Watch, hookimpl
from kanade_host_fleet import health, memberships, scopes
from kanade_host_fleet.api import INTERVALS, SERVICE
from kanade_host_fleet.intervals import Intervals
from kanade_host_fleet.pages import PAGES
from kanade_host_fleet.pc_records import FleetRecords
from kanade_host_fleet.routes import ROUTES


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001 -- there are none
    return [
        Watch(memberships.BUCKET, on_change=_layers_changed),
        Watch(scopes.BUCKET, on_change=_layers_changed),
    ]


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
        health.SERVICE: health.Health(ctx),
        "fleet.pc_records": FleetRecords(ctx),
    }


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
