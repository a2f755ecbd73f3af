"""What a message in a bucket or an object store says in words of the audit trail.

The actions are those that kanade's command line and the routes of this host use for the same thing, so that
whoever searches the trail finds all of them. `alike` holds the actions under which the one who did it may
have said so (`contract/clients.md` 2.5 and 3.3; kanade-backend's routes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin import BadJson, BadShape, decode

ACTIONS = frozenset(
    {
        *("revoke", "unrevoke", "script_status_clear", "script_status_set"),
        *("script_current_clear", "script_current_set"),
        *("config_set", "config_clear", "agent_rollout"),
        *("groups_set", "group_add", "group_remove"),
        *("job_delete", "job_upsert"),
        *("schedule_delete", "schedule_upsert", "schedule_enable", "schedule_disable"),
        *("agent_publish", "agent_release_delete", "app_package_publish", "app_package_delete"),
        *("script_object_publish", "script_object_delete"),
        *("kill", "stream_delete"),
    }
)
"""All that may stand in `alike`: records of other actions say nothing about what is watched here."""
LONGEST = 100
"""Characters of a value of unknown meaning that are put on record."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that somebody did."""

    action: str
    target: str
    payload: Mapping[str, Any]
    alike: frozenset[str]


Describe = Callable[[str, bytes, bytes | None], Change | None]
"""From key, value (empty: deleted) and the value before; None where it is nothing to put on record."""


def script_status(key: str, value: bytes, _: bytes | None) -> Change:
    """Whether a command may run."""
    known = {b"REVOKED": "revoke", b"ACTIVE": "unrevoke", b"": "script_status_clear"}
    if value in known:
        return _one(known[value], key)
    return _one("script_status_set", key, value=_text(value))


def script_current(key: str, value: bytes, _: bytes | None) -> Change:
    """The version that a command is pinned to."""
    if not value:
        return _one("script_current_clear", key)
    return _one("script_current_set", key, version=_text(value))


def agent_config(key: str, value: bytes, before: bytes | None) -> Change:
    """One layer of configuration. A new version for agents is a rollout, as the command line calls it."""
    alike = frozenset({"config_set", "config_clear", "agent_rollout"})
    if not value:
        return Change("config_clear", key, {}, alike)
    now, was = _object(value), _object(before or b"")
    changed = {name: now[name] for name in sorted(now) if name not in was or was[name] != now[name]}
    payload: dict[str, Any] = {"set": changed, "unset": sorted(was.keys() - now.keys())}
    if "target_version" in changed:
        jitter = now.get("target_version_jitter")
        payload = {"version": now["target_version"], "jitter": jitter, **payload}
        return Change("agent_rollout", key, payload, alike)
    return Change("config_set", key, payload, alike)


def agent_groups(key: str, value: bytes, before: bytes | None) -> Change:
    """The groups of one PC."""
    alike = frozenset({"groups_set", "group_add", "group_remove"})
    now, was = _groups(value), _groups(before or b"")
    payload = {"groups": now, "added": _without(now, was), "removed": _without(was, now)}
    return Change("groups_set" if value else "groups_clear", key, payload, alike)


def job(key: str, value: bytes, _: bytes | None) -> Change:
    """A job's manifest."""
    if not value:
        return _one("job_delete", key)
    return _one("job_upsert", key, version=_object(value).get("version"))


def schedule(key: str, value: bytes, _: bytes | None) -> Change:
    """A schedule, which kanade-backend's routes also switch on and off."""
    if not value:
        return _one("schedule_delete", key)
    found = _object(value)
    payload = {name: found.get(name) for name in ("job_id", "cron", "enabled")}
    alike = {"schedule_upsert", "schedule_enable", "schedule_disable"}
    return Change("schedule_upsert", key, payload, frozenset(alike))


def stored_object(publish: str, delete: str) -> Describe:
    """An object's record: stored or deleted."""

    def describe(_: str, value: bytes, __: bytes | None) -> Change | None:
        record = _object(value)
        name = record.get("name")
        if not isinstance(name, str) or not name:
            return None
        if record.get("deleted") is True:
            return _one(delete, name)
        return _one(publish, name, size=record.get("size"), digest=record.get("digest"))

    return describe


def kill(exec_id: str) -> Change:
    """A signal to end what runs of an execution."""
    return _one("kill", exec_id)


def stream_deleted(stream: str) -> Change:
    """A whole stream, bucket or store is gone, and what it held (`kanade jetstream delete`, `reset`)."""
    return _one("stream_delete", stream)


def _one(action: str, target: str, **payload: Any) -> Change:
    return Change(action, target, payload, frozenset({action}))


def _object(value: bytes) -> dict[str, Any]:
    """A JSON object; what others wrote need not be one."""
    try:
        found: Any = decode(Any, value) if value else {}
    except (BadJson, BadShape):
        return {}
    return found if isinstance(found, dict) else {}


def _groups(value: bytes) -> list[str]:
    groups = _object(value).get("groups")
    return [one for one in groups if isinstance(one, str)] if isinstance(groups, list) else []


def _without(these: list[str], those: list[str]) -> list[str]:
    return [one for one in these if one not in set(those)]


def _text(value: bytes) -> str:
    return value[: 4 * LONGEST].decode(errors="replace")[:LONGEST]
