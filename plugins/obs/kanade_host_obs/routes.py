"""HTTP: the timeline of events (`contract/http-jobs.md` 11)."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import msgspec

from kanade_host.plugin import I64, HttpError, Permission, Request, Role, Route
from kanade_host_obs import queries
from kanade_host_obs.histogram import Histogram, HistogramQuery, histogram
from kanade_host_obs.queries import Event, EventQuery

READ = Permission("obs.read", Role.VIEWER)
MOST = 5_000
T = TypeVar("T")


class RecentQuery(msgspec.Struct, frozen=True):
    """How many of the newest."""

    limit: I64 = 50


class Events(msgspec.Struct, frozen=True):
    """Newest first."""

    events: list[Event]


class Kinds(msgspec.Struct, frozen=True):
    """Ascending."""

    kinds: list[str]


async def list_events(request: Request) -> Events:
    """The newest events that pass the filters."""
    query: EventQuery = request.query
    _check(query.limit)
    return Events(await _read(queries.events(request.ctx, query)))


async def recent_events(request: Request) -> Events:
    """The newest events of the fleet."""
    query: RecentQuery = request.query
    _check(query.limit)
    return Events(await _read(queries.events(request.ctx, EventQuery(limit=query.limit))))


async def list_kinds(request: Request) -> Kinds:
    """The kinds that there are events of."""
    return Kinds(await _read(queries.kinds(request.ctx)))


async def count_events(request: Request) -> Histogram:
    """Events by time and by kind, PC or source."""
    return await _read(histogram(request.ctx, request.query, request.ctx.clock.now()))


def _check(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise HttpError(400)


async def _read(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except sqlite3.Error as error:
        raise HttpError(500) from error


def routes() -> Sequence[Route]:
    """The plugin's routes."""
    errors = {400: "limit is not in 1 to 5000 (empty), or a bad query", 500: "database error (empty)"}
    return [
        Route(
            "GET",
            "/api/obs_events",
            list_events,
            READ,
            "The newest events, filtered by PC, kind, source, time and kind of logon",
            query=EventQuery,
            response=Events,
            fresh=("obs",),
            errors=errors,
            tags=("events",),
        ),
        Route(
            "GET",
            "/api/obs_events/recent",
            recent_events,
            READ,
            "The newest events of the fleet",
            query=RecentQuery,
            response=Events,
            fresh=("obs",),
            errors=errors,
            tags=("events",),
        ),
        Route(
            "GET",
            "/api/obs_events/histogram",
            count_events,
            READ,
            "How many events when, by kind, PC or source; filters as the list has them",
            query=HistogramQuery,
            response=Histogram,
            fresh=("obs",),
            fresh_for=2.0,
            errors={
                400: "an empty range, a bad step, or more than 1000 steps",
                500: "database error (empty)",
            },
            tags=("events",),
        ),
        Route(
            "GET",
            "/api/obs_events/kinds",
            list_kinds,
            READ,
            "The kinds of events that there are",
            response=Kinds,
            fresh=("obs",),
            errors={500: "database error (empty)"},
            tags=("events",),
        ),
    ]
