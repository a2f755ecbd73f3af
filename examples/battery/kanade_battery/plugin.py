"""Battery levels of the fleet: the hooks, which are this plugin's table of contents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kanade_battery.projector import LEVELS
from kanade_battery.routes import READ, ROUTES
from kanade_battery.settings import BatterySettings
from kanade_host.plugin import Migrations, Page, Route, Settings, Subscription, hookimpl


@hookimpl
def kanade_settings() -> type[Settings]:
    return BatterySettings


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "migrations" / "sqlite")


@hookimpl
def kanade_subscriptions() -> Sequence[Subscription]:
    return [LEVELS]


@hookimpl
def kanade_routes() -> Sequence[Route]:
    return ROUTES


@hookimpl
def kanade_pages() -> Sequence[Page]:
    return [
        Page(
            "battery.levels",
            {"en": "Batteries", "ja": "バッテリー"},
            section="fleet",
            path="/battery",
            permission=READ.name,
            module="levels.js",
        ),
        Page(
            "battery.low",
            {"en": "Low batteries", "ja": "残量の少ないバッテリー"},
            kind="card",
            permission=READ.name,
            module="low.js",
        ),
    ]
