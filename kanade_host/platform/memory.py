"""glibc gives each thread that allocates an arena of its own, and gives little of it back."""

from __future__ import annotations

import ctypes
import sys

_M_ARENA_MAX = -8
_ARENAS = 4


def limit_arenas() -> bool:
    """Let all threads share four arenas. With two, the loop and the writer of the database share one.

    Call it before threads are started. False where the C library has no such thing (musl, Windows, macOS).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_ARENA_MAX, _ARENAS))
