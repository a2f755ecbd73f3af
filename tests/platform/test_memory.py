"""The memory of many threads."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


@GLIBC
def test_the_c_library_takes_the_limit() -> None:
    """In a process of its own: the limit holds for the rest of it."""
    program = "from kanade_host.platform.memory import limit_arenas; print(limit_arenas())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@GLIBC
def test_a_large_block_goes_back_however_often_one_is_taken() -> None:
    """As checks of passwords take them. Without the bounds the second one stays, and every later one."""
    program = """
from pathlib import Path
from kanade_host.platform.memory import return_large_blocks
def anonymous():
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("RssAnon")]
    return int(line.split()[1])
print(return_large_blocks())
before = anonymous()
for _ in range(3):
    bytearray(b"x") * (19 * 1024 * 1024)
print(anonymous() - before < 9_000)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


@GLIBC
def test_what_was_freed_goes_back_to_the_system() -> None:
    """Small blocks with one kept behind them, which nothing but the trimming gives back."""
    program = """
from pathlib import Path
from kanade_host.platform.memory import give_back
def anonymous():
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("RssAnon")]
    return int(line.split()[1])
blocks = [bytes(5_000) for _ in range(10_000)]
kept = blocks[-1]
blocks.clear()
before = anonymous()
print(give_back(), before - anonymous() > 30_000)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
