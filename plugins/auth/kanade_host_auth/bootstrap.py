"""The first administrator, when there is no account at all (`contract/http-fleet.md` 3.6, `host.md` 5)."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from kanade_host.plugin import Context, Tx
from kanade_host_auth.passwords import Passwords
from kanade_host_auth.private_files import write_private
from kanade_host_auth.startup import Secrets
from kanade_host_auth.statements import insert_first_admin

PASSWORD_FILE = "initial-admin-password"  # noqa: S105 -- the file's name, not a password


async def seed_first_admin(ctx: Context, given: Secrets, passwords: Passwords, generate: bool) -> None:
    """Make it; a failure is a warning, and the start goes on without."""
    try:
        [(accounts,)] = await ctx.query("SELECT count(*) FROM users")
        if accounts:
            return
        if given.bootstrap_password is not None:
            if await _insert(ctx, given.bootstrap_user, given.bootstrap_password, passwords):
                ctx.log.warning(
                    "made the first administrator; change its password after the first log-in",
                    username=given.bootstrap_user,
                )
        elif generate:
            await _with_random_password(ctx, given.bootstrap_user, passwords)
        else:
            ctx.log.warning(
                "there is no account: set KANADE_BOOTSTRAP_ADMIN_PASSWORD (or the registry value"
                " BootstrapAdminPassword) and restart, or log in with the service token"
            )
    except Exception as error:
        ctx.log.warning("bootstrap admin seed failed", error=f"{type(error).__name__}: {error}")


async def _with_random_password(ctx: Context, username: str, passwords: Passwords) -> None:
    """The file is written first: whatever dies when, somebody can read the password."""
    password = secrets.token_urlsafe(12)
    path = ctx.data_dir / PASSWORD_FILE
    write_private(path, password + "\n")
    if not await _insert(ctx, username, password, passwords):
        path.unlink(missing_ok=True)
    elif sys.stdout.isatty():
        click.echo(
            f"\n  No account exists yet. Log in as {username!r} with the password\n\n      {password}\n\n"
            "  and change it; it is not shown again.\n"
        )
        path.unlink(missing_ok=True)
        ctx.log.warning("made the first administrator; its password is on the terminal", username=username)
    else:
        ctx.log.warning(
            "made the first administrator; read its password in the file, log in, change it",
            username=username,
            file=str(path),
        )


async def _insert(ctx: Context, username: str, password: str, passwords: Passwords) -> bool:
    password_hash = await passwords.hash(password)
    at = ctx.clock.now()

    def work(tx: Tx) -> bool:
        tx.changed("accounts", username)
        return insert_first_admin(tx, username, password_hash, at)

    return await ctx.write(work)


def forget_initial_password(folder: Path) -> None:
    """The file has done its work once the first administrator has another password."""
    (folder / PASSWORD_FILE).unlink(missing_ok=True)
