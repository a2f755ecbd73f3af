"""Which process is meant: a pid alone is reused, a pid with its start time is not."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process, by pid and start (text whose form depends on the system; equal means the same one)."""

    pid: int
    start: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return start_of(self.pid) == self.start


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(pid, start_of(pid) or "")


def start_of(pid: int) -> str | None:
    """When a process started; None when there is none of that pid (zombies do not count)."""
    if pid <= 0:
        return None
    if sys.platform.startswith("linux"):
        return _linux(pid)
    if sys.platform == "win32":
        return _windows(pid)
    return _ps(pid)


def _linux(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before may hold spaces and brackets
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _ps(pid: int) -> str | None:
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def _windows(pid: int) -> str | None:
    if sys.platform != "win32":
        return None
    import ctypes
    from ctypes import wintypes

    query_limited, still_active = 0x1000, 259
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = kernel.OpenProcess(query_limited, False, pid)
    if not handle:
        return None
    try:
        status = wintypes.DWORD()
        if not kernel.GetExitCodeProcess(handle, ctypes.byref(status)) or status.value != still_active:
            return None
        times = [wintypes.FILETIME() for _ in range(4)]
        if not kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times)):
            return None
        return f"{times[0].dwHighDateTime:x}:{times[0].dwLowDateTime:x}"
    finally:
        kernel.CloseHandle(handle)
