"""What people do with API tokens: make, list and take back their own; administrators see and end all."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from kanade_host.plugin import HttpError, Instant, Request, Response, Role, Tx, audit, encode
from kanade_host_auth import api_token, token_statements
from kanade_host_auth.api_token import ApiToken
from kanade_host_auth.authenticator import bearer_token
from kanade_host_auth.core import Core, core
from kanade_host_auth.messages import ApiTokenRow, MadeApiToken, NewApiToken
from kanade_host_auth.storage import read, write

NAME_CHARS = 100
_DAY = 86_400
_ROWS = (
    "SELECT token_id, name, username, role, created_at, expires_at, last_used_at, last_used_from"
    " FROM auth_api_tokens"
)


async def make_token(request: Request) -> Response:
    """The answer is the only place where the whole token ever stands."""
    given = request.body
    assert isinstance(given, NewApiToken)
    _refuse_tokens(request)
    auth, owner = core(request), request.principal
    token_id, secret = api_token.fresh()
    token = ApiToken(
        token_id,
        owner.subject,
        _name(given.name),
        _role(given.role, owner.role),
        api_token.digest(secret),
        _end(given, auth),
    )
    at, now = request.ctx.clock.now(), auth.now()

    def work(tx: Tx) -> None:
        token_statements.insert(tx, token, now)
        payload = {
            "token_id": token_id,
            "name": token.name,
            "role": token.role.word,
            "expires_at": _wire(token.expires_at),
        }
        _changed(request, tx, at, auth, "api_token.create", token.username, payload)

    await write(request.ctx, work)
    row = ApiTokenRow(
        token_id, token.name, token.username, token.role.word, _moment(now), _moment(token.expires_at)
    )
    return Response.json(encode(MadeApiToken(api_token.written(token_id, secret), row)), 201)


async def own_tokens(request: Request) -> list[ApiTokenRow]:
    """Of whoever asks, the newest first."""
    sql = f"{_ROWS} WHERE username = ? ORDER BY created_at DESC, token_id"
    return [_row(request, row) for row in await read(request.ctx, sql, (request.principal.subject,))]


async def all_tokens(request: Request) -> list[ApiTokenRow]:
    """Of all accounts, by owner."""
    sql = f"{_ROWS} ORDER BY username, created_at DESC, token_id"
    return [_row(request, row) for row in await read(request.ctx, sql)]


async def take_back_own(request: Request) -> None:
    """End one of the own tokens."""
    await _take_back(request, request.principal.subject)


async def take_back_any(request: Request) -> None:
    """End a token, whoever has it."""
    await _take_back(request, None)


async def _take_back(request: Request, username: str | None) -> None:
    auth, token_id, at = core(request), request.path["token_id"], request.ctx.clock.now()

    def work(tx: Tx) -> None:
        owner, name = token_statements.take_back(tx, token_id, username)
        _changed(request, tx, at, auth, "api_token.delete", owner, {"token_id": token_id, "name": name})

    await write(request.ctx, work)


def _changed(
    request: Request, tx: Tx, at: Instant, auth: Core, action: str, owner: str, payload: Mapping[str, object]
) -> None:
    tx.changed("api-tokens", owner)
    tx.after_commit(auth.directory.forget)
    audit(tx, at, action, owner, payload, actor="admin", caller=request.caller)


def _refuse_tokens(request: Request) -> None:
    """A token that leaked must not be able to outlive itself."""
    shown = bearer_token(request.headers.get("authorization"))
    if shown is not None and api_token.parts(shown) is not None:
        raise HttpError(403, "an API token makes no API tokens: log in with a password")


def _name(name: str) -> str:
    name = name.strip()
    if not name:
        raise HttpError(400, "name required")
    if len(name) > NAME_CHARS or not name.isprintable():
        raise HttpError(400, f"name must be printable, {NAME_CHARS} characters at most")
    return name


def _role(word: str | None, most: Role) -> Role:
    role = most if word is None else Role.from_word(word)
    if role is None:
        raise HttpError(400, "role must be viewer/operator/admin")
    if role > most:
        raise HttpError(400, f"role must not be above your own ({most.word})")
    return role


def _end(given: NewApiToken, auth: Core) -> int | None:
    days, longest = given.expires_in_days, auth.settings.api_token_days
    if days is None:
        if longest:
            raise HttpError(400, f"expires_in_days must be a number from 1 to {longest}")
        return None
    if days < 1 or (longest and days > longest) or days > 3660:
        raise HttpError(400, f"expires_in_days must be a number from 1 to {longest or 3660}")
    return auth.now() + days * _DAY


def _row(request: Request, row: sqlite3.Row) -> ApiTokenRow:
    token_id, name, username, role, created, expires, used, used_from = row
    newest = core(request).last_use.newest(str(token_id))
    if newest is not None:
        used, used_from = newest
    return ApiTokenRow(
        str(token_id),
        str(name),
        str(username),
        str(role),
        _moment(created),
        _moment(expires),
        _moment(used),
        None if used_from is None else str(used_from),
    )


def _moment(seconds: object) -> Instant | None:
    return Instant.from_ns(seconds * 1_000_000_000) if isinstance(seconds, int) else None


def _wire(seconds: int | None) -> str | None:
    moment = _moment(seconds)
    return None if moment is None else moment.wire
