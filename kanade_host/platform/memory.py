"""glibc gives each thread that allocates an arena of its own, and gives little of it back."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_ARENA_MAX = -8
_ARENAS = 4


def limit_arenas() -> bool:
    """Let all threads share four arenas. With two, the loop and the writer of the database share one.

    Call it before threads are started. False where the C library has no such thing (musl, Windows, macOS).
    """
    mallopt = _of_glibc("mallopt")
    return mallopt is not None and bool(mallopt(_M_ARENA_MAX, _ARENAS))


def give_back() -> bool:
    """Give what was freed back to the system; whoever allocates meanwhile waits some milliseconds.

    For the end of a piece of work that took much. False where the C library has no such thing.
    """
    trim = _of_glibc("malloc_trim")
    return trim is not None and bool(trim(0))


def _of_glibc(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
    return found
