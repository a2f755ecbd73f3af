"""Which version is meant for whom: the bucket `agent_config` (`contract/http-fleet.md` 7.1, 10.4)."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import Context, Entry, HttpError, encode

BUCKET = "agent_config"
FIELDS = (
    "target_version",
    "target_version_jitter",
    "heartbeat_interval",
    "host_perf_interval",
    "process_perf_enabled",
    "process_perf_expires_at",
    "process_perf_top_n",
)
"""The order in which a scope is written; what else is stored comes after it."""


async def targeted_by(ctx: Context, version: str) -> str | None:
    """The label of the first scope whose target is that version, the oldest last write first."""
    for entry in await ctx.bus.kv(BUCKET).entries():
        if _target(entry) == version:
            return label_of(entry.key)
    return None


def label_of(key: str) -> str:
    """`groups.canary` -> `group:canary`; keys of another kind stay as they are."""
    kind, dot, name = key.partition(".")
    return {"groups": "group:", "pcs": "pc:"}[kind] + name if dot and kind in ("groups", "pcs") else key


def _target(entry: Entry) -> object:
    try:
        scope = msgspec.json.decode(entry.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return scope.get("target_version") if isinstance(scope, dict) else None


async def set_target(ctx: Context, key: str, version: str, jitter: str | None) -> None:
    """Change one scope, whatever else is stored in it, and whoever else changes it meanwhile."""

    def change(stored: bytes | None) -> bytes:
        scope = {} if stored is None else _stored_scope(key, stored)
        scope["target_version"] = version
        if jitter is not None:
            scope["target_version_jitter"] = jitter
        known = {name: scope[name] for name in FIELDS if scope.get(name) is not None}
        return encode(known | {name: value for name, value in scope.items() if name not in FIELDS})

    await ctx.bus.kv(BUCKET).revise(key, change)


def _stored_scope(key: str, stored: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(stored, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HttpError(500, f"decode existing {BUCKET}.{key}: {error}") from None
