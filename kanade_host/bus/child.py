"""A child process that dies with the host, also when the host is killed.

Linux: parent-death signal, set by a launcher that becomes the program (code between fork and exec would
run in a copy of a process with threads). Windows: a job object. Elsewhere the next start finds the
survivor by its pid file (`broker.py`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

LAUNCHER = """
import ctypes, os, sys
parent = int(sys.argv[1])
ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGTERM
if os.getppid() != parent:
    sys.exit("the host died while it started this")
os.execv(sys.argv[2], sys.argv[2:])
"""


def spawn(
    command: Sequence[str], output: BinaryIO, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to a file, in a session of its own: Ctrl-C is the host's affair.

    `command` begins with an absolute path; `env` None: the host's own environment.
    """
    if sys.platform == "win32":
        return _spawn_windows(command, output, env)
    # The signal comes when the *thread* that started the child ends, so only from the main thread.
    if sys.platform.startswith("linux") and threading.current_thread() is threading.main_thread():
        command = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()), *command]
    return subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _spawn_windows(
    command: Sequence[str], output: BinaryIO, env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
        | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    _into_job(process)
    return process


_job: Any = None


def _into_job(process: subprocess.Popen[bytes]) -> None:
    """Put a process into the host's job object, whose processes end when its last handle goes."""
    if sys.platform != "win32":
        return
    import ctypes
    from ctypes import wintypes

    class Basic(ctypes.Structure):
        _fields_ = [
            ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
            ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        ]

    class Extended(ctypes.Structure):
        _fields_ = [
            ("Basic", Basic),
            ("IoCounters", ctypes.c_ulonglong * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    global _job
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    kernel.SetInformationJobObject.argtypes = [
        wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD
    ]  # fmt: skip
    kernel.AssignProcessToJobObject.argtypes = [wintypes.HANDLE, wintypes.HANDLE]
    if _job is None:
        kill_on_job_close, extended_limits = 0x2000, 9
        limits = Extended()
        limits.Basic.LimitFlags = kill_on_job_close
        _job = kernel.CreateJobObjectW(None, None)
        kernel.SetInformationJobObject(_job, extended_limits, ctypes.byref(limits), ctypes.sizeof(limits))
    kernel.AssignProcessToJobObject(_job, int(process._handle))  # type: ignore[attr-defined, unused-ignore]
