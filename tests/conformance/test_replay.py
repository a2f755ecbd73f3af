"""The recorded scenarios of kanade-backend 0.43.25, each against a freshly started host."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REPLAY = ROOT.parent / "shared" / "conformance" / "replay.py"
PLUGINS = [
    "auth",
    "results",
    "audit",
    "heartbeat",
    "fleet",
    "jobs",
    "scheduler",
    "obs",
    "perf",
    "inventory",
    "releases",
]
SCENARIOS = ["accounts", "fleet", "jobs", "results", "telemetry", "inventory", "objects"]
ENVIRONMENT = {
    "KANADE_AUTH_STATIC_TOKEN": "service-token-of-this-test",
    "KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin",
}

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not REPLAY.exists(), reason="the recorded scenarios do not lie beside this checkout"),
]


@pytest.mark.kanade(plugins=PLUGINS, process=True, environment=ENVIRONMENT)
@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_scenario(host: Any, scenario: str, again: bool) -> None:
    """Twice, each from a fresh start: what passes once only hangs on chance."""
    replaying = await asyncio.create_subprocess_exec(
        sys.executable,
        str(REPLAY),
        *("--base", host.base, "--nats", host.broker.url, f"--nats-token={host.broker.token}"),
        *("--token", ENVIRONMENT["KANADE_AUTH_STATIC_TOKEN"], scenario),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await replaying.communicate()
    assert replaying.returncode == 0, printed.decode() + host.running.log.read_text()[-3000:]
