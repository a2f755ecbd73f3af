"""What a finished result says about the target that it belongs to (`contract/wire.md` 7.2.1)."""

from __future__ import annotations

import re

ENDED = ("done", "failed", "skipped", "timed_out", "expired", "killed", "superseded")
STATES = ("waiting", "running", *ENDED)

_SKIPS = frozenset((124, 125, 126, 127))
_LONGEST = 300
_TIMEOUT = re.compile(r"timeout after \d+s", re.ASCII).fullmatch


def outcome(exit_code: int, stderr: str) -> tuple[str, str | None]:
    """State and reason of a target, by exit code and error output.

    Scripts may end with any code, so a skip, a kill and a timeout are told by the agent's own words too.
    """
    if exit_code == 0:
        return "done", None
    if exit_code in _SKIPS and stderr.startswith("skipped: "):
        return "skipped", stderr.partition("\n")[0].removeprefix("skipped: ")[:_LONGEST]
    if exit_code == -1:
        last = stderr[-_LONGEST:].rpartition("\n")[2]
        if last.startswith("killed by remote signal"):
            return "killed", None
        if _TIMEOUT(last):
            return "timed_out", last
    return "failed", f"exit code {exit_code}"
