"""What agents send about runs (`contract/projections.md` 1.2, 2.3), and what is made of it here."""

from __future__ import annotations

import uuid
import zlib
from dataclasses import dataclass

import msgspec

from kanade_host.plugin import I32, Instant, Logger
from kanade_host_inventory.hints import Hint

_LONG = 256 * 1024


class ExecResult(msgspec.Struct, frozen=True, gc=False):
    """The end of one run, on `results.<request_id>`."""

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


def legacy_id(request_id: str, pc_id: str) -> str:
    """The id of a result that came without one: the same however often it comes."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"kanade-issue-19/legacy-result-id:{request_id}:{pc_id}"))


@dataclass(frozen=True, slots=True)
class Scan:
    """A successful run of a job with an inventory hint: what `prepare` makes of an `ExecResult`.

    `most`: elements that become rows, of all its arrays.
    """

    pc_id: str
    job_id: str
    result_id: str
    finished_at: Instant
    hint: Hint
    output: Output
    most: int
    log: Logger


class Output:
    """A text that waits for its transaction. Long ones are packed: a batch may hold hundreds of them."""

    __slots__ = ("_packed", "_text", "size")

    def __init__(self, text: bytes) -> None:
        self.size = len(text)
        self._packed = zlib.compress(text, 1) if self.size > _LONG else None
        self._text = b"" if self._packed is not None else text

    def bytes(self) -> bytes:
        return self._text if self._packed is None else zlib.decompress(self._packed)
