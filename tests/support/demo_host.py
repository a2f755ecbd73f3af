"""The demo in a process of its own: host, broker, simulated fleet, and people who may log in."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats

AGENTS = 12
PASSWORD = "downbeat-test"


@dataclass
class Served:
    """A host that runs, and tokens of people who may look at it."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, *, role: str = "admin") -> Any:
        """One request; the JSON of the answer."""
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        if role in self.tokens:
            request.add_header("Authorization", f"Bearer {self.tokens[role]}")
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, data, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    async def publish(self, subject: str, *bodies: Any, stream: bool = True) -> None:
        """What an agent would say; returns once the stream has it."""
        command = [sys.executable, "-m", "kanade_host", "env", "--demo", str(self.folder)]
        told = await asyncio.to_thread(subprocess.check_output, command, text=True)
        named = dict(line.removeprefix("export ").split("=", 1) for line in told.splitlines() if "=" in line)
        client = await nats.connect(named["KANADE_NATS_URL"], token=named["KANADE_NATS_TOKEN"])
        publish = client.jetstream().publish if stream else client.publish
        for body in bodies:
            await publish(subject, json.dumps(body).encode())
        await client.flush()
        await client.close()

    def log_in(self, name: str, password: str) -> str:
        """A new token."""
        token: str = self.ask("POST", "/api/auth/login", {"username": name, "password": password}, role="")[
            "token"
        ]
        return token


def free_port() -> int:
    """One of loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _until_ready(url: str, process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 90
    while True:
        assert process.poll() is None, "the demo ended"
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < ends, "the demo is not ready"
            time.sleep(0.2)


def start_demo(folder: Path, agents: int = AGENTS, **environment: str) -> Served:
    """A host with everything, in a process of its own, that has heard its PCs; the caller ends it."""
    served = _with_people(run_demo(folder, free_port(), agents, **environment))
    try:
        _until_heard(served, agents)
    except BaseException:
        end_demo(served)
        raise
    return served


def _until_heard(served: Served, agents: int) -> None:
    ends = time.monotonic() + 60
    while len(served.ask("GET", "/api/agents")) < agents:
        assert time.monotonic() < ends, "the simulated PCs are not heard"
        time.sleep(0.2)


def run_demo(folder: Path, port: int, agents: int, *options: str, **environment: str) -> Served:
    """The same as it was before, on that port: nobody is logged in. Every PC stays, however long it takes."""
    words = ["demo", "--data", str(folder), "--port", str(port), "--agents", str(agents), "--offline", "0"]
    return _run([*words, *options], folder, port, environment)


def serve_without(demo: Served, disabled: Sequence[str], settings: str = "") -> Served:
    """The host alone over what a demo that has ended left in its folder, with those plugins switched off.

    `settings`: more of the file, as TOML.
    """
    port, folder = free_port(), demo.folder
    config = folder / "backend.toml"
    config.write_text(
        f"""[server]
bind = "127.0.0.1:{port}"
[db]
sqlite_path = {json.dumps(str(folder / "backend.db"))}
[log]
path = {json.dumps(str(folder / "logs" / "backend.log"))}
level = "info"
keep_days = 1
[broker]
embedded = true
folder = {json.dumps(str(folder / "nats"))}
port = 0
[plugins]
disabled = {json.dumps(list(disabled))}
{settings}
"""
    )
    served = _run(["serve", "--config", str(config)], folder, port, {})
    served.tokens |= demo.tokens
    return served


def _run(words: Sequence[str], folder: Path, port: int, environment: Mapping[str, str]) -> Served:
    env = {name: value for name, value in os.environ.items() if not name.startswith("KANADE_")} | environment
    process = subprocess.Popen(
        [sys.executable, "-m", "kanade_host", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    )
    served = Served(f"http://127.0.0.1:{port}", folder, process)
    try:
        _until_ready(served.url, process)
    except BaseException:
        end_demo(served)
        raise
    return served


def _with_people(served: Served) -> Served:
    folder = served.folder
    try:
        login = json.loads((folder / "demo-login.json").read_text())
        served.tokens["admin"] = served.log_in("admin", login["password"])
        change_password(served)
        for role in ("viewer", "operator"):
            account = {"username": f"the-{role}", "password": PASSWORD, "role": role}
            served.ask("POST", "/api/accounts", account)
            served.tokens[role] = served.log_in(f"the-{role}", PASSWORD)
    except BaseException:
        end_demo(served)
        raise
    return served


def change_password(served: Served) -> None:
    """That of the first administrator, who may do nothing else before; all earlier log-ins end."""
    login = json.loads((served.folder / "demo-login.json").read_text())
    change = {"old_password": login["password"], "new_password": PASSWORD}
    served.ask("POST", "/api/auth/change-password", change)
    served.tokens["admin"] = served.log_in("admin", PASSWORD)


def end_demo(served: Served) -> None:
    """Tidy, within bounded time."""
    served.process.terminate()
    try:
        served.process.wait(20)
    except subprocess.TimeoutExpired:
        served.process.kill()
        served.process.wait(5)
