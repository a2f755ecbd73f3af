"""What the plugin reads once when it starts: secrets, and whether authentication is switched off."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass

from kanade_host.plugin import Context, OperatorError
from kanade_host_auth.private_files import read_private, write_private

REGISTRY_KEY = r"SOFTWARE\kanade\backend"
DISABLE = "KANADE_AUTH_DISABLE"
JWT_FILE = "jwt-secret"
_MEANT_THE_OPPOSITE = {"", "0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Secrets:
    """Kept for the life of the process: a change needs a restart (`contract/http-fleet.md` 3.2)."""

    jwt: str
    static_token: str | None
    bootstrap_password: str | None
    bootstrap_user: str
    open_access: bool


def read_secrets(ctx: Context) -> Secrets:
    """Raises `OperatorError` where starting would not be what the operator wants."""
    static = ctx.secret("static token", "KANADE_AUTH_STATIC_TOKEN", (REGISTRY_KEY, "StaticToken"))
    if static is not None and not _can_be_sent(static):
        ctx.log.warning(
            "no client can send the configured static token: it has characters outside printable ASCII,"
            " or begins or ends with a space",
            variable="KANADE_AUTH_STATIC_TOKEN",
        )
    return Secrets(
        jwt=_jwt_secret(ctx),
        static_token=static,
        bootstrap_password=ctx.secret(
            "bootstrap password",
            "KANADE_BOOTSTRAP_ADMIN_PASSWORD",
            (REGISTRY_KEY, "BootstrapAdminPassword"),
        ),
        bootstrap_user=os.environ.get("KANADE_BOOTSTRAP_ADMIN_USER") or "admin",
        open_access=_open_access(ctx),
    )


def _can_be_sent(token: str) -> bool:
    return token.isascii() and token.isprintable() and token == token.strip()


def _open_access(ctx: Context) -> bool:
    value = os.environ.get(DISABLE)
    if value is None:
        return False
    if value.strip().lower() in _MEANT_THE_OPPOSITE:
        raise OperatorError(
            f"{DISABLE} is set to {value!r}. For kanade-backend any value at all switches authentication"
            " off, so this is refused: unset it to have authentication, or set it to 1 to have none."
        )
    ctx.log.warning(
        "AUTHENTICATION IS SWITCHED OFF: whoever reaches this address is an administrator and commands"
        " the whole fleet; unset the variable and restart",
        variable=DISABLE,
    )
    return True


def _jwt_secret(ctx: Context) -> str:
    configured = ctx.secret("JWT secret", "KANADE_JWT_SECRET", (REGISTRY_KEY, "JwtSecret"))
    if configured is not None:
        if len(configured.encode()) < 32:
            ctx.log.warning(
                "the JWT secret is shorter than 32 bytes and could be guessed from a token; set a longer one",
                variable="KANADE_JWT_SECRET",
            )
        return configured
    path = ctx.data_dir / JWT_FILE
    try:
        kept = read_private(path)
        if kept is None:
            kept = secrets.token_urlsafe(48)
            write_private(path, kept + "\n")
            ctx.log.info("no JWT secret is configured: generated one", file=str(path))
    except (OSError, UnicodeError) as error:
        raise OperatorError(
            f"cannot read or write the generated JWT secret in {path}: {error}. Make the folder writable"
            " for the host's account, or set KANADE_JWT_SECRET."
        ) from error
    return kept
