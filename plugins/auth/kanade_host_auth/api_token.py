"""What an API token looks like, and how one that is shown is recognised.

`kanade_<id>_<secret>`: a fixed beginning, which secret scanners can look for; an id, which is shown in lists
and found in constant time; a secret of 256 random bits, of which only a hash is kept. A slow hash would
protect nothing here: nobody guesses 256 bits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from kanade_host.plugin import Role

PREFIX = "kanade_"
_FORM = re.compile(r"kanade_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """One row. `role` is the most that it may do; `expires_at` in Unix seconds, None: never."""

    token_id: str
    username: str
    name: str
    role: Role
    secret_sha256: bytes
    expires_at: int | None

    def opens_with(self, secret: str) -> bool:
        """Whether that is its secret, in a time that does not depend on where they differ."""
        return hmac.compare_digest(digest(secret), self.secret_sha256)

    def expired(self, now: int) -> bool:
        """Whether its time is over at that Unix second."""
        return self.expires_at is not None and self.expires_at <= now


def fresh() -> tuple[str, str]:
    """A new id and a new secret."""
    token_id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return token_id, secrets.token_urlsafe(32)


def written(token_id: str, secret: str) -> str:
    """The token as its owner is shown it, once."""
    return f"{PREFIX}{token_id}_{secret}"


def parts(token: str) -> tuple[str, str] | None:
    """Id and secret of a token of this form, else None."""
    found = _FORM.fullmatch(token)
    return None if found is None else (found[1], found[2])


def digest(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()
