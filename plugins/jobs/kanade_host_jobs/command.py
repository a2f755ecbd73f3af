"""The commands that agents get, byte for byte as `contract/http-jobs.md` 2.4 lists their keys."""

from __future__ import annotations

import uuid
from typing import Any

from kanade_host.plugin import Instant, encode
from kanade_host_jobs.api import Manifest
from kanade_host_jobs.manifest import plain, staleness
from kanade_host_jobs.script_source import Script

HEADER_ROOM = 128
"""What the message id takes of the broker's largest payload."""


class CommandForm:
    """One exec's command; only the request id differs from subject to subject."""

    def __init__(
        self,
        manifest: Manifest,
        script: Script,
        *,
        exec_id: str,
        timeout_secs: int,
        jitter_secs: int | None,
        deadline_at: Instant | None,
    ) -> None:
        execute = manifest.execute
        keys: dict[str, Any] = {
            "id": manifest.id,
            "version": manifest.version,
        }
        rest: dict[str, Any] = {
            "exec_id": exec_id,
            "shell": execute.shell,
            "script": script.text,
        }
        if script.object is not None:
            rest["script_object"] = script.object
            rest["script_object_sha256"] = script.sha256
        rest |= {"timeout_secs": timeout_secs, "jitter_secs": jitter_secs, "run_as": execute.run_as}
        if execute.cwd is not None:
            rest["cwd"] = execute.cwd
        if deadline_at is not None:
            rest["deadline_at"] = deadline_at
        rest["staleness"] = staleness(manifest.staleness)
        if manifest.emit is not None:
            rest["emit"] = plain(manifest)["emit"]
        self._head = encode(keys)[:-1] + b',"request_id":'
        self._tail = b"," + encode(rest)[1:]

    def body(self, request_id: str) -> bytes:
        """The command with that request id."""
        return b'%s"%s"%s' % (self._head, request_id.encode(), self._tail)

    @property
    def size(self) -> int:
        """Bytes of each body, the message id's header included."""
        return len(self._head) + len(self._tail) + 38 + HEADER_ROOM


def request_id(exec_id: str, subject: str, repeat: int = 0) -> str:
    """The same for the same exec and subject, so that a command that is sent again is recognised.

    `repeat` counts earlier commands of the exec on that subject (only with `upstream_subjects`).
    """
    name = f"{subject}#{repeat}" if repeat else subject
    return str(uuid.uuid5(uuid.UUID(exec_id), name))
