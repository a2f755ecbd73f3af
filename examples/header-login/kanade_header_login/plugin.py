"""Log-ins of a reverse proxy: the hooks, which are this plugin's table of contents."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kanade_header_login.authenticator import HeaderLogin
from kanade_header_login.settings import HeaderLoginSettings
from kanade_host.plugin import (
    Authenticator,
    Context,
    Permission,
    Request,
    Role,
    Route,
    Settings,
    hookimpl,
)

READ = Permission("header_login.me", Role.VIEWER)


class Me(msgspec.Struct, frozen=True):
    """Whom the host takes the caller for."""

    subject: str
    role: str


async def me(request: Request) -> Me:
    """The principal of this very request."""
    return Me(request.principal.subject, request.principal.role.word)


@hookimpl
def kanade_settings() -> type[Settings]:
    return HeaderLoginSettings


@hookimpl
def kanade_authenticators(ctx: Context) -> Sequence[Authenticator]:
    return [HeaderLogin(ctx.settings)]


@hookimpl
def kanade_routes() -> Sequence[Route]:
    return [Route("GET", "/api/header_login/me", me, READ, "Whom the host takes you for", response=Me)]
