"""The memory of many threads."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
MEASURE = """
from pathlib import Path
from kanade_host.platform.memory import give_back, return_large_blocks
def anonymous():
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("RssAnon")]
    return int(line.split()[1])
"""


def ran(program: str) -> list[str]:
    """The words that it says, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


@GLIBC
def test_the_c_library_takes_the_limit() -> None:
    """In a process of its own: the limit holds for the rest of it."""
    program = "from kanade_host.platform.memory import limit_arenas; print(limit_arenas())"
    assert ran(program) == ["True"]


@GLIBC
def test_a_large_block_goes_back_however_often_one_is_taken() -> None:
    """As checks of passwords take them. Without the bounds the second one stays, and every later one."""
    program = """
print(return_large_blocks())
before = anonymous()
for _ in range(3):
    bytearray(b"x") * (19 * 1024 * 1024)
print(anonymous() - before < 9_000)
"""
    assert ran(MEASURE + program) == ["True", "True"]


@GLIBC
def test_what_was_freed_goes_back_to_the_system() -> None:
    """Small blocks with one kept behind them, which nothing but the trimming gives back."""
    program = """
blocks = [bytes(5_000) for _ in range(10_000)]
kept = blocks[-1]
blocks.clear()
before = anonymous()
print(give_back(), before - anonymous() > 30_000)
"""
    assert ran(MEASURE + program) == ["True", "True"]
