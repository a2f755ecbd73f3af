"""The heartbeat plugin: who there is, and who is alive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kanade_host.plugin import Context, Migrations, Route, Settings, Subscription, hookimpl
from kanade_host_heartbeat.api import SERVICE
from kanade_host_heartbeat.projector import HEARTBEATS
from kanade_host_heartbeat.queries import StoredAgents
from kanade_host_heartbeat.routes import ROUTES


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "migrations" / "sqlite", kept=("agents",))


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001 -- there are none
    return [HEARTBEATS]


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001 -- there are none
    return ROUTES


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    return {SERVICE: StoredAgents(ctx)}
