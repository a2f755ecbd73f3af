"""What the process answers when it ends, for service managers and scripts."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of `kanade-host`."""

    OK = 0
    FAILED = 1
    """A fatal error; its chain is on standard error and in the log."""
    USAGE = 2
    """The command line is wrong."""
    STUCK = 70
    """Code of a plugin held the writer; the next start leaves that plugin out."""
    INTERRUPTED = 130
    """A second Ctrl-C, or SIGTERM, while stopping: ended at once."""
