"""A job's manifest as far as inventory needs it (`contract/manifest.md` 2; `contract/projections.md` 4).

What lies in the bucket is decoded as strictly as agents and upstream do it: one key too many and it is
not a manifest. The types stand here because the plugin "jobs" may be absent.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Execute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What runs; checked, and of no further interest here."""

    shell: Literal["powershell", "cmd"]
    script: str | None = None
    script_file: str | None = None
    script_object: str | None = None
    timeout: str
    run_as: Literal["system", "user", "system_gui"] = "system"
    cwd: str | None = None


class Staleness(msgspec.Struct, frozen=True):
    """How old an agent's view may be; `max_cache_age` is required where `mode` is strict."""

    mode: Literal["cached", "strict", "unchecked"]
    max_cache_age: Any = None

    def __post_init__(self) -> None:
        if self.mode == "strict" and not isinstance(self.max_cache_age, str):
            raise ValueError("missing field `max_cache_age`")


class Emit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Present where the output is a list of events."""

    type: Literal["events"]
    watermark_path: str | None = None


class DisplayField(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column of the web interface."""

    field: str
    label: str
    type: str | None = None
    columns: list[DisplayField] | None = None


class ExplodeColumn(msgspec.Struct, frozen=True):
    """A column of a derived table; `field` is a key of each element."""

    field: str
    type: str | None = None
    index: bool = False


class ExplodeSpec(msgspec.Struct, frozen=True):
    """An array of the facts that becomes a table of its own."""

    field: str
    table: str
    primary_key: list[str]
    columns: list[ExplodeColumn]
    track_history: bool = False


class InventoryHint(msgspec.Struct, frozen=True):
    """Present where the output is inventory."""

    display: list[DisplayField]
    summary: list[DisplayField] | None = None
    explode: list[ExplodeSpec] | None = None
    history_scalars: list[str] | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of the bucket `jobs`."""

    id: str
    version: str
    description: str | None = None
    execute: Execute
    require_approval: bool = False
    inventory: InventoryHint | None = None
    emit: Emit | None = None
    staleness: Staleness = Staleness("cached")
