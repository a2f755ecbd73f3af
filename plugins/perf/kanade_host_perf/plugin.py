"""Performance samples: the hooks, which are the table of contents of this plugin."""

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
    Samples,
    Settings,
    Subscription,
    Sweep,
    hookimpl,
)
from kanade_host_perf import routes as http
from kanade_host_perf.busiest import REFRESH_SECONDS, SERVICE, Busiest
from kanade_host_perf.messages import HostPerf, ProcessPerf
from kanade_host_perf.pages import PAGES
from kanade_host_perf.pc_records import PerfRecords
from kanade_host_perf.rollups import catch_up
from kanade_host_perf.samples import apply_hosts, apply_processes
from kanade_host_perf.settings import PerfSettings
from kanade_host_perf.sweep import sweep

CATCH_UP_SECONDS = 5.0


@hookimpl
def kanade_settings() -> type[Settings]:
    """How long samples are kept."""
    return PerfSettings


@hookimpl
def kanade_migrations() -> Migrations:
    """Samples are on no stream: nothing gives a lost one again, nor the sums of those that are gone."""
    return Migrations(
        Path(__file__).parent / "migrations" / "sqlite",
        kept=(
            "host_perf_samples",
            "process_perf_samples",
            "perf_host_rollups",
            "perf_fleet_rollups",
            "perf_rolled",
        ),
    )


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001
    """What agents measure."""
    return [
        Samples("perf.hosts", subject="host_perf.>", message=HostPerf, apply=apply_hosts),
        Samples("perf.processes", subject="process_perf.>", message=ProcessPerf, apply=apply_processes),
    ]


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001
    """Charts, lists and snapshots."""
    return http.routes()


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    """The lists that are kept ready; its part when a PC gets another id."""
    return {SERVICE: Busiest(ctx), "perf.pc_records": PerfRecords(ctx)}


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    """Retention, samples that came past this plugin, and the lists that are kept ready."""
    return [
        Sweep("perf.retention", lambda: sweep(ctx)),
        Sweep("perf.rollups", lambda: catch_up(ctx), CATCH_UP_SECONDS),
        Sweep("perf.busiest", ctx.service(SERVICE, Busiest).refresh, REFRESH_SECONDS),
    ]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
