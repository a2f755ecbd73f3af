"""Which version is meant for whom: the bucket `agent_config` (`contract/http-fleet.md` 7.1, 10.4)."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import Context, Entry, HttpError, RevisionConflict, encode
from kanade_host_releases.messages import Target

BUCKET = "agent_config"
STORE = "agent_releases"
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


async def targets(ctx: Context) -> list[Target]:
    """Every scope that has a target, the last write first."""
    found = [_row(entry) for entry in await ctx.bus.kv(BUCKET).entries() if _target(entry)]
    return found[::-1]


def _row(entry: Entry) -> Target:
    kind, _, name = entry.key.partition(".")
    scope = _decoded(entry.value)
    jitter = scope.get("target_version_jitter")
    return Target(
        scope_key=entry.key,
        scope_label=label_of(entry.key),
        type={"groups": "group", "pcs": "pc"}.get(kind, "global"),
        value=name or None,
        version=str(scope["target_version"]),
        jitter=jitter if isinstance(jitter, str) else None,
        set_at=entry.time,
    )


async def before(ctx: Context, key: str, version: str) -> str | None:
    """The scope's last target that was another one, as far as the bucket remembers; None: none was."""
    history = await ctx.bus.kv(BUCKET).history(key)
    targets = (_target(entry) for entry in reversed(history))
    other = next((target for target in targets if target != version), None)
    return other if isinstance(other, str) and other else None


async def set_back(ctx: Context, key: str, version: str, to: str | None) -> None:
    """Take a target out of a scope, or put the one of before in its place; all else in the scope stays.

    Raises `HttpError` 409 when the scope's target is another one by now.
    """
    bucket = ctx.bus.kv(BUCKET)
    entry = await bucket.get(key)
    if entry is None or _target(entry) != version:
        raise HttpError(
            409, f"scope '{label_of(key)}' does not have version '{version}' as its target any more"
        )
    scope = _stored_scope(key, entry.value or b"")
    scope.pop("target_version")
    if to is not None:
        scope = {"target_version": to, **scope}
    else:
        scope.pop("target_version_jitter", None)
    try:
        if scope or key == "global":
            await bucket.update(key, encode(scope), entry.revision)
        else:
            await bucket.delete(key, entry.revision)
    except RevisionConflict:
        raise HttpError(409, f"scope '{label_of(key)}' was changed by others meanwhile: try again") from None


def label_of(key: str) -> str:
    """`groups.canary` -> `group:canary`; keys of another kind stay as they are."""
    kind, dot, name = key.partition(".")
    return {"groups": "group:", "pcs": "pc:"}[kind] + name if dot and kind in ("groups", "pcs") else key


def _target(entry: Entry) -> object:
    return _decoded(entry.value).get("target_version")


def _decoded(value: bytes | None) -> dict[str, object]:
    """A scope as it is stored; what is no scope is an empty one."""
    try:
        scope = msgspec.json.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return scope if isinstance(scope, dict) else {}


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
