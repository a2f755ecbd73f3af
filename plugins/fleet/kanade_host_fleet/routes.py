"""The HTTP routes of the fleet plugin."""

from __future__ import annotations

from kanade_host.plugin import Permission, Role, Route
from kanade_host_fleet import dynamic_routes, groups, scopes
from kanade_host_fleet.agents import PING_SECONDS_AT_MOST, logs, ping
from kanade_host_fleet.effective import effective_config
from kanade_host_fleet.health import fleet_health, jetstream_status
from kanade_host_fleet.layers import Layers, config_layers
from kanade_host_fleet.messages import (
    AddToGroup,
    AgentGroups,
    ConfigScope,
    EffectiveAnswer,
    FleetHealth,
    GroupList,
    JetStreamStatus,
    LogsQuery,
    PingAnswer,
    PingQuery,
)
from kanade_host_fleet.revisions import ScopeRevisions, scope_revisions

GROUPS_READ = Permission("groups.read", Role.VIEWER)
GROUPS_WRITE = Permission("groups.write", Role.OPERATOR)
CONFIG_READ = Permission("config.read", Role.VIEWER)
CONFIG_WRITE = Permission("config.write", Role.OPERATOR)
LOGS = Permission("agents.logs", Role.VIEWER)
PING = Permission("agents.ping", Role.OPERATOR)
HEALTH = Permission("fleet.health", Role.VIEWER)

_AWAY = {503: "the broker is away or the bucket is missing; the text says which"}
_READ = {**_AWAY, 400: "the name cannot be a key", 500: "the stored document does not decode"}
_WRITE = {**_AWAY, 400: "a name or value cannot be used; the text says why", 412: "changed by somebody else"}


def _scope_routes(path: str, key_of: scopes.KeyOf, of: str) -> list[Route]:
    return [
        Route(
            "GET",
            path,
            scopes.get_scope(key_of),
            CONFIG_READ,
            f"The configuration {of}; empty where none is set",
            response=ConfigScope,
            errors=_READ,
        ),
        Route(
            "PUT",
            path,
            scopes.put_scope(key_of),
            CONFIG_WRITE,
            f"Replace the configuration {of}",
            request=ConfigScope,
            response=ConfigScope,
            audits=("config_set",),
            errors=_WRITE,
        ),
        Route(
            "GET",
            f"{path}/revisions",
            scope_revisions(key_of),
            CONFIG_READ,
            f"What the configuration {of} was before, newest first",
            response=ScopeRevisions,
            errors=_READ,
        ),
    ]


def _scope_removal(path: str, key_of: scopes.KeyOf, of: str) -> Route:
    return Route(
        "DELETE",
        path,
        scopes.delete_scope(key_of),
        CONFIG_WRITE,
        f"Remove the configuration {of}",
        status=204,
        audits=("config_clear",),
        errors=_WRITE,
    )


_GROUP, _PC = "/api/groups/{name}/config", "/api/pcs/{pc_id}/config"
_MEMBERSHIP = "/api/agents/{pc_id}/groups"

ROUTES = (
    *_scope_routes("/api/config", scopes.global_key, "of all agents"),
    *_scope_routes(_GROUP, scopes.group_key, "of a group"),
    _scope_removal(_GROUP, scopes.group_key, "of a group"),
    *_scope_routes(_PC, scopes.pc_key, "of one PC"),
    _scope_removal(_PC, scopes.pc_key, "of one PC"),
    Route(
        "GET",
        "/api/agents/{pc_id}/effective_config",
        effective_config,
        CONFIG_READ,
        "What one PC is configured to do, all layers together",
        response=EffectiveAnswer,
        errors=_READ,
    ),
    Route(
        "GET",
        "/api/agents/{pc_id}/config_layers",
        config_layers,
        CONFIG_READ,
        "Each layer of one PC's configuration, and what comes out",
        response=Layers,
        errors=_READ,
    ),
    Route(
        "GET",
        _MEMBERSHIP,
        groups.groups_of_agent,
        GROUPS_READ,
        "The groups of one PC",
        response=AgentGroups,
        errors=_READ,
    ),
    Route(
        "PUT",
        _MEMBERSHIP,
        groups.set_groups,
        GROUPS_WRITE,
        "Put a PC into exactly these groups",
        request=AgentGroups,
        response=AgentGroups,
        audits=("groups_set",),
        errors=_WRITE,
    ),
    Route(
        "POST",
        _MEMBERSHIP,
        groups.add_to_group,
        GROUPS_WRITE,
        "Put a PC into one more group",
        request=AddToGroup,
        response=AgentGroups,
        audits=("group_add",),
        errors=_READ,
    ),
    Route(
        "DELETE",
        _MEMBERSHIP + "/{group}",
        groups.remove_from_group,
        GROUPS_WRITE,
        "Take a PC out of a group",
        response=AgentGroups,
        audits=("group_remove",),
        errors=_READ,
    ),
    Route(
        "GET",
        "/api/groups",
        groups.all_groups,
        GROUPS_READ,
        "Every group with its members",
        response=GroupList,
        errors=_AWAY,
    ),
    Route(
        "GET",
        "/api/agents/{pc_id}/logs",
        logs,
        LOGS,
        "The end of an agent's log, as text",
        query=LogsQuery,
        errors={502: "the agent is not connected", 503: "the broker is away", 504: "the agent is silent"},
    ),
    Route(
        "POST",
        "/api/agents/{pc_id}/ping",
        ping,
        PING,
        "Ask an agent for a heartbeat now",
        query=PingQuery,
        response=PingAnswer,
        audits=("ping",),
        errors={408: "the agent does not answer", 500: "its answer does not decode", 503: "broker away"},
        time_limit=PING_SECONDS_AT_MOST + 10.0,
    ),
    Route(
        "GET",
        "/api/health/fleet",
        fleet_health,
        HEALTH,
        "Agents, broker resources and recent results at a glance",
        response=FleetHealth,
        errors={503: "degraded: the same body"},
    ),
    Route(
        "GET",
        "/api/jetstream/status",
        jetstream_status,
        HEALTH,
        "Which streams, buckets and object stores there are",
        response=JetStreamStatus,
        fresh_for=1.0,
    ),
    *dynamic_routes.ROUTES,
)
