"""Bodies and answers of the releases plugin (`contract/http-fleet.md` 10)."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from kanade_host.plugin import Instant

MOST_LISTED = 10_000
"""The newest so many are listed."""


class Published(msgspec.Struct, frozen=True):
    """An agent binary that was stored; `size` in bytes, `digest` as `SHA-256=` and padded base64url."""

    version: str
    size: int
    digest: str | None


class Release(msgspec.Struct, frozen=True):
    """An agent binary; `modified` as RFC 3339 with `+00:00`."""

    version: str
    size: int
    digest: str | None
    modified: str | None


class Stored(msgspec.Struct, frozen=True):
    """A package or script object that was stored."""

    name: str
    version: str
    size: int
    digest: str | None


class Listed(msgspec.Struct, frozen=True):
    """A package or script object."""

    name: str
    version: str
    size: int
    digest: str | None
    modified: str | None


class RolloutScope(msgspec.Struct, frozen=True):
    """Whom a version is meant for; `value` names the group or the PC, and is absent for `global`."""

    __expecting__: ClassVar[str] = "adjacently tagged enum RolloutScope"

    type: Literal["global", "group", "pc"]
    value: str | None = None

    @property
    def key(self) -> str:
        """The key in `agent_config`."""
        return "global" if self.type == "global" else f"{self.type}s.{self.value}"

    @property
    def label(self) -> str:
        """How people are shown it."""
        return "global" if self.type == "global" else f"{self.type}:{self.value}"


class Rollout(msgspec.Struct, frozen=True):
    """The body of a rollout; `jitter` is a duration such as `30m`, kept as it is when absent."""

    version: str
    scope: RolloutScope
    jitter: str | None = None


class RolledOut(msgspec.Struct, frozen=True):
    """What was set where; `jitter` is that of the request."""

    version: str
    scope_key: str
    scope_label: str
    jitter: str | None


class Target(msgspec.Struct, frozen=True):
    """A scope that has a version as its target. `type` is that of a rollout, `value` the group or the PC."""

    scope_key: str
    scope_label: str
    type: str
    value: str | None
    version: str
    jitter: str | None
    set_at: Instant


class Targets(msgspec.Struct, frozen=True):
    """The newest first; `total` counts also those that are too many to be listed."""

    total: int
    items: list[Target]


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a stop: the scope, and the version that it is to be rid of."""

    version: str
    scope: RolloutScope


class Withdrawn(msgspec.Struct, frozen=True):
    """`version` is the target now: that of before, or null for none."""

    version: str | None
    withdrawn: str
    scope_key: str
    scope_label: str


class Before(msgspec.Struct, frozen=True):
    """What a stop would set; null for no target."""

    version: str | None


class TargetsQuery(msgspec.Struct, frozen=True):
    """How many; 1,000 at most."""

    limit: int = 200


class BeforeQuery(msgspec.Struct, frozen=True):
    """A scope as it is labelled (`global`, `group:canary`, `pc:PC-1`), and its target."""

    scope: str
    version: str


class ShelfQuery(msgspec.Struct, frozen=True):
    """Only what has this text in its name or version, in any case."""

    q: str = ""
