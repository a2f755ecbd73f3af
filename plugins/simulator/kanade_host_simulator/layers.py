"""Layered configuration and groups, as agents resolve them (`contract/wire.md` 9, 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kanade_host.plugin import BadDuration, Decoder, Instant, parse_duration
from kanade_host_simulator.messages import Groups, Scope, lenient

_scopes = Decoder(Scope)
_groups = Decoder(Groups)


@dataclass(frozen=True, slots=True)
class Effective:
    """Intervals in seconds."""

    heartbeat: float = 30.0
    sample: float = 60.0
    processes: bool = False
    processes_until: Instant | None = None
    top: int = 20

    def processes_at(self, now: Instant) -> bool:
        return self.processes and (self.processes_until is None or now < self.processes_until)


def groups_of(stored: Mapping[str, bytes], pc_id: str) -> list[str]:
    """Ascending, without duplicates; none where the row is absent or unreadable."""
    body = stored.get(pc_id)
    found = lenient(_groups, body) if body is not None else None
    return sorted(set(found.groups), key=str.encode) if found is not None else []


def effective(stored: Mapping[str, bytes], pc_id: str, groups: list[str]) -> Effective:
    """Built-in, then `global`, the groups in their order, the PC: the later one wins, key by key."""
    values = {field: getattr(Scope(), field) for field in Scope.__struct_fields__}
    for key in ["global", *(f"groups.{group}" for group in groups), f"pcs.{pc_id}"]:
        body = stored.get(key)
        scope = lenient(_scopes, body) if body is not None else None
        for field in values:
            value = getattr(scope, field, None)
            if value is not None:
                values[field] = value
    return Effective(
        heartbeat=_seconds(values["heartbeat_interval"], 30.0),
        sample=_seconds(values["host_perf_interval"], 60.0),
        processes=values["process_perf_enabled"] or False,
        processes_until=values["process_perf_expires_at"],
        top=max(1, values["process_perf_top_n"] if values["process_perf_top_n"] is not None else 20),
    )


def _seconds(text: str | None, default: float) -> float:
    if text is None:
        return default
    try:
        return parse_duration(text) / 1e9
    except BadDuration:
        return default
