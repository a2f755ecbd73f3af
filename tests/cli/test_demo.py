"""`kanade-host demo`: one command, and there is a system with a fleet in it."""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from kanade_host.cli import main
from kanade_host.cli.demo import welcome
from kanade_host.cli.demo_config import Login, demo_config, kept_login
from kanade_host.platform.processes import start_of
from kanade_host.store.location import parse_location

Installation = Any

needs_fleet = pytest.mark.skipif(
    find_spec("kanade_host_simulator") is None or find_spec("kanade_host_auth") is None,
    reason="the plugins of the demo are not installed",
)


def answer(url: str, token: str | None = None, body: Any = None) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None)
    request.add_header("content-type", "application/json")
    if token is not None:
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as opened:
        return json.load(opened)


@needs_fleet
@pytest.mark.skipif(sys.platform == "win32", reason="stops the host by a signal")
def test_a_fleet_after_one_command(installation: Installation) -> None:
    folder = installation.folder / "demo"
    words = ("demo", "--data", str(folder), "--port", str(installation.port), "--agents", "3")
    host = installation.start(*words)
    login = kept_login(folder, installation.port)
    token = answer(
        f"{installation.url}/api/auth/login", None, {"username": login.user, "password": login.password}
    )["token"]

    def three() -> bool:
        return len(answer(f"{installation.url}/api/agents", token)) == 3

    installation.until(three)
    again = installation.start(*words)
    out, _ = again.communicate(timeout=30)
    assert again.returncode == 0
    assert f"runs already (process {host.pid})" in out
    for told in (installation.url, login.password):
        assert told in out
    status, out = installation.stop(host)
    assert status == 0, out
    assert out.startswith("Starting …")
    assert login.password in out
    assert out.endswith("Stopped.\n")


@needs_fleet
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc; elsewhere it gives up later")
def test_a_fleet_does_not_outlive_its_host(installation: Installation) -> None:
    """Else the next start would have two fleets of the same PCs, and each job would run twice."""
    folder = installation.folder / "demo"
    words = ("demo", "--data", str(folder), "--port", str(installation.port), "--agents", "1")
    host = installation.start(*words)

    def children() -> list[int]:
        listed = Path(f"/proc/{host.pid}/task/{host.pid}/children").read_text().split()
        return [int(pid) for pid in listed]

    def fleet() -> list[int]:
        return [pid for pid in children() if b"simulate" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    installation.until(fleet)
    (pid,) = fleet()
    host.kill()
    host.wait(30)
    installation.until(lambda: start_of(pid) is None)


def test_what_it_says_can_be_typed_as_it_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`./run demo` leaves no `kanade-host` on the path of a second terminal."""
    assert "\n    kanade-host plugins --demo " in welcome("http://h", Login("u", "p"), tmp_path)
    monkeypatch.setenv("KANADE_HOST_COMMAND", "./run kanade-host")
    assert "\n    ./run kanade-host plugins --demo " in welcome("http://h", Login("u", "p"), tmp_path)


def test_a_port_that_is_taken_is_told_before_anything_starts(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert main(["demo", "--data", str(installation.folder / "demo"), "--port", port]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"another program listens on port {port}: name another with --port" in captured.err


def test_a_folder_that_cannot_be_used(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    (installation.folder / "file").touch()
    assert main(["demo", "--data", str(installation.folder / "file")]) == 1
    assert "cannot be used" in capsys.readouterr().err


def test_the_login_is_kept_and_private(tmp_path: Path) -> None:
    first = kept_login(tmp_path / "demo", 9000)
    assert kept_login(tmp_path / "demo", 9000) == first
    assert kept_login(tmp_path / "demo", 9001).password == first.password
    if os.name == "posix":
        assert (tmp_path / "demo" / "demo-login.json").stat().st_mode & 0o777 == 0o600


def test_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    folder = tmp_path / "50% off?"
    assert parse_location(demo_config(folder).db.sqlite_path).path == folder / "backend.db"
    assert demo_config(folder).data_dir == folder
