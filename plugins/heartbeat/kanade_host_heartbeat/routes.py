"""The HTTP routes of the heartbeat plugin (`contract/http-fleet.md` 6)."""

from __future__ import annotations

from kanade_host.plugin import HttpError, Request, Response, Route
from kanade_host_heartbeat import fleet_routes, leaving_routes, pc_routes
from kanade_host_heartbeat.fleet_routes import READ
from kanade_host_heartbeat.messages import AgentRow, AgentsQuery
from kanade_host_heartbeat.queries import list_agents, one_agent


async def agents(request: Request) -> Response:
    """All agents, or those that match; header `x-total-count` says how many there are in all."""
    body, total = await list_agents(request.ctx, request.query.q, request.query.limit)
    return Response(body, 200, "application/json", {"x-total-count": str(total)})


async def agent(request: Request) -> Response:
    """One agent; 404 with an empty body."""
    body = await one_agent(request.ctx, request.path["pc_id"])
    if body is None:
        raise HttpError(404)
    return Response.json(body)


ROUTES = (
    Route(
        "GET",
        "/api/agents",
        agents,
        READ,
        "Agents, the one heard last first",
        query=AgentsQuery,
        response=list[AgentRow],
        fresh=("agents",),
        fresh_for=1.0,
    ),
    Route(
        "GET",
        "/api/agents/{pc_id}",
        agent,
        READ,
        "One agent",
        response=AgentRow,
        fresh=("agents",),
        fresh_for=1.0,
        errors={404: "no heartbeat of that PC was ever received (empty)"},
    ),
    *fleet_routes.ROUTES,
    *pc_routes.ROUTES,
    *leaving_routes.ROUTES,
)
