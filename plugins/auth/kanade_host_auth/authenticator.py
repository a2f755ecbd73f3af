"""Who asks: the decision order of `contract/http-fleet.md` 3.1, steps 1 and 4 to 7."""

from __future__ import annotations

import hmac

from kanade_host.plugin import Context, Credentials, NotMine, Principal, Refusal, Role, Verdict
from kanade_host_auth import api_token
from kanade_host_auth.core import Core, core_of
from kanade_host_auth.directory import Accounts
from kanade_host_auth.token_parts import InvalidToken

OPEN_ACCESS = Principal("auth-disabled", Role.ADMIN)
SERVICE = Principal("service-token", Role.ADMIN)
UNKNOWN = Refusal("unknown account")
DISABLED = Refusal("account disabled")
ENDED = Refusal("invalid token: Revoked")
EXPIRED = Refusal("invalid token: ExpiredSignature")
NO_TOKEN = Refusal("invalid token: unknown, or taken back")


def bearer_token(authorization: str | None) -> str | None:
    """The token of an Authorization header, or None when there is none in the contract's form."""
    if authorization is None or not authorization.startswith("Bearer "):
        return None
    if not (authorization.isascii() and authorization.isprintable()):
        return None
    return authorization[7:].strip(" ") or None


class BearerTokens:
    """The static service token, API tokens, and tokens that a log-in gave."""

    name = "auth"

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def authenticate(self, credentials: Credentials) -> Verdict:
        core = core_of(self._ctx)
        secrets = core.secrets
        if secrets.open_access:
            return OPEN_ACCESS
        token = bearer_token(credentials.authorization)
        if token is None:
            return NotMine()  # another one may know; when none does, the host says "missing bearer token"
        static = secrets.static_token
        if static is not None and hmac.compare_digest(token.encode(), static.encode()):
            return SERVICE
        shown = api_token.parts(token)
        if shown is not None:
            return _by_api_token(core, await core.directory.accounts(), *shown, credentials.remote)
        try:
            claims = core.tokens.validate(token, core.now())
        except InvalidToken as error:
            return Refusal(f"invalid token: {error}")
        accounts = await core.directory.accounts()
        account = accounts.by_name.get(claims.sub)
        if account is None or account.role is None:
            return UNKNOWN
        if account.disabled:
            return DISABLED
        if accounts.ended(claims.sub, claims.issued_at, claims.token_id):
            return ENDED
        return Principal(claims.sub, account.role, token_id=claims.token_id)


def _by_api_token(core: Core, accounts: Accounts, token_id: str, secret: str, remote: str) -> Verdict:
    """A token may do what it was made for, and never more than its owner may now."""
    token = accounts.api_tokens.get(token_id)
    if token is None or not token.opens_with(secret):
        return NO_TOKEN
    now = core.now()
    if token.expired(now):
        return EXPIRED
    owner = accounts.by_name.get(token.username)
    if owner is None or owner.role is None:
        return UNKNOWN
    if owner.disabled:
        return DISABLED
    core.last_use.note(token_id, now, remote)
    return Principal(owner.username, min(token.role, owner.role), token_id=token_id)
