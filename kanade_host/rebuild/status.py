"""What everyone can see of a rebuild: `GET /api/rebuilds`, `projection rebuild`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from kanade_host.plugin.errors import OperatorError
from kanade_host.plugin.instants import Instant

State = Literal["running", "done", "failed", "cancelled"]


class RebuildStatus(msgspec.Struct, kw_only=True):
    """One rebuild. `messages` of about `expected` have been replayed; `phase` says what it is doing.

    `rows`: by table, how many rows it had before and has now; empty until the rows are in place.
    """

    plugin: str
    number: int
    started_at: Instant
    state: State = "running"
    phase: str = "preparing"
    messages: int = 0
    expected: int = 0
    rate: float = 0.0
    waiting: str | None = None
    reason: str | None = None
    dead_letters: int = 0
    ended_at: Instant | None = None
    rows: dict[str, tuple[int, int]] = {}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What one projection would replay: `messages` from `first` to `last` (sequences; 0 = none).

    `complete`: the stream has every message that the rows came from.
    """

    projection: str
    stream: str
    first: int
    last: int
    messages: int
    begins: Instant | None
    complete: bool


class RebuildPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild would do. `losses`: what would be lost for good, one sentence each."""

    plugin: str
    sources: list[Source]
    replaces: dict[str, int]
    keeps: list[str]
    losses: list[str]


class LossesNotAccepted(OperatorError):
    """Rows would be lost, and nobody has said that they may be."""

    def __init__(self, losses: list[str]) -> None:
        super().__init__(" ".join(losses))
        self.losses = losses


def as_json(status: RebuildStatus) -> Mapping[str, object]:
    """For the file that tells the command line what runs."""
    built: dict[str, object] = msgspec.to_builtins(status, enc_hook=_wire)
    return built


def _wire(value: object) -> object:
    if isinstance(value, Instant):
        return value.wire
    raise NotImplementedError
