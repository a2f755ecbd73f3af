"""What a plugin may implement. Each hook is a function in the plugin's entry-point module.

A plugin hands over data; the host checks the whole set for conflicts before anything starts, and
then runs it. Hooks are called one plugin at a time: what one raises is that plugin's failure alone.
None of them may be `async`, none may talk to the network or the database: `kanade_lifespan` is
where a plugin does something when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import click
import pluggy

from kanade_host.plugin.authenticators import Authenticator
from kanade_host.plugin.context import Context
from kanade_host.plugin.migrations import Migrations
from kanade_host.plugin.pages import Page
from kanade_host.plugin.resources import Resource
from kanade_host.plugin.routes import Route
from kanade_host.plugin.settings import Settings
from kanade_host.plugin.subscriptions import Subscription
from kanade_host.plugin.tasks import Job

PROJECT = "kanade_host"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def kanade_settings() -> type[Settings]:  # type: ignore[empty-body]
    """Return the struct of `[plugins.NAME]`; an unknown key is an error with a suggestion."""


@hookspec
def kanade_migrations() -> Migrations:  # type: ignore[empty-body]
    """Return the folder of this plugin's migrations and the tables that no stream can give again."""


@hookspec
def kanade_resources(settings: Settings) -> Sequence[Resource]:  # type: ignore[empty-body]
    """Return streams, buckets and object stores that must exist beside those of the wire contract."""


@hookspec
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # type: ignore[empty-body]
    """Return the projections, samples and watches that feed this plugin."""


@hookspec
def kanade_routes(settings: Settings) -> Sequence[Route]:  # type: ignore[empty-body]
    """Return the HTTP routes; dispatch, OpenAPI and the role matrix come from them."""


@hookspec
def kanade_services(ctx: Context) -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return what this plugin offers to others, by name (`"jobs.catalog"`)."""


@hookspec
def kanade_tasks(ctx: Context) -> Sequence[Job]:  # type: ignore[empty-body]
    """Return supervised loops and periodic sweeps."""


@hookspec
def kanade_authenticators(ctx: Context) -> Sequence[Authenticator]:  # type: ignore[empty-body]
    """Return who turns a request into a principal."""


@hookspec
def kanade_pages(settings: Settings) -> Sequence[Page]:  # type: ignore[empty-body]
    """Return pages, dashboard cards and agent panels of the web interface."""


@hookspec
def kanade_site(settings: Settings) -> Path:  # type: ignore[empty-body]
    """Return the folder whose files answer what is no API route; one plugin at most has a site."""


@hookspec
def kanade_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Return sub-commands of `kanade-host`."""


@hookspec
def kanade_lifespan(ctx: Context) -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Return an async context manager that is entered when the plugin starts and left when it stops."""
