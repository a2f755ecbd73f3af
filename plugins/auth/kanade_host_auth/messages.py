"""Bodies of the routes, in the order and with the types of `contract/http-fleet.md` 4."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import Instant


class Login(msgspec.Struct, frozen=True):
    username: str
    password: str


class LoginAnswer(msgspec.Struct, frozen=True):
    """`exp` in Unix seconds."""

    token: str
    role: str
    must_change_pw: bool
    exp: int


class Me(msgspec.Struct, frozen=True):
    username: str
    role: str
    must_change_pw: bool


class ChangePassword(msgspec.Struct, frozen=True):
    old_password: str
    new_password: str


class NewAccount(msgspec.Struct, frozen=True):
    username: str
    password: str
    role: str


class AccountChange(msgspec.Struct, frozen=True):
    """What is absent or null stays as it is."""

    role: str | None = None
    password: str | None = None
    disabled: bool | None = None


class AccountRow(msgspec.Struct, frozen=True):
    """`disabled` and `must_change_pw` are 0 or 1; times are UTC, `YYYY-MM-DD HH:MM:SS`."""

    username: str
    role: str
    disabled: int
    must_change_pw: int
    created_at: str
    updated_at: str


class RevokeQuery(msgspec.Struct, frozen=True):
    """Which token of the account ends; without it all of them do."""

    token_id: str | None = None


class NewApiToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`role`: the most that the token may do; null: what its maker may. `expires_in_days` null: never."""

    name: str
    role: str | None = None
    expires_in_days: int | None = 90


class ApiTokenRow(msgspec.Struct, frozen=True):
    """One token, without its secret. `token_id` is the middle part of the token."""

    token_id: str
    name: str
    username: str
    role: str
    created_at: Instant | None
    expires_at: Instant | None = None
    last_used_at: Instant | None = None
    last_used_from: str | None = None


class MadeApiToken(msgspec.Struct, frozen=True):
    """`token` is shown here and never again."""

    token: str
    row: ApiTokenRow
