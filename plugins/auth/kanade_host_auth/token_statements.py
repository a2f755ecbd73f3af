"""Every write to the API tokens. Functions run inside a transaction, on the writer thread."""

from __future__ import annotations

import sqlite3

from kanade_host.plugin import HttpError, Tx
from kanade_host_auth.api_token import ApiToken

TOKENS_OF_A_USER = 50


def insert(tx: Tx, token: ApiToken, created_at: int) -> None:
    """A new token; 409 when the owner has one of that name, or too many."""
    owner = tx.execute("SELECT 1 FROM users WHERE username = ? AND disabled = 0", (token.username,))
    if owner.fetchone() is None:
        raise HttpError(400, "only an account can have API tokens, and this request was made by none")
    [count] = tx.execute(
        "SELECT count(*) FROM auth_api_tokens WHERE username = ?", (token.username,)
    ).fetchone()
    if count >= TOKENS_OF_A_USER:
        raise HttpError(409, f"{TOKENS_OF_A_USER} API tokens are the most for one account: take some back")
    added = tx.execute(
        "INSERT INTO auth_api_tokens"
        " (token_id, username, name, role, secret_sha256, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            token.token_id,
            token.username,
            token.name,
            token.role.word,
            token.secret_sha256,
            created_at,
            token.expires_at,
        ),
    )
    if added.rowcount == 0:
        raise HttpError(409, "you have an API token of that name already")


def take_back(tx: Tx, token_id: str, username: str | None) -> sqlite3.Row:
    """Delete a token (of that user, or of anybody for None); answers its owner and name, or 404."""
    found = tx.execute(
        "DELETE FROM auth_api_tokens WHERE token_id = ? AND username = coalesce(?, username)"
        " RETURNING username, name",
        (token_id, username),
    ).fetchone()
    if found is None:
        raise HttpError(404, "no such API token")
    row: sqlite3.Row = found
    return row


def forget_expired(tx: Tx, before: int) -> int:
    """Drop tokens that expired before that Unix second."""
    return tx.execute("DELETE FROM auth_api_tokens WHERE expires_at < ?", (before,)).rowcount
