"""An installation of a test: a configuration file and a database, with no plugins to keep it quick."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kanade_host.cli import main


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something that happens soon."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


@dataclass
class Installation:
    """A folder with `backend.toml`; commands are run in this process, the host in one of its own."""

    folder: Path
    port: int
    capture: pytest.CaptureFixture[str]
    hosts: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "backend.toml"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self, extra: str = "only = []", before: str = "") -> None:
        self.config.write_text(
            f"""{before}
[server]
bind = "127.0.0.1:{self.port}"
[db]
sqlite_path = '{(self.folder / "backend.db").as_posix()}'
[log]
path = '{(self.folder / "logs" / "backend.log").as_posix()}'
level = "info"
[broker]
port = 0
[plugins]
{extra}
"""
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit status, standard output, standard error of a command on this installation."""
        status = main([*words, "--config", str(self.config)])
        captured = self.capture.readouterr()
        return status, captured.out, captured.err

    def start(self, *words: str, wait: bool = True) -> subprocess.Popen[str]:
        """A host of its own process; `wait`: until it answers `/health`, or has ended."""
        words = words or ("serve", "--config", str(self.config))
        host = subprocess.Popen(
            [sys.executable, "-m", "kanade_host", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("KANADE_")},
        )
        self.hosts.append(host)
        if wait:
            until(lambda: self.healthy() or host.poll() is not None)
        return host

    until = staticmethod(until)

    def healthy(self) -> bool:
        return self.status("/health") == 200

    def status(self, path: str) -> int:
        """The status of a GET; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def stop(self, host: subprocess.Popen[str]) -> tuple[int, str]:
        """Ask it to stop; exit status and what it printed."""
        host.send_signal(signal.SIGTERM)
        out, _ = host.communicate(timeout=30)
        return host.returncode, out


@pytest.fixture
def installation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Installation]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made = Installation(tmp_path, probe.getsockname()[1], capsys)
    made.write()
    yield made
    for host in made.hosts:
        if host.poll() is None:
            host.kill()
        host.communicate()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("KANADE_") or name == "RUST_LOG":
            monkeypatch.delenv(name)
