"""A process is known by pid and start, so that a reused pid is somebody else."""

from __future__ import annotations

import subprocess
import sys

from kanade_host.platform.processes import Process, start_of, this_process


def test_this_process_is_alive() -> None:
    assert this_process().alive
    assert this_process() == this_process()


def test_a_reused_pid_is_somebody_else() -> None:
    me = this_process()
    assert not Process(me.pid, me.start + "x").alive


def test_an_ended_child_is_gone_even_before_it_is_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        start = start_of(child.pid)
        assert start is not None
        process = Process(child.pid, start)
        assert process.alive
        child.communicate(b"\n")
    assert not process.alive


def test_no_such_process() -> None:
    assert start_of(0) is None
    assert start_of(-1) is None
