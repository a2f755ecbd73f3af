"""Every write to the tables of this plugin. Functions run inside a transaction, on the writer thread.

Refusals are raised as `HttpError`: they undo what the transaction did so far, so a change of several
parts is made as a whole or not at all.
"""

from __future__ import annotations

from kanade_host.plugin import HttpError, Instant, Tx

# Demoting, disabling or deleting it must leave another enabled administrator (contract 3.7).
_NOT_THE_LAST_ADMIN = """
    AND NOT (role = 'admin' AND disabled = 0
             AND (SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0) <= 1)"""


def insert(tx: Tx, username: str, password_hash: str, role: str, at: Instant) -> None:
    """A new account; 409 when the name is taken."""
    added = tx.execute(
        "INSERT INTO users (username, password_hash, role, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (username, password_hash, role, at.sql, at.sql),
    )
    if added.rowcount == 0:
        raise HttpError(409, "username already exists")


def insert_first_admin(tx: Tx, username: str, password_hash: str, at: Instant) -> bool:
    """The first account of all; answers False, and does nothing, when there is one already."""
    added = tx.execute(
        "INSERT INTO users (username, password_hash, role, must_change_pw, created_at, updated_at)"
        " SELECT ?, ?, 'admin', 1, ?, ? WHERE NOT EXISTS (SELECT 1 FROM users)",
        (username, password_hash, at.sql, at.sql),
    )
    return added.rowcount == 1


def require(tx: Tx, username: str) -> None:
    """404 when there is no such account."""
    if tx.execute("SELECT 1 FROM users WHERE username = ?", (username,)).fetchone() is None:
        raise HttpError(404, "no such account")


def set_role(tx: Tx, username: str, role: str, at: Instant) -> None:
    guard = "" if role == "admin" else _NOT_THE_LAST_ADMIN
    done = tx.execute(
        f"UPDATE users SET role = ?, updated_at = ? WHERE username = ?{guard}", (role, at.sql, username)
    )
    if done.rowcount == 0:
        raise HttpError(409, "cannot demote the last enabled admin")


def set_disabled(tx: Tx, username: str, disabled: bool, at: Instant) -> None:
    guard = _NOT_THE_LAST_ADMIN if disabled else ""
    done = tx.execute(
        f"UPDATE users SET disabled = ?, updated_at = ? WHERE username = ?{guard}",
        (int(disabled), at.sql, username),
    )
    if done.rowcount == 0:
        raise HttpError(409, "cannot disable the last enabled admin")


def reset_password(tx: Tx, username: str, password_hash: str, at: Instant) -> None:
    """Set by an administrator: to be changed, and every session of the user ends."""
    tx.execute(
        "UPDATE users SET password_hash = ?, must_change_pw = 1, updated_at = ? WHERE username = ?",
        (password_hash, at.sql, username),
    )
    end_tokens(tx, username, at)


def change_password(tx: Tx, username: str, old_hash: str, new_hash: str, at: Instant) -> bool:
    """Set by the user, if the password is still the one that was verified; answers whether it was."""
    done = tx.execute(
        "UPDATE users SET password_hash = ?, must_change_pw = 0, updated_at = ?"
        " WHERE username = ? AND password_hash = ?",
        (new_hash, at.sql, username, old_hash),
    )
    return done.rowcount == 1


def delete(tx: Tx, username: str, at: Instant) -> None:
    require(tx, username)
    done = tx.execute(f"DELETE FROM users WHERE username = ?{_NOT_THE_LAST_ADMIN}", (username,))
    if done.rowcount == 0:
        raise HttpError(409, "cannot delete the last enabled admin")
    end_tokens(tx, username, at)


def end_tokens(tx: Tx, username: str, at: Instant, except_token: str | None = None) -> None:
    """End every token of that user issued until now, API tokens too, but for one.

    Tokens carry whole seconds, so the bound is the next one; log-ins within this second are given
    that as their moment of issue. It never moves back, even if the clock does.
    """
    tx.execute(
        "INSERT INTO auth_not_before (username, not_before, except_token) VALUES (?, ?, ?)"
        " ON CONFLICT (username) DO UPDATE SET"
        " not_before = max(excluded.not_before, not_before + 1), except_token = excluded.except_token",
        (username, at.ns // 1_000_000_000 + 1, except_token),
    )
    tx.execute(
        "DELETE FROM auth_api_tokens WHERE username = ? AND token_id IS NOT ?", (username, except_token)
    )


def revoke(tx: Tx, token_id: str, username: str, expires_at: int) -> None:
    """End one token, which expires by itself at that Unix second."""
    tx.execute(
        "INSERT INTO auth_revoked_tokens (token_id, username, expires_at) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (token_id, username, expires_at),
    )


def forget_revoked(tx: Tx, before: int) -> int:
    """Drop revocations of tokens that expired before that Unix second."""
    return tx.execute("DELETE FROM auth_revoked_tokens WHERE expires_at < ?", (before,)).rowcount
