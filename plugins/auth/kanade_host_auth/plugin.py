"""The auth plugin: who may talk to the host, and the accounts that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from kanade_host.plugin import (
    Authenticator,
    Context,
    Job,
    Migrations,
    Page,
    Route,
    Settings,
    Sweep,
    Tx,
    hookimpl,
)
from kanade_host_auth.authenticator import BearerTokens
from kanade_host_auth.core import SERVICE, Core, core_of
from kanade_host_auth.last_use import EVERY
from kanade_host_auth.pages import PAGES
from kanade_host_auth.routes import ROUTES
from kanade_host_auth.settings import AuthSettings
from kanade_host_auth.statements import forget_revoked
from kanade_host_auth.token_routes import TOKEN_ROUTES
from kanade_host_auth.token_statements import forget_expired

_KEEP_REVOKED = 30 * 86_400  # seconds beyond the token's own end: a clock may be set back
_KEEP_ENDED = 90 * 86_400  # seconds: its owner shall still see why a program fails


@hookimpl
def kanade_settings() -> type[Settings]:
    return AuthSettings


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(
        Path(__file__).parent / "migrations" / "sqlite",
        kept=("users", "auth_revoked_tokens", "auth_not_before", "auth_api_tokens"),
    )


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001 -- the routes depend on none
    return (*ROUTES, *TOKEN_ROUTES)


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    return {SERVICE: Core(ctx)}


@hookimpl
def kanade_authenticators(ctx: Context) -> Sequence[Authenticator]:
    return [BearerTokens(ctx)]


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    async def forget_old_revocations() -> int:
        before = core_of(ctx).now() - _KEEP_REVOKED

        def work(tx: Tx) -> int:
            return forget_revoked(tx, before)

        return await ctx.write(work)

    async def write_last_use() -> int:
        return await core_of(ctx).last_use.write(ctx)

    async def forget_ended_tokens() -> int:
        before = core_of(ctx).now() - _KEEP_ENDED

        def work(tx: Tx) -> int:
            return forget_expired(tx, before)

        return await ctx.write(work)

    return [
        Sweep("revocations", forget_old_revocations, every=3600.0),
        Sweep("api-tokens", forget_ended_tokens, every=3600.0),
        Sweep("last-use", write_last_use, every=EVERY),
    ]


@hookimpl
def kanade_lifespan(ctx: Context) -> AbstractAsyncContextManager[None]:
    return core_of(ctx).running()


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
