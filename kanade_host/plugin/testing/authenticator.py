"""The kit's own plugin: a token names a role, or an account too. Only a test's host has it."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import (
    Authenticator,
    Context,
    Credentials,
    NotMine,
    Principal,
    Role,
    Verdict,
    hookimpl,
)


class RoleTokens:
    """`Bearer viewer`, `Bearer operator`, `Bearer admin`; everything else is for somebody else.

    The account is called `kit-viewer` and so on; `Bearer operator:vera` is another operator, `vera`.
    """

    name = "kit"

    async def authenticate(self, credentials: Credentials) -> Verdict:
        word = (credentials.authorization or "").removeprefix("Bearer ").strip()
        named, _, account = word.partition(":")
        role = Role.from_word(named)
        return Principal(account or f"kit-{named}", role) if role else NotMine()


@hookimpl
def kanade_authenticators(ctx: Context) -> Sequence[Authenticator]:
    """A role for whoever names it."""
    del ctx
    return [RoleTokens()]
