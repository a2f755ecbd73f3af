"""The heartbeat plugin: who there is, and who is alive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kanade_host.plugin import (
    Context,
    Job,
    Migrations,
    Page,
    Route,
    Settings,
    Subscription,
    Sweep,
    Task,
    hookimpl,
)
from kanade_host_heartbeat.api import SELECTION, SERVICE
from kanade_host_heartbeat.doubles import Doubles
from kanade_host_heartbeat.moves import MOVES, Moves
from kanade_host_heartbeat.online import Intervals
from kanade_host_heartbeat.pages import PAGES
from kanade_host_heartbeat.projector import heartbeats
from kanade_host_heartbeat.queries import StoredAgents
from kanade_host_heartbeat.routes import ROUTES
from kanade_host_heartbeat.selecting import FleetSelection
from kanade_host_heartbeat.sweep import sweep

KEPT = (
    "agents",
    "heartbeat_intervals",
    "heartbeat_attributes",
    "heartbeat_doubles",
    "heartbeat_retired",
    "heartbeat_moves",
)


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "migrations" / "sqlite", kept=KEPT)


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001 -- there are none
    return [heartbeats(Doubles())]


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001 -- there are none
    return ROUTES


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    return {SERVICE: StoredAgents(ctx), SELECTION: FleetSelection(ctx), MOVES: Moves(ctx)}


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    return [
        Task("intervals", Intervals(ctx).run),
        Task("moves", ctx.service(MOVES, Moves).run),
        Sweep("heartbeat.retention", lambda: sweep(ctx)),
    ]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
