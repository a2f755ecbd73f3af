"""The host as a process: start, look at it from outside, stop. Real broker, real files."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from kanade_host.cli.running import RunFile, Running, Wish, Wishes
from kanade_host.platform.processes import Process

Installation = Any

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stops the host by a signal")


def read(answer: tuple[int, str, str]) -> Any:
    status, out, err = answer
    assert (status, err) == (0, ""), answer
    return json.loads(out)


def put_letters(installation: Installation, count: int) -> None:
    """Dead letters of a projection that does not run; only before the host does."""
    with sqlite3.connect(installation.folder / "backend.db") as connection:
        connection.executemany(
            "INSERT INTO host_dead_letters(projection, plugin, stream, stream_created, sequence, subject,"
            " time_ns, body, error, traceback) VALUES ('x.y', 'x', 'S', 'c', ?, 's.1', 1, ?, 'bad', 'T')",
            [(number, b'{"a": 1}' if number else b"\xff\x1b[31m") for number in range(count)],
        )
    connection.close()


def test_a_life(installation: Installation) -> None:
    """Called as a service unit of kanade-backend calls it; stopped tidily; nothing left behind."""
    host = installation.start("--config", str(installation.config))
    assert installation.healthy()
    found = read(installation.run("plugins", "--json"))
    assert found["source"] == f"the running host, process {host.pid}"
    shell = read(installation.run("env", "--json"))
    assert shell["KANADE_BACKEND_URL"] == installation.url
    assert shell["KANADE_NATS_URL"].startswith("nats://127.0.0.1:")
    assert len(shell["KANADE_NATS_TOKEN"]) >= 32
    assert read(installation.run("db", "check", "--json"))["problems"] == []
    assert read(installation.run("projection", "list", "--json"))["running"] is True
    status, out = installation.stop(host)
    assert status == 0, out
    assert not (installation.folder / "host-running.json").exists()
    (log,) = (installation.folder / "logs").glob("backend.*.log")
    text = log.read_text()
    assert "INFO kanade_host: starting kanade-host" in text
    assert text.rstrip().endswith("INFO kanade_host: stopped")
    assert shell["KANADE_NATS_TOKEN"] not in text + out


def test_a_fatal_start_is_in_the_log_and_on_standard_error(installation: Installation) -> None:
    (installation.folder / "backend.db").write_bytes(b"this is no database " * 200)
    host = installation.start()
    out, _ = host.communicate(timeout=30)
    assert host.returncode == 1
    assert "\nError: " in out
    (log,) = (installation.folder / "logs").glob("backend.*.log")
    assert "ERROR kanade_host:" in log.read_text()


def test_an_authenticator_that_nobody_offers_is_told(installation: Installation) -> None:
    installation.write('only = []\nauthenticators = ["atuh"]')
    status, out = installation.stop(installation.start())
    assert status == 0
    assert "no plugin authenticates" in out
    assert "[plugins] authenticators names one that no plugin offers name=atuh there=none" in out


def test_a_folder_that_is_none_is_told_without_a_traceback(installation: Installation) -> None:
    (installation.folder / "file").touch()
    text = installation.config.read_text()
    installation.config.write_text(text.replace("/backend.db'", "/file/backend.db'"))
    host = installation.start()
    out, _ = host.communicate(timeout=30)
    assert host.returncode == 1
    assert "Traceback" not in out
    assert "make the folder, or name another file in [db] sqlite_path" in out


def test_dead_letters_through_the_running_host(installation: Installation) -> None:
    installation.run("db", "migrate")
    put_letters(installation, 3)
    host = installation.start()
    found = read(installation.run("dead-letters", "list", "--json"))["dead_letters"]
    assert [one["id"] for one in found] == [3, 2, 1]
    assert read(installation.run("dead-letters", "show", "2", "--json"))["body"] == {"a": 1}
    outcome = read(installation.run("dead-letters", "discard", "1", "3", "--json"))
    assert outcome == {"ids": [1, 3], "done": 2, "left": []}
    found = read(installation.run("dead-letters", "list", "--json"))["dead_letters"]
    assert [one["id"] for one in found] == [2]
    assert installation.stop(host)[0] == 0


def test_dead_letters_without_a_host(installation: Installation) -> None:
    installation.run("db", "migrate")
    put_letters(installation, 3)
    status, out, _ = installation.run("dead-letters", "show", "1")
    assert status == 0
    assert "\x1b" not in out
    assert read(installation.run("dead-letters", "discard", "1", "--json"))["done"] == 1
    outcome = read(installation.run("dead-letters", "replay", "--all", "x.y", "--json"))
    assert outcome["at_next_start"] is True
    found = read(installation.run("dead-letters", "list", "--json"))["dead_letters"]
    assert [(one["id"], one["status"]) for one in found] == [(3, "replay"), (2, "replay")]
    assert installation.run("dead-letters", "show", "99")[0] == 1
    assert installation.run("dead-letters", "replay")[0] == 2
    assert "No dead letter of x.z waits" in installation.run("dead-letters", "replay", "--all", "x.z")[1]


def test_ctrl_c_stops_it_tidily_too(installation: Installation) -> None:
    host = installation.start()
    host.send_signal(signal.SIGINT)
    out, _ = host.communicate(timeout=30)
    assert host.returncode == 0, out


def test_a_file_that_a_crash_left_counts_for_nothing(tmp_path: Path) -> None:
    file = RunFile(tmp_path)
    file.write(Running(process=Process(1, "never"), version="1", url="http://x:1"))
    assert file.path.exists()
    assert file.read() is None
    file.path.write_text("not json")
    assert file.read() is None


def test_wishes_that_are_none_are_removed(tmp_path: Path) -> None:
    wishes = Wishes(tmp_path)
    path = wishes.leave(Wish(action="replay", ids=[1]))
    (wishes.folder / "odd.json").write_text('{"action": "rm -rf"}')
    assert wishes.take() == [(path, Wish(action="replay", ids=[1]))]
    assert [one.name for one in wishes.folder.iterdir()] == [path.name]


def test_it_comes_up_before_the_broker_and_stops_without_it(installation: Installation) -> None:
    installation.write(before='[nats]\nurl = "nats://127.0.0.1:1"')
    host = installation.start(wait=False)
    installation.until(lambda: installation.status("/health/live") == 200)
    assert installation.status("/health") == 503
    installation.until(lambda: RunFile(installation.folder).read() is not None)
    running = RunFile(installation.folder).read()
    assert running is not None
    installation.until(lambda: "broker" in RunFile(installation.folder).read().starting)
    status, out = installation.stop(host)
    assert status == 0, out


def test_a_port_that_is_taken_is_a_fatal_error(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.port)):
        host = installation.start(wait=False)
        out, _ = host.communicate(timeout=30)
    assert host.returncode == 1
    assert f"Error: bind 127.0.0.1:{installation.port}" in out
    assert "Address already in use" in out


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_a_dead_letter_that_is_not_there_is_not_told_as_done(installation: Installation, action: str) -> None:
    installation.run("db", "migrate")
    put_letters(installation, 1)
    status, out, err = installation.run("dead-letters", action, "1", "99")
    assert (status, out) == (1, "")
    assert "there is no dead letter 99; nothing was done" in err
    found = read(installation.run("dead-letters", "list", "--json"))["dead_letters"]
    assert [one["status"] for one in found] == ["waiting"]
