"""The kit's own plugin: a token is the name of a role. Never installed, only handed to a test's host."""

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
    """`Bearer viewer`, `Bearer operator`, `Bearer admin`; everything else is for somebody else."""

    name = "kit"

    async def authenticate(self, credentials: Credentials) -> Verdict:
        word = (credentials.authorization or "").removeprefix("Bearer ").strip()
        role = Role.from_word(word)
        return Principal(f"kit-{word}", role) if role else NotMine()


@hookimpl
def kanade_authenticators(ctx: Context) -> Sequence[Authenticator]:
    """A role for whoever names it."""
    del ctx
    return [RoleTokens()]
