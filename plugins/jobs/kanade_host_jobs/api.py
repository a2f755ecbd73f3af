"""What the jobs plugin offers others: the catalogue's types, and the service "jobs.catalog".

Key order is stored order (`contract/manifest.md` 2, 3). Manifests are strict at the top level, in
`execute` and in `emit`: agents drop a whole job for one key too much.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, Protocol

import msgspec

from kanade_host.plugin import Caller, HttpError, Instant, KanadeError

Why = Literal["paused", "frozen", "approval"]


class Staleness(msgspec.Struct, frozen=True):
    """How old an agent's view of the broker may be when it runs a command."""

    mode: Literal["cached", "strict", "unchecked"]
    max_cache_age: str | None = None

    def __post_init__(self) -> None:
        if self.mode == "strict":
            if self.max_cache_age is None:
                raise ValueError("missing field `max_cache_age`")
        elif self.max_cache_age is not None:
            msgspec.structs.force_setattr(self, "max_cache_age", None)


class Execute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What runs, and how."""

    shell: Literal["powershell", "cmd"]
    script: str | None = None
    script_file: str | None = None
    script_object: str | None = None
    timeout: str
    run_as: Literal["system", "user", "system_gui"] = "system"
    cwd: str | None = None


class DisplayField(msgspec.Struct, frozen=True):
    """A column of an inventory table; `columns` where `type` is `table`."""

    field: str
    label: str
    type: str | None = None
    columns: list[DisplayField] | None = None


class ExplodeColumn(msgspec.Struct, frozen=True):
    """A column of a derived table."""

    field: str
    type: str | None = None
    index: bool = False


class ExplodeSpec(msgspec.Struct, frozen=True):
    """An array of the inventory that becomes a table of its own."""

    field: str
    table: str
    primary_key: list[str]
    columns: list[ExplodeColumn]
    track_history: bool = False


class InventoryHint(msgspec.Struct, frozen=True):
    """Present where the job's output is inventory."""

    display: list[DisplayField]
    summary: list[DisplayField] | None = None
    explode: list[ExplodeSpec] | None = None
    history_scalars: list[str] | None = None


class EmitConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Present where the job's output is a list of events."""

    type: Literal["events"]
    watermark_path: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One job of the catalogue."""

    id: str
    version: str
    description: str | None = None
    execute: Execute
    require_approval: bool = False
    inventory: InventoryHint | None = None
    emit: EmitConfig | None = None
    staleness: Staleness = Staleness("cached")


class Target(msgspec.Struct, frozen=True):
    """Where a job goes: the union of the three."""

    groups: list[str] = []
    pcs: list[str] = []
    all: bool = False


class Wave(msgspec.Struct, frozen=True):
    """One group of a rollout; `delay` counts from the fire, not from the wave before."""

    group: str
    delay: str


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """A fire in waves."""

    strategy: Literal["wave"] = "wave"
    waves: list[Wave]


Override = Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None
"""Why an admin fires in spite of a freeze window."""


class Batches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fire in batches: agents and kanade-backend ignore the key.

    - `size`: PCs of a batch, as a number (`50`) or a part of all (`10%`).
    - `pause`: from one batch to the next, as a duration (`5m`).
    - `stop_at_failed`: no further batch goes when so many PCs, or so many percent of those whose batch has
      gone, failed or timed out; what nobody has received is taken back then.
    """

    size: str | int
    pause: str
    stop_at_failed: str | int | None = None


class FanoutPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an exec, and part of a schedule (`contract/http-jobs.md` 2.1); `batches` is ours."""

    target: Target = Target()
    rollout: Rollout | None = None
    jitter: str | None = None
    deadline_at: Instant | None = None
    batches: Batches | None = None


class FireAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an exec answers. `expected`: how many PCs are expected to end it; `warnings` only where there
    are some. `approval`: nothing was fired yet; `exec_id` is what the fire will have.
    """

    exec_id: str
    job_id: str
    version: str
    target_count: int
    subjects: list[str]
    expected: int
    warnings: list[str] | msgspec.UnsetType = msgspec.UNSET
    approval: Literal["pending"] | msgspec.UnsetType = msgspec.UNSET


class Withheld(HttpError):
    """The fire is in order, and something stands against it now. `why` says what.

    `paused`: the emergency stop; `frozen`: a freeze window; `approval`: it waits for somebody else's, and
    `answer` (status 202) is what the client is told.
    """

    def __init__(self, why: Why, text: str, status: int = 409, answer: FireAnswer | None = None) -> None:
        super().__init__(status, text)
        self.why, self.reason, self.answer = why, text, answer


class NothingToSend(KanadeError):
    """The target names nobody, and the caller asked for no empty execution."""


class Catalog(Protocol):
    """Service "jobs.catalog"."""

    async def get(self, id: str) -> Manifest | None:
        """The manifest that is in the bucket now.

        None: no such key. Raises `InvalidKey`, `BadJson`, `BadShape`, `BrokerUnavailable`,
        `ResourceMissing`.
        """
        ...

    def manifests(self) -> dict[str, Manifest]:
        """All that decode, by key, from the live map, without waiting."""
        ...

    async def fire(
        self,
        job_id: str,
        plan: FanoutPlan,
        *,
        actor: str,
        caller: Caller | None = None,
        supersedes: str | None = None,
        allow_empty: bool = True,
        exec_id: str | None = None,
        noted: Mapping[str, Any] | None = None,
        rerun_of: str | None = None,
        override: str | None = None,
        authors: Collection[str] = (),
    ) -> FireAnswer:
        """Steps 1 to 12 of `contract/http-jobs.md` 2.2.

        Raises `HttpError` with the contract's status and text, `Withheld` where something stands
        against firing now, and `NothingToSend` when nobody is
        addressed and `allow_empty` is false. `supersedes`: an exec whose undelivered commands this
        fire replaces. `exec_id`: the caller's own new UUID; the same one again fires nothing twice.
        `noted`: further keys of the audit record. `rerun_of`: the execution that this one repeats.
        `override`: why an admin fires in spite of a freeze window. `authors`: accounts that may have
        written what fires without a caller; none of them can approve it.
        """
        ...

    def check_batches(self, plan: FanoutPlan) -> None:
        """Whether a plan's batches can be made. Raises `HttpError` 400."""
        ...

    async def take_back(self, job_id: str) -> None:
        """Delete the undelivered commands of a job that was just revoked. Best effort, raises nothing."""
        ...
