"""What agents read: commands, and of stored documents the parts that matter to them."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from kanade_host.plugin import U64, BadJson, BadShape, Decoder, Instant

T = TypeVar("T")


class Staleness(msgspec.Struct, frozen=True):
    """`strict` passes while the agent is connected, which a simulated one that hears us is."""

    mode: Literal["cached", "unchecked", "strict"]
    max_cache_age: str | None = None


class Emit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["events"]
    watermark_path: str | None = None


class Command(msgspec.Struct, frozen=True):
    """`contract/wire.md` 7.1."""

    id: str
    version: str
    request_id: str
    shell: Literal["powershell", "cmd"]
    script: str
    timeout_secs: U64
    exec_id: str | None = None
    job_id: str | None = None
    """The old name of `exec_id`."""
    script_object: str | None = None
    script_object_sha256: str | None = None
    jitter_secs: U64 | None = None
    deadline_at: Instant | None = None
    staleness: Staleness = Staleness("cached")
    emit: Emit | None = None

    @property
    def execution(self) -> str | None:
        return self.exec_id if self.exec_id is not None else self.job_id


class Groups(msgspec.Struct, frozen=True):
    groups: list[str]


class Scope(msgspec.Struct, frozen=True):
    """One layer of `agent_config`; null is absent (`contract/wire.md` 9)."""

    heartbeat_interval: str | None = None
    host_perf_interval: str | None = None
    process_perf_enabled: bool | None = None
    process_perf_expires_at: Instant | None = None
    process_perf_top_n: int | None = None


class Field(msgspec.Struct, frozen=True):
    field: str
    type: str | None = None
    columns: list[Field] | None = None


class Explode(msgspec.Struct, frozen=True):
    field: str
    columns: list[Field]
    primary_key: list[str] = []


class Inventory(msgspec.Struct, frozen=True):
    """What a job says that its output holds."""

    display: list[Field] = []
    summary: list[Field] | None = None
    explode: list[Explode] | None = None


class Manifest(msgspec.Struct, frozen=True):
    id: str
    inventory: Inventory | None = None


class LogsRequest(msgspec.Struct, frozen=True):
    tail_lines: int = 500


_commands = Decoder(Command)


def command_of(body: bytes) -> Command | None:
    """None for what an agent drops with a warning."""
    command = lenient(_commands, body)
    if command is not None and command.staleness.mode == "strict" and command.staleness.max_cache_age is None:
        return None
    return command


def lenient(decoder: Decoder[T], body: bytes) -> T | None:
    """The document, or None where an agent ignores what it cannot read."""
    try:
        return decoder.decode(body)
    except (BadJson, BadShape):
        return None
