"""What the authenticator and the routes share while the plugin runs."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kanade_host.plugin import Context, HttpError, OperatorError, Request, StoreUnavailable
from kanade_host_auth.bootstrap import seed_first_admin
from kanade_host_auth.directory import Directory
from kanade_host_auth.last_use import LastUse
from kanade_host_auth.passwords import Passwords
from kanade_host_auth.settings import AuthSettings
from kanade_host_auth.startup import Secrets, read_secrets
from kanade_host_auth.throttle import Allowance, Throttle
from kanade_host_auth.tokens import Tokens

SERVICE = "auth.core"
FAILURES_AUDITED_A_MINUTE = 120


class Core:
    """Made with the plugin's context; `secrets` and `tokens` are there once it has started."""

    def __init__(self, ctx: Context) -> None:
        settings: AuthSettings = ctx.settings
        self.ctx = ctx
        self.settings = settings
        self.directory = Directory(ctx)
        self.passwords = Passwords(settings.hash_threads)
        self.throttle = Throttle(settings.longest_delay)
        self.last_use = LastUse()
        self.audited_failures = Allowance(FAILURES_AUDITED_A_MINUTE)
        self._secrets: Secrets | None = None
        self._tokens: Tokens | None = None

    @property
    def secrets(self) -> Secrets:
        if self._secrets is None:
            raise OperatorError("the auth plugin has not started yet")
        return self._secrets

    @property
    def tokens(self) -> Tokens:
        if self._tokens is None:
            raise OperatorError("the auth plugin has not started yet")
        return self._tokens

    def now(self) -> int:
        """Unix seconds."""
        return self.ctx.clock.now().ns // 1_000_000_000

    async def hash(self, password: str) -> str:
        """A new password hash, or 500."""
        try:
            return await self.passwords.hash(password)
        except HttpError:
            raise
        except Exception as error:
            self.ctx.log.exception("a password could not be hashed")
            raise HttpError(500, "hash failed") from error

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The plugin's life: secrets, the first administrator; at the end the hashing threads go."""
        self._secrets = read_secrets(self.ctx)
        self._tokens = Tokens(self._secrets.jwt, self.settings.token_hours * 3600)
        try:
            await self.passwords.prepare()
            await seed_first_admin(self.ctx, self._secrets, self.passwords, self.settings.generate_admin)
            self.directory.forget()
            yield
        finally:
            self.passwords.close()
            await self._remember_last_use()

    async def _remember_last_use(self) -> None:
        try:
            await self.last_use.write(self.ctx)
        except (StoreUnavailable, sqlite3.Error) as error:
            self.ctx.log.warning("the last use of API tokens could not be written", error=str(error))


def core_of(ctx: Context) -> Core:
    """The core of this plugin's context."""
    return ctx.service(SERVICE, Core)


def core(request: Request) -> Core:
    """The core that serves this request."""
    return core_of(request.ctx)
