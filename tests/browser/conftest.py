"""A browser before a real host with a broker and a simulated fleet.

Tests here need a Chromium: that of `KANADE_CHROMIUM`, of the system, or of Playwright. Without one they are
skipped by name. Screenshots go to `var/screens`, which is not tracked.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from browsing import FLAGS, Visit
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parents[2]
AGENTS = 12
PASSWORD = "downbeat-test"
SCREENS = ROOT / "var" / "screens"


def chromium() -> str | None:
    """The program, or None."""
    named = os.environ.get("KANADE_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    cache = Path.home() / ".cache" / "ms-playwright"
    return next((str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of this folder time, and a reason where it cannot run."""
    here = Path(__file__).parent
    missing = chromium() is None
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.timeout(300))
        if missing:
            item.add_marker(pytest.mark.skip(reason="no Chromium: install it, or name it in KANADE_CHROMIUM"))


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

    def log_in(self, name: str, password: str) -> str:
        """A new token."""
        token: str = self.ask("POST", "/api/auth/login", {"username": name, "password": password}, role="")[
            "token"
        ]
        return token


def _free_port() -> int:
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
    """A host with everything, in a process of its own; the caller ends it."""
    port = _free_port()
    command = [sys.executable, "-m", "kanade_host", "demo", "--data", str(folder), "--port", str(port)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("KANADE_")} | environment
    process = subprocess.Popen(
        [*command, "--agents", str(agents)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    )
    served = Served(f"http://127.0.0.1:{port}", folder, process)
    try:
        _until_ready(served.url, process)
        login = json.loads((folder / "demo-login.json").read_text())
        served.tokens["admin"] = served.log_in("admin", login["password"])
        change = {"old_password": login["password"], "new_password": PASSWORD}
        served.ask("POST", "/api/auth/change-password", change)
        served.tokens["admin"] = served.log_in("admin", PASSWORD)
        for role in ("viewer", "operator"):
            account = {"username": f"the-{role}", "password": PASSWORD, "role": role}
            served.ask("POST", "/api/accounts", account)
            served.tokens[role] = served.log_in(f"the-{role}", PASSWORD)
    except BaseException:
        end_demo(served)
        raise
    return served


def end_demo(served: Served) -> None:
    """Tidy, within bounded time."""
    served.process.terminate()
    try:
        served.process.wait(20)
    except subprocess.TimeoutExpired:
        served.process.kill()
        served.process.wait(5)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One host for all tests that only look, or clean up after themselves."""
    made = start_demo(tmp_path_factory.mktemp("browser") / "demo")
    yield made
    end_demo(made)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium; each visit has a context of its own."""
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, served: Served) -> AsyncIterator[Visit]:
    """Somebody before the browser: `await visit.come("viewer", theme="dark", width=390)`."""
    made = Visit(browser, served.url, served.tokens, SCREENS)
    yield made
    await made.leave()
