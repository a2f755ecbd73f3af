"""What administrators do with accounts. Each change is one transaction, its audit record included."""

from __future__ import annotations

from collections.abc import Mapping

from kanade_host.plugin import HttpError, Instant, Request, Response, Role, Tx, audit
from kanade_host_auth import statements
from kanade_host_auth.bootstrap import forget_initial_password
from kanade_host_auth.core import Core, core
from kanade_host_auth.messages import AccountChange, AccountRow, NewAccount, RevokeQuery
from kanade_host_auth.passwords import MAX_BYTES, MIN_CHARS, too_long, too_short
from kanade_host_auth.storage import read, write

# Trimmed off a name, as upstream does; `str.strip()` would also take the separators U+001C to U+001F.
_WHITE_SPACE = "".join(
    one for one in map(chr, range(0x3001)) if one.isspace() and not "\x1c" <= one <= "\x1f"
)


async def list_accounts(request: Request) -> list[AccountRow]:
    sql = (
        "SELECT username, role, disabled, must_change_pw, created_at, updated_at FROM users"
        " ORDER BY username LIMIT 10000"
    )
    return [AccountRow(*row) for row in await read(request.ctx, sql)]


async def create_account(request: Request) -> Response:
    given = request.body
    assert isinstance(given, NewAccount)
    username = given.username.strip(_WHITE_SPACE)
    if not username:
        raise HttpError(400, "username required")
    _check_password(given.password)
    _check_role(given.role)
    auth = core(request)
    if await read(request.ctx, "SELECT 1 FROM users WHERE username = ?", (username,)):
        raise HttpError(409, "username already exists")  # before the hash, which costs 20 ms
    password_hash = await auth.hash(given.password)
    at = request.ctx.clock.now()

    def work(tx: Tx) -> None:
        statements.insert(tx, username, password_hash, given.role, at)
        _changed(request, tx, at, auth, "account.create", username, {"role": given.role})

    await write(request.ctx, work)
    return Response(status=201)


async def change_account(request: Request) -> None:
    given, username = request.body, request.path["username"]
    assert isinstance(given, AccountChange)
    if given.role is not None:
        _check_role(given.role)
    if given.password is not None:
        _check_password(given.password)
    auth = core(request)
    if not await read(request.ctx, "SELECT 1 FROM users WHERE username = ?", (username,)):
        raise HttpError(404, "no such account")
    password_hash = None if given.password is None else await auth.hash(given.password)
    at = request.ctx.clock.now()

    def work(tx: Tx) -> None:
        statements.require(tx, username)
        if given.role is not None:
            statements.set_role(tx, username, given.role, at)
        if given.disabled is not None:
            statements.set_disabled(tx, username, given.disabled, at)
        if password_hash is not None:
            statements.reset_password(tx, username, password_hash, at)
        payload = {
            "role": given.role,
            "disabled": given.disabled,
            "password_reset": password_hash is not None,
        }
        _changed(request, tx, at, auth, "account.update", username, payload)

    await write(request.ctx, work)
    if password_hash is not None and username == auth.secrets.bootstrap_user:
        forget_initial_password(request.ctx.data_dir)


async def delete_account(request: Request) -> None:
    auth, username, at = core(request), request.path["username"], request.ctx.clock.now()

    def work(tx: Tx) -> None:
        statements.delete(tx, username, at)
        _changed(request, tx, at, auth, "account.delete", username, {})

    await write(request.ctx, work)


async def revoke_tokens(request: Request) -> None:
    """End the sessions of an account: all, or the one with that id (audit action `login` names it)."""
    auth, username, at = core(request), request.path["username"], request.ctx.clock.now()
    query = request.query
    assert isinstance(query, RevokeQuery)
    token_id = query.token_id
    longest = auth.now() + auth.settings.token_hours * 3600

    def work(tx: Tx) -> None:
        statements.require(tx, username)
        if token_id is None:
            statements.end_tokens(tx, username, at)
        else:
            statements.revoke(tx, token_id, username, longest)
        _changed(request, tx, at, auth, "account.revoke", username, {"token_id": token_id})

    await write(request.ctx, work)


def _changed(
    request: Request,
    tx: Tx,
    at: Instant,
    auth: Core,
    action: str,
    username: str,
    payload: Mapping[str, object],
) -> None:
    tx.changed("accounts", username)
    tx.after_commit(auth.directory.forget)
    audit(tx, at, action, username, payload, actor="admin", caller=request.caller)


def _check_role(role: str) -> None:
    if Role.from_word(role) is None:
        raise HttpError(400, "role must be viewer/operator/admin")


def _check_password(password: str) -> None:
    if too_short(password):
        raise HttpError(400, f"password too short (min {MIN_CHARS} chars)")
    if too_long(password):
        raise HttpError(400, f"password too long (max {MAX_BYTES} bytes)")
