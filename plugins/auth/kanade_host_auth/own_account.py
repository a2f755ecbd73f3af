"""Log-in, and what everybody may do with the own account."""

from __future__ import annotations

import sqlite3

from kanade_host.plugin import HttpError, Request, Role, StoreUnavailable, Tx, audit
from kanade_host_auth import statements
from kanade_host_auth.authenticator import bearer_token
from kanade_host_auth.bootstrap import forget_initial_password
from kanade_host_auth.core import Core, core
from kanade_host_auth.messages import ChangePassword, Login, LoginAnswer, Me
from kanade_host_auth.passwords import MAX_BYTES, MIN_CHARS, too_long, too_short
from kanade_host_auth.storage import read, write
from kanade_host_auth.token_parts import InvalidToken

_NAME_IN_AUDIT = 256


async def log_in(request: Request) -> LoginAnswer:
    """The same answer, in the same time, for a wrong password, an unknown and a disabled account."""
    auth, given = core(request), request.body
    assert isinstance(given, Login)
    async with auth.throttle.attempt(given.username, request.remote) as attempt:
        sql = "SELECT password_hash, role, disabled, must_change_pw FROM users WHERE username = ?"
        rows = await read(request.ctx, sql, (given.username,), "auth backend unavailable")
        enabled = [row for row in rows if not row["disabled"]]
        stored = enabled[0]["password_hash"] if enabled else None
        if not await auth.passwords.verify(stored, given.password):
            attempt.failed()
            await _note_failure(request, auth, given.username)
            raise HttpError(401, "invalid credentials")
        attempt.succeeded()
    return await _token(request, auth, given.username, enabled[0])


async def _token(request: Request, auth: Core, username: str, row: sqlite3.Row) -> LoginAnswer:
    role = Role.from_word(row["role"])
    if role is None:
        raise HttpError(500, "corrupt role")
    try:
        accounts = await auth.directory.accounts()
    except (StoreUnavailable, sqlite3.Error) as error:
        raise HttpError(500, "auth backend unavailable") from error
    token, claims = auth.tokens.mint(username, role, auth.now(), accounts.earliest(username))
    payload = {"role": role.word, "token_id": claims.token_id, "remote": request.remote}
    await _audit_softly(request, "login", username, payload)
    return LoginAnswer(token, role.word, bool(row["must_change_pw"]), claims.exp)


async def _note_failure(request: Request, auth: Core, username: str) -> None:
    name = username[:_NAME_IN_AUDIT]
    request.ctx.log.warning("log-in failed", username=name, remote=request.remote)
    if auth.audited_failures.take():  # whoever guesses must not be able to fill the audit stream
        await _audit_softly(request, "login_failed", name, {"remote": request.remote})


async def _audit_softly(request: Request, action: str, username: str, payload: dict[str, str]) -> None:
    """A full disk must not keep out the administrator who could make room."""
    try:
        await request.audit(action, username, payload, actor="admin")
    except (StoreUnavailable, sqlite3.Error) as error:
        request.ctx.log.error("a log-in could not be audited", action=action, error=str(error))


async def me(request: Request) -> Me:
    principal = request.principal
    try:
        accounts = await core(request).directory.accounts()
    except (StoreUnavailable, sqlite3.Error) as error:
        raise HttpError(500, "database error") from error
    account = accounts.by_name.get(principal.subject)
    return Me(principal.subject, principal.role.word, account is not None and account.must_change_pw)


async def change_password(request: Request) -> None:
    """Ends the user's other tokens; the one that made the change goes on."""
    auth, given, username = core(request), request.body, request.principal.subject
    assert isinstance(given, ChangePassword)
    if too_short(given.new_password):
        raise HttpError(400, f"new password too short (min {MIN_CHARS} chars)")
    if too_long(given.new_password):
        raise HttpError(400, f"password too long (max {MAX_BYTES} bytes)")
    rows = await read(request.ctx, "SELECT password_hash FROM users WHERE username = ?", (username,))
    if not rows:
        raise HttpError(401, "unknown account")
    old_hash = rows[0]["password_hash"]
    async with auth.throttle.attempt(username, request.remote) as attempt:
        if not await auth.passwords.verify(old_hash, given.old_password):
            attempt.failed()
            raise HttpError(400, "old password incorrect")  # 401 would log the user out for a typo
        attempt.succeeded()
    new_hash = await auth.hash(given.new_password)
    at, token_id = request.ctx.clock.now(), request.principal.token_id

    def work(tx: Tx) -> None:
        if not statements.change_password(tx, username, old_hash, new_hash, at):
            raise HttpError(400, "old password incorrect")  # it was changed a moment ago
        statements.end_tokens(tx, username, at, token_id)
        tx.changed("accounts", username)
        tx.after_commit(auth.directory.forget)
        audit(tx, at, "account.change_password", username, actor="admin", caller=request.caller)

    await write(request.ctx, work)
    if username == auth.secrets.bootstrap_user:
        forget_initial_password(request.ctx.data_dir)


async def revoke_own(request: Request) -> None:
    """Log out: the token of this request ends."""
    auth = core(request)
    token = bearer_token(request.headers.get("authorization"))
    try:
        claims = auth.tokens.validate(token or "", auth.now())
    except InvalidToken:
        raise HttpError(400, "this request has no token of a log-in that could be ended") from None
    if claims.sub != request.principal.subject:
        raise HttpError(400, "this request has no token of a log-in that could be ended")
    at = request.ctx.clock.now()

    def work(tx: Tx) -> None:
        statements.revoke(tx, claims.token_id, claims.sub, claims.exp)
        tx.after_commit(auth.directory.forget)
        payload = {"token_id": claims.token_id}
        audit(tx, at, "logout", claims.sub, payload, actor="admin", caller=request.caller)

    await write(request.ctx, work)
