"""What agents send about runs (`contract/wire.md` 7.2, 7.3; `contract/projections.md` 1.2, 2.3)."""

from __future__ import annotations

import uuid

import msgspec

from kanade_host.plugin import I32, Instant


class ExecResult(msgspec.Struct, frozen=True, gc=False):
    """The end of one run, on `results.<request_id>`.

    `stdout_object` and `stderr_object` name what was too long to be sent inline.
    """

    request_id: str
    pc_id: str
    exit_code: I32
    stdout: str
    stderr: str
    started_at: Instant
    finished_at: Instant
    result_id: str = ""
    exec_id: str | None = None
    manifest_id: str | None = None
    stdout_object: str | None = None
    stderr_object: str | None = None

    @property
    def key(self) -> str:
        """The result's id; for agents that send none, one derived from request and PC."""
        return self.result_id or legacy_id(self.request_id, self.pc_id)


class EventStarted(msgspec.Struct, frozen=True, gc=False):
    """The beginning of one run, on `events.started.<exec_id>.<pc_id>`."""

    result_id: str
    request_id: str
    exec_id: str
    pc_id: str
    manifest_id: str
    version: str
    started_at: Instant


def legacy_id(request_id: str, pc_id: str) -> str:
    """The id of a result that came without one: the same however often it comes."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"kanade-issue-19/legacy-result-id:{request_id}:{pc_id}"))
