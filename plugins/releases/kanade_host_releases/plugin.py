"""The releases plugin: what agents and scripts fetch from the broker's object stores."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import Context, Job, Page, Route, Settings, hookimpl
from kanade_host_releases.orphans import sweep
from kanade_host_releases.pages import PAGES
from kanade_host_releases.routes import routes
from kanade_host_releases.settings import ReleasesSettings


@hookimpl
def kanade_settings() -> type[Settings]:
    return ReleasesSettings


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001 -- none of them changes a route
    return routes()


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    return [sweep(ctx)]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
