"""Where something may be done past the host: buckets, object stores, the kill subjects."""

from __future__ import annotations

from dataclasses import dataclass

from kanade_host_witness import changes
from kanade_host_witness.changes import Describe


@dataclass(frozen=True, slots=True)
class Source:
    """One stream. `compares`: the value before is kept, to say what is different."""

    name: str
    stream: str
    filter: str
    describe: Describe
    compares: bool = False

    def key(self, subject: str) -> str:
        """What stands behind the fixed part of the subject."""
        return subject[len(self.filter) - 1 :]


def _bucket(name: str, describe: Describe, *, compares: bool = False) -> Source:
    return Source(name, f"KV_{name}", f"$KV.{name}.>", describe, compares)


def _store(name: str, publish: str, delete: str) -> Source:
    return Source(name, f"OBJ_{name}", f"$O.{name}.M.>", changes.stored_object(publish, delete))


SOURCES = (
    _bucket("script_status", changes.script_status),
    _bucket("script_current", changes.script_current),
    _bucket("agent_config", changes.agent_config, compares=True),
    _bucket("agent_groups", changes.agent_groups, compares=True),
    _bucket("jobs", changes.job),
    _bucket("schedules", changes.schedule),
    _store("agent_releases", "agent_publish", "agent_release_delete"),
    _store("app_packages", "app_package_publish", "app_package_delete"),
    _store("scripts", "script_object_publish", "script_object_delete"),
)
KILLS = "kill.>"
STREAMS = frozenset(
    {
        *(source.stream for source in SOURCES),
        *("INVENTORY", "RESULTS", "EXEC", "EVENTS", "AUDIT", "OBS_EVENTS"),
        *("KV_agents_state", "KV_jobs_yaml", "KV_schedules_yaml", "OBJ_result_output"),
    }
)
"""Those of the wire contract (`contract/wire.md` 3 to 5)."""
AUDIT_STREAM, AUDIT_DURABLE = "AUDIT", "witness_audit"
