"""The levels over HTTP, under `/api/battery/`."""

from __future__ import annotations

import sqlite3

from kanade_battery.messages import Level, LevelsQuery
from kanade_host.plugin import HttpError, Instant, Permission, Request, Role, Route

READ = Permission("battery.read", Role.VIEWER)
ALL = "SELECT * FROM battery_levels ORDER BY pc_id"
LOW = "SELECT * FROM battery_levels WHERE percent <= ? ORDER BY percent, pc_id"
ONE = "SELECT * FROM battery_levels WHERE pc_id = ?"


async def levels(request: Request) -> list[Level]:
    """All PCs, or those whose battery is low, the emptiest first."""
    limit = request.ctx.settings.low_percent
    rows = await request.ctx.query(LOW, (limit,)) if request.query.low else await request.ctx.query(ALL)
    return [_level(row, limit) for row in rows]


async def level(request: Request) -> Level:
    """One PC; 404 when it never reported a battery."""
    rows = await request.ctx.query(ONE, (request.path["pc_id"],))
    if not rows:
        raise HttpError(404, "no battery level of that PC is known")
    return _level(rows[0], request.ctx.settings.low_percent)


def _level(row: sqlite3.Row, limit: float) -> Level:
    return Level(row["pc_id"], row["percent"], row["health"], Instant(row["at"]), row["percent"] <= limit)


ROUTES = (
    Route(
        "GET",
        "/api/battery/levels",
        levels,
        READ,
        "Battery levels of the fleet",
        query=LevelsQuery,
        response=list[Level],
        fresh=("battery",),
    ),
    Route(
        "GET",
        "/api/battery/levels/{pc_id}",
        level,
        READ,
        "The battery level of one PC",
        response=Level,
        fresh=("battery",),
        errors={404: "no battery level of that PC is known"},
    ),
)
