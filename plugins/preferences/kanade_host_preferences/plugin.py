"""What people keep on the server: preferences for themselves, and views for themselves or everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kanade_host.plugin import Migrations, Route, Settings, hookimpl
from kanade_host_preferences.routes import ROUTES


@hookimpl
def kanade_migrations() -> Migrations:
    """No stream can give them again."""
    return Migrations(
        Path(__file__).parent / "migrations" / "sqlite", kept=("preferences_values", "preferences_views")
    )


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001 -- the routes depend on none
    """Values and views."""
    return ROUTES
