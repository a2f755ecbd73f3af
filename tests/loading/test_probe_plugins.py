"""Ten plugins that misbehave are installed together, and the host serves all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import probes
import pytest
import pytest_asyncio

pytestmark = [pytest.mark.timeout(120)]

NAMES = tuple(sorted({probe.name for probe in probes.ALL}))
KIT = {
    "plugins": NAMES,
    "process": True,
    "start": False,
    "start_seconds": 4.0,
    "settings": {"probe_setting": {"intervall": 5}},
}


@pytest_asyncio.fixture
async def probed(host: Any, tmp_path: Path) -> AsyncIterator[Any]:
    """A host that finds all probes installed."""
    site = tmp_path / "site"
    for probe in probes.ALL:
        probe.install(site)
    host.running.environment["PYTHONPATH"] = str(site)
    yield host


FAILED = {
    "probe_import": ("import", "the probe does not import"),
    "probe_hook": ("import", "banana"),
    "probe_slow": ("started", "did not start within"),
    "probe_migration": ("migrated", ""),
    "probe_clash": ("checked", "GET /api/plugins"),
    "probe_needy": ("requires", "'nowhere', which is not installed"),
    "probe_setting": ("checked", "did you mean 'interval'?"),
}


@pytest.mark.kanade(**KIT)
async def test_every_probe_shows_its_state_and_reason_and_the_rest_runs(probed: Any) -> None:
    await probed.start()
    listed = (await probed.get("/api/plugins")).json()["plugins"]
    states = {row["name"]: row for row in listed}
    for name, (phase, reason) in FAILED.items():
        row = states[name]
        assert (row["state"], row["failed_in"]) == ("failed", phase), row
        assert reason in row["reason"], row
    twins = [row for row in listed if row["name"] == "probe_twin"]
    assert sorted(row["state"] for row in twins) == ["failed", "running"]
    reason = next(row["reason"] for row in twins if row["state"] == "failed")
    assert "probe-twin-a" in reason
    assert "probe-twin-b" in reason

    async def task_is_shown() -> bool:
        row = (await probed.plugin_states())["probe_task"]
        return row["state"] == "degraded" and "has had enough" in row["reason"]

    await probed.until(task_is_shown, what="the failing task's plugin to be degraded")
    assert (await probed.get("/api/probe_well/hello")).json() == {"hello": "probe_well"}
    assert (await probed.get("/api/probe_needy/hello")).status == 404
    assert (await probed.get("/health")).text == "ok"
    log = probed.running.log.read_text()
    for name in FAILED:
        assert name in log


@pytest.mark.kanade(**KIT)
async def test_an_endless_handler_and_an_endless_apply_are_ended(probed: Any) -> None:
    await probed.start()
    spinning = asyncio.create_task(probed.get("/api/probe_endless/spin"))
    answer = await asyncio.wait_for(probed.get("/api/probe_well/hello"), 30)
    assert answer.status == 200
    assert (await asyncio.wait_for(spinning, 30)).status == 500

    await probed.publish("obs.pc-1", {"pc_id": "pc-1"})

    async def paused() -> bool:
        rows = (await probed.get("/api/projections")).json()["projections"]
        row = next(row for row in rows if row["name"] == "probe_endless.beats")
        return bool(row["state"] == "paused" and "overran" in row["reason"])

    await probed.until(paused, seconds=30, what="the endless projection to be paused")
    assert (await probed.get("/api/probe_well/hello")).status == 200


@pytest.mark.kanade(**KIT, strict=True)
async def test_strict_refuses_the_start_with_one_report_that_names_them_all(probed: Any) -> None:
    await probed.running.start(ready=False)
    assert await probed.ended() == 1
    log = probed.running.log.read_text()
    for name in ("probe_import", "probe_hook", "probe_clash", "probe_twin", "probe_needy", "probe_setting"):
        assert name in log
