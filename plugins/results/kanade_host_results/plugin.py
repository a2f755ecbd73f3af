"""Results and executions: the hooks, which are the table of contents of this plugin."""

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
    Task,
    hookimpl,
)
from kanade_host_results.api import SERVICE
from kanade_host_results.executions import ExecutionsService
from kanade_host_results.held import held_names
from kanade_host_results.messages import EventStarted, ExecResult
from kanade_host_results.overflow import resolve
from kanade_host_results.pages import PAGES
from kanade_host_results.pc_records import ResultRecords
from kanade_host_results.rebuild import REBUILD
from kanade_host_results.results import apply_results
from kanade_host_results.routes import routes
from kanade_host_results.settings import ResultsSettings
from kanade_host_results.staging import Release
from kanade_host_results.started import apply_started
from kanade_host_results.sweeps import sweep

SWEEP_SECONDS = 300.0


@hookimpl
def kanade_settings() -> type[Settings]:
    """Retention, and how much of the output lists show."""
    return ResultsSettings


@hookimpl
def kanade_migrations() -> Migrations:
    """Executions are in no stream: only the rows of results come again by themselves."""
    return Migrations(
        Path(__file__).parent / "migrations" / "sqlite",
        kept=(
            "executions",
            "execution_plans",
            "execution_targets",
            "execution_unwanted",
            "execution_fires",
            "execution_staged",
            "execution_hold",
            "execution_batches",
            "result_successes",
            "result_forgotten",
        ),
        rebuild=REBUILD,
    )


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001
    """What agents say about runs: that they began, and how they ended. A rebuild replays them so too."""
    return [
        Projection(
            name="results.started",
            stream="EVENTS",
            durable="backend_events_projector",
            filter="events.started.>",
            message=EventStarted,
            apply=apply_started,
        ),
        Projection(
            name="results.results",
            stream="RESULTS",
            durable="backend_results_projector",
            message=ExecResult,
            prepare=resolve,
            apply=apply_results,
        ),
    ]


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001
    """Lists and details."""
    return routes()


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    """Firing, killing, counting."""
    return {
        SERVICE: ExecutionsService(ctx, Release(ctx)),
        "results.pc_records": ResultRecords(ctx),
    }


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    """What time decides, and what one transaction could not finish."""
    service = ctx.service(SERVICE, ExecutionsService)
    return [
        Task("results.release", service.release.run),
        Task("results.names", lambda: held_names(ctx).run(ctx)),
        Sweep("results.cleanup", lambda: sweep(ctx), SWEEP_SECONDS),
    ]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
