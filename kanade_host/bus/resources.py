"""The streams, buckets and object stores of the wire contract, exactly as the server shall have them.

`contract/wire.md` 3, 4, 5: an upstream backend or command line must be able to take over the same
broker. nats-py's own helpers create other settings (message TTL switched on for ever), so what is sent
is what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kanade_host.plugin.resources import Bucket, ObjectStore, Resource, Stream

DAY = 86_400
NS = 1_000_000_000
EXEC_PER_SUBJECT = 32
"""Upstream has 1; with 32, a PC that was offline gets every command (wire.md 3.1, decided)."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One stream as it is sent to the broker."""

    name: str
    config: dict[str, Any]


def define(resource: Resource) -> Definition:
    """The stream behind a resource."""
    match resource:
        case Stream():
            return _definition(
                resource.name,
                list(resource.subjects),
                max_age=resource.max_age,
                per_subject=resource.per_subject,
                discard="old",
            )
        case Bucket():
            return _definition(
                f"KV_{resource.name}",
                [f"$KV.{resource.name}.>"],
                per_subject=resource.history,
                discard="new",
                allow_direct=True,
                allow_rollup_hdrs=True,
                deny_delete=True,
            )
        case ObjectStore():
            return _definition(
                f"OBJ_{resource.name}",
                [f"$O.{resource.name}.C.>", f"$O.{resource.name}.M.>"],
                max_age=resource.max_age,
                discard="new",
                allow_direct=True,
                allow_rollup_hdrs=True,
            )


def _definition(
    name: str,
    subjects: list[str],
    *,
    discard: str,
    max_age: float = 0,
    per_subject: int = -1,
    allow_direct: bool = False,
    allow_rollup_hdrs: bool = False,
    deny_delete: bool = False,
) -> Definition:
    # The duplicate window is left out: the server's default (two minutes) is the contract's, and a
    # stream with a shorter max_age would not take it.
    config = {
        "name": name,
        "subjects": subjects,
        "retention": "limits",
        "storage": "file",
        "discard": discard,
        "num_replicas": 1,
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_msg_size": -1,
        "max_msgs_per_subject": per_subject,
        "max_age": round(max_age * NS),
        "allow_direct": allow_direct,
        "allow_rollup_hdrs": allow_rollup_hdrs,
        "deny_delete": deny_delete,
        "deny_purge": False,
        "allow_msg_ttl": False,
    }
    return Definition(name, config)


STREAMS = (
    Stream("INVENTORY", ("inventory.>",), max_age=90 * DAY),
    Stream("RESULTS", ("results.>",), max_age=30 * DAY),
    Stream("EXEC", ("commands.>",), max_age=7 * DAY, per_subject=EXEC_PER_SUBJECT),
    Stream("EVENTS", ("events.>",), max_age=7 * DAY),
    Stream("AUDIT", ("audit.>",)),
    Stream("OBS_EVENTS", ("obs.>",), max_age=90 * DAY),
)
BUCKETS = (
    Bucket("script_current"),
    Bucket("script_status"),
    Bucket("agents_state", history=1),
    Bucket("agent_config"),
    Bucket("agent_groups"),
    Bucket("schedules"),
    Bucket("jobs"),
    Bucket("jobs_yaml"),
    Bucket("schedules_yaml"),
)
OBJECT_STORES = (
    ObjectStore("agent_releases"),
    ObjectStore("app_packages"),
    ObjectStore("scripts"),
    ObjectStore("result_output", max_age=30 * DAY),
)
CONTRACT: tuple[Definition, ...] = tuple(
    define(resource) for resource in (*STREAMS, *BUCKETS, *OBJECT_STORES)
)
