"""The memory of many threads."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_the_c_library_takes_the_limit() -> None:
    """In a process of its own: the limit holds for the rest of it."""
    program = "from kanade_host.platform.memory import limit_arenas; print(limit_arenas())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
