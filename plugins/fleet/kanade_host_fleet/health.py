"""How the fleet and its broker are (`contract/http-jobs.md` 12.2 and 12.4).

Two other plugins are asked, and may be absent: then their numbers are zero.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kanade_host.plugin import Context, Instant, KanadeError, Request, Response, encode
from kanade_host_fleet.messages import (
    AgentCounts,
    FleetHealth,
    JetStreamHealth,
    JetStreamStatus,
    Presence,
    RecentResults,
)

if TYPE_CHECKING:
    from kanade_host_heartbeat.api import Agents
    from kanade_host_results.api import Executions

SERVICE = "fleet.health"
KEPT_SECONDS = 1.0
ALIVE_SECONDS = 120
WINDOW_HOURS = 24

STREAMS = ("INVENTORY", "RESULTS", "EXEC", "EVENTS", "AUDIT")
BUCKETS = ("script_current", "script_status", "agents_state", "agent_config", "agent_groups", "schedules")
STORES = ("agent_releases",)
OTHERS = {
    "OBS_EVENTS": "OBS_EVENTS",
    "jobs": "KV_jobs",
    "jobs_yaml": "KV_jobs_yaml",
    "schedules_yaml": "KV_schedules_yaml",
    "app_packages": "OBJ_app_packages",
    "scripts": "OBJ_scripts",
    "result_output": "OBJ_result_output",
}
"""What clients of 0.43.25 do not know; shown beside, so that their twelve stay twelve."""


def status_of(present: Mapping[str, bool]) -> JetStreamStatus:
    """The answer, from which streams there are."""
    return JetStreamStatus(
        [Presence(name, present.get(name, False)) for name in STREAMS],
        [Presence(name, present.get(f"KV_{name}", False)) for name in BUCKETS],
        [Presence(name, present.get(f"OBJ_{name}", False)) for name in STORES],
        [Presence(name, present.get(stream, False)) for name, stream in OTHERS.items()],
    )


async def jetstream_status(request: Request) -> JetStreamStatus:
    """Which resources there are; all of them missing when the broker is away."""
    return status_of(await request.ctx.bus.resources())


class Health:
    """Measures at most once a second, whoever asks: a fleet with one silent PC is degraded, which is
    503, and the host keeps no such answers.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._measuring = asyncio.Lock()
        self._answer: Response | None = None
        self._until = 0.0

    async def answer(self) -> Response:
        """The rollup; 503 when something is missing or somebody silent, with the same body."""
        async with self._measuring:
            if self._answer is None or time.monotonic() >= self._until:
                self._answer = await self._measured()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._answer

    async def _measured(self) -> Response:
        ctx = self._ctx
        now = ctx.clock.now()
        status = status_of(await ctx.bus.resources())
        agents, results, readable = await _counted(ctx, now)
        jetstream = _jetstream(status)
        word = _word(agents, jetstream, readable)
        health = FleetHealth(word, agents, jetstream, results, now, status.others)
        return Response.json(encode(health), 503 if word == "degraded" else 200)


async def fleet_health(request: Request) -> Response:
    """How the fleet is."""
    return await request.ctx.service(SERVICE, Health).answer()


def _jetstream(status: JetStreamStatus) -> JetStreamHealth:
    probes = status.streams + status.kv_buckets + status.object_stores
    missing = [probe.name for probe in probes if not probe.exists]
    return JetStreamHealth(not missing, len(probes) - len(missing), len(probes), missing)


async def _counted(ctx: Context, now: Instant) -> tuple[AgentCounts, RecentResults, bool]:
    """Numbers of the database, and whether it could be asked."""
    agents: Agents | None = ctx.find("heartbeat.agents")
    executions: Executions | None = ctx.find("results.executions")
    known = active = total = failed = 0
    try:
        if agents is not None:
            known, active = await agents.counts(now - ALIVE_SECONDS)
        if executions is not None:
            total, failed = await executions.recent(now - WINDOW_HOURS * 3600)
    except KanadeError as error:
        ctx.log.warning("fleet health: the database cannot be asked", reason=str(error))
        return AgentCounts(0, 0, 0), RecentResults(WINDOW_HOURS, 0, 0), False
    return (
        AgentCounts(known, active, max(known - active, 0)),
        RecentResults(WINDOW_HOURS, total, failed),
        True,
    )


def _word(agents: AgentCounts, jetstream: JetStreamHealth, readable: bool) -> str:
    if not readable or not jetstream.all_ok or agents.stale > 0:
        return "degraded"
    return "ok" if agents.known > 0 else "unknown"
