"""The recorded scenarios of kanade-backend 0.43.25, each against a freshly started host."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

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
WAITS = {
    # Heartbeats and samples of other PCs come beside what the steps before have waited for, in batches of
    # their own: what is recorded shows them, and so waits for them.
    "telemetry": {
        "GET /api/perf/fleet?metric=cpu_pct&agg=avg": {"at": "points.0.value", "is": 43.333333333333336},
        "GET /api/perf/top?": {"at": "rows.1.hostname", "is": "DESK-01"},
    },
}
"""What steps wait for before their answers are compared, where the scenario leaves it to chance."""
ENVIRONMENT = {
    "KANADE_AUTH_STATIC_TOKEN": "service-token-of-this-test",
    "KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin",
}

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not REPLAY.exists(), reason="the recorded scenarios do not lie beside this checkout"),
]


def patient(name: str, folder: Path) -> Path:
    """The scenario with its expectation, in a folder; its steps are the recorded ones, and wait as above."""
    source = REPLAY.parent / "scenarios"
    scenario = yaml.safe_load((source / f"{name}.yaml").read_text())
    for start, until in WAITS.get(name, {}).items():
        [step] = [one for one in scenario["steps"] if one.get("http", "").startswith(start)]
        step["until"] = until
    folder.mkdir()
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(scenario))
    shutil.copy(source / f"{name}.expected.json", folder)
    return folder


@pytest.mark.kanade(plugins=PLUGINS, process=True, environment=ENVIRONMENT)
@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_scenario(host: Any, scenario: str, again: bool, tmp_path: Path) -> None:
    """Twice, each from a fresh start: what passes once only hangs on chance."""
    replaying = await asyncio.create_subprocess_exec(
        sys.executable,
        str(REPLAY),
        *("--base", host.base, "--nats", host.broker.url, f"--nats-token={host.broker.token}"),
        *("--token", ENVIRONMENT["KANADE_AUTH_STATIC_TOKEN"]),
        *("--dir", str(patient(scenario, tmp_path / "scenario")), scenario),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await replaying.communicate()
    assert replaying.returncode == 0, printed.decode() + host.running.log.read_text()[-3000:]
