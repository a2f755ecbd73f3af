"""Observability events: the hooks, which are the table of contents of this plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kanade_host.plugin import (
    Context,
    Job,
    Migrations,
    Page,
    Projection,
    Route,
    Settings,
    Subscription,
    Sweep,
    hookimpl,
)
from kanade_host_obs import routes as http
from kanade_host_obs.messages import ObsEvent
from kanade_host_obs.pages import PAGES
from kanade_host_obs.pc_records import ObsRecords
from kanade_host_obs.projector import apply_events
from kanade_host_obs.rebuild import REBUILD
from kanade_host_obs.settings import ObsSettings
from kanade_host_obs.sweep import sweep


@hookimpl
def kanade_settings() -> type[Settings]:
    """How long events are kept."""
    return ObsSettings


@hookimpl
def kanade_migrations() -> Migrations:
    """The stream gives every row again, as far back as it reaches."""
    return Migrations(Path(__file__).parent / "migrations" / "sqlite", rebuild=REBUILD)


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001
    """What agents and their scripts report."""
    return [
        Projection(
            name="obs.events",
            stream="OBS_EVENTS",
            durable="backend_obs_events_projector",
            filter="obs.>",
            message=ObsEvent,
            apply=apply_events,
        )
    ]


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001
    """The timeline."""
    return http.routes()


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    """Its part when a PC gets another id."""
    return {"obs.pc_records": ObsRecords(ctx)}


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    """Retention."""
    return [Sweep("obs.retention", lambda: sweep(ctx))]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
