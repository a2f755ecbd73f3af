"""HTTP: performance (`contract/http-jobs.md` 10). All errors of the query beyond its types are empty."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from kanade_host.plugin import HttpError, Permission, Request, Role, Route
from kanade_host_perf import fleet, one_pc, silences

READ = Permission("perf.read", Role.VIEWER)
ERRORS = {400: "unknown metric, bad step, empty or too long window (empty)", 500: "database error (empty)"}
Handler = Callable[[Request], Awaitable[Any]]


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: Request) -> Any:
        try:
            return await handler(request)
        except sqlite3.Error as error:
            raise HttpError(500) from error

    guarded.__doc__ = handler.__doc__
    return guarded


def _route(path: str, handler: Handler, summary: str, topic: str, query: Any, response: Any) -> Route:
    return Route(
        "GET",
        path,
        _guarded(handler),
        READ,
        summary,
        query=query,
        response=response,
        fresh=(topic,),
        fresh_for=1.0,
        errors=ERRORS,
        tags=("performance",),
    )


def routes() -> Sequence[Route]:
    """The plugin's routes."""
    pc = "/api/agents/{pc_id}"
    return [
        _route(
            f"{pc}/perf",
            one_pc.host_series,
            "One host over time",
            "perf",
            one_pc.HostQuery,
            one_pc.HostSeries,
        ),
        _route(
            f"{pc}/silences",
            silences.silences,
            "When a PC sent no samples",
            "perf",
            silences.SilencesQuery,
            silences.Silences,
        ),
        _route(
            f"{pc}/processes", one_pc.snapshot, "A PC's processes now", "processes", None, one_pc.Snapshot
        ),
        _route(
            f"{pc}/processes/timeline",
            one_pc.timeline,
            "A PC's busiest processes over time",
            "processes",
            one_pc.TimelineQuery,
            one_pc.Timeline,
        ),
        _route(
            "/api/perf/fleet",
            fleet.fleet_series,
            "One metric of the fleet over time",
            "perf",
            fleet.FleetQuery,
            fleet.FleetSeries,
        ),
        _route("/api/perf/top", fleet.top, "The busiest PCs", "perf", fleet.TopQuery, fleet.Top),
        _route(
            "/api/perf/active-investigations",
            fleet.investigations,
            "PCs that send snapshots of their processes",
            "processes",
            None,
            fleet.Investigations,
        ),
    ]
