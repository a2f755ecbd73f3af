"""glibc gives each thread that allocates an arena of its own, and gives little of it back."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_ARENA_MAX = -8
_ARENAS = 4
_M_TRIM_THRESHOLD, _TRIM_BYTES = -1, 8 * 1024 * 1024
_M_MMAP_THRESHOLD, _MMAP_BYTES = -3, 4 * 1024 * 1024


def limit_arenas() -> bool:
    """Let all threads share four arenas. With two, the loop and the writer of the database share one.

    Call it before threads are started. False where the C library has no such thing (musl, Windows, macOS).
    """
    mallopt = _of_glibc("mallopt")
    return mallopt is not None and bool(mallopt(_M_ARENA_MAX, _ARENAS))


def return_large_blocks() -> bool:
    """Give blocks of 4 MiB and more back when they are freed, and keep 8 MiB free at most on top of a heap.

    Left to itself glibc raises both bounds with each large block that is freed: after one check of a
    password, which takes 19 MiB, it keeps those of all later ones, and up to 38 MiB of anything else. What
    comes often (buffers of the network, statements of 2,048 rows) is smaller. False where the C library has
    no such thing.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES) and mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES))


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
