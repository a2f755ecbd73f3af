"""The accounts and their API tokens in memory, because each request asks for one.

All writes to these tables go through this plugin, on one writer, so a copy that is dropped after each of
our own commits is exact. It is loaded when it is first needed: as long as that fails, the question
fails with `StoreUnavailable` (503, because clients log out on 401).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kanade_host.plugin import Context, Role
from kanade_host_auth.api_token import ApiToken


@dataclass(frozen=True, slots=True)
class Account:
    """What a request has to know about an account. `role` None: the column holds no known word."""

    username: str
    role: Role | None
    disabled: bool
    must_change_pw: bool


@dataclass(frozen=True, slots=True)
class NotBefore:
    """Tokens issued before that Unix second are ended, but for the one with that id."""

    moment: int
    except_token: str | None


@dataclass(frozen=True, slots=True)
class Accounts:
    """One state of the tables."""

    by_name: dict[str, Account]
    not_before: dict[str, NotBefore]
    revoked: frozenset[str]
    api_tokens: dict[str, ApiToken]

    def ended(self, username: str, issued_at: int, token_id: str) -> bool:
        """Whether that token was ended before its time."""
        if token_id in self.revoked:
            return True
        bound = self.not_before.get(username)
        return bound is not None and issued_at < bound.moment and token_id != bound.except_token

    def earliest(self, username: str) -> int:
        """The earliest moment of issue that a new token of that user may carry."""
        bound = self.not_before.get(username)
        return bound.moment if bound is not None else 0


class Directory:
    """Keeps the newest `Accounts`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = asyncio.Lock()
        self._accounts: Accounts | None = None
        self._stale = 0

    def forget(self) -> None:
        """The tables changed: load again at the next question."""
        self._stale += 1
        self._accounts = None

    async def accounts(self) -> Accounts:
        """The newest committed state. Raises `StoreUnavailable`."""
        if self._accounts is not None:
            return self._accounts
        async with self._lock:
            while self._accounts is None:
                stale = self._stale
                loaded = await self._load()
                if stale == self._stale:  # else a commit came in between: what was read is old
                    self._accounts = loaded
            return self._accounts

    async def _load(self) -> Accounts:
        users = await self._ctx.query("SELECT username, role, disabled, must_change_pw FROM users")
        bounds = await self._ctx.query("SELECT username, not_before, except_token FROM auth_not_before")
        revoked = await self._ctx.query("SELECT token_id FROM auth_revoked_tokens")
        api_tokens = await self._api_tokens()
        return Accounts(
            {
                name: Account(name, Role.from_word(role), bool(disabled), bool(must_change))
                for name, role, disabled, must_change in users
            },
            {name: NotBefore(moment, token) for name, moment, token in bounds},
            frozenset(token for (token,) in revoked),
            api_tokens,
        )

    async def _api_tokens(self) -> dict[str, ApiToken]:
        rows = await self._ctx.query(
            "SELECT token_id, username, name, role, secret_sha256, expires_at FROM auth_api_tokens"
        )
        found = {}
        for token_id, username, name, word, secret, expires_at in rows:
            role = Role.from_word(word)
            if role is not None:
                found[token_id] = ApiToken(token_id, username, name, role, bytes(secret), expires_at)
        return found
