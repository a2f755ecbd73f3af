"""Who is asking, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class Role(IntEnum):
    """The three roles; each may do everything that the one below it may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """The name as it stands on the wire and in the database."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Role | None:
        """The role of that exact lower-case name, or None."""
        return _ROLES.get(word)


_ROLES = {role.name.lower(): role for role in Role}


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that a route needs, and the lowest role that has it.

    Names read `area.verb` (`results.read`); those of plugins from outside begin with their name.
    """

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request. `scope` is what part of the fleet they may touch (today: `"*"`)."""

    subject: str
    role: Role
    scope: str = "*"
    token_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request is refused. `status` is 401, 403, 429 or 503; the text goes out as it is."""

    text: str
    status: int = 401
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class NotMine:
    """This authenticator has nothing to say about the request: ask the next one."""


Verdict = Principal | Refusal | NotMine


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an authenticator is shown of a request: never its body.

    `authorization` is the first Authorization header as sent, or None; `headers` has lower-case names.
    """

    authorization: str | None
    headers: Mapping[str, str]
    remote: str
    method: str
    path: str


class Authenticator(Protocol):
    """Turns a request into a principal. Asked in the configured order; an exception is a refusal.

    Raise `StoreUnavailable` when the database cannot be asked: that is 503, because clients log out
    on 401.
    """

    name: str

    async def authenticate(self, credentials: Credentials) -> Verdict:
        """Answer a principal, a refusal, or `NotMine()`."""
        ...
