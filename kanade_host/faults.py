"""Named points at which a test may end the process, so that proving crash safety needs no luck.

`KANADE_FAULT=after-commit` ends the process when it first passes that point, `KANADE_FAULT=sending:2500`
at the 2,500th pass. Several are separated by commas. Unset, each point costs one comparison.
"""

from __future__ import annotations

import os
import signal

POINTS = frozenset(
    {"fetched", "prepared", "applied", "before-commit", "after-commit", "before-ack", "sending", "migration"}
)


class UnknownFault(ValueError):
    """`KANADE_FAULT` names a point that does not exist."""


def _armed() -> dict[str, int]:
    armed = {}
    for part in filter(None, os.environ.get("KANADE_FAULT", "").split(",")):
        name, _, passes = part.partition(":")
        if name not in POINTS:
            raise UnknownFault(f"KANADE_FAULT names {name!r}; there are: {', '.join(sorted(POINTS))}")
        armed[name] = int(passes or 1)
    return armed


_left = _armed()


def fault(point: str) -> None:
    """Pass a named point; ends the process as `kill -9` would when it is armed."""
    if not _left or point not in _left:
        return
    _left[point] -= 1
    if _left[point] <= 0:
        if hasattr(signal, "SIGKILL"):
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(137)
