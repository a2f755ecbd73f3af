"""Any of our plugins can be gone, alone or with another: the host serves the rest and says what is off."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from kanade_host.loading import find as finding
from kanade_host.loading import plan as planning
from kanade_host.plugin.testing.broker import TestBroker
from kanade_host.plugin.testing.clock import MovableClock
from kanade_host.plugin.testing.host import Host
from kanade_host.plugin.testing.inprocess import InProcess
from kanade_host.plugin.testing.options import Options

OURS = sorted(
    path.parent.name for path in (Path(__file__).resolve().parents[2] / "plugins").glob("*/pyproject.toml")
)
PAIRS = random.Random(43).sample(list(itertools.combinations(OURS, 2)), 20)


def requirements() -> dict[str, tuple[str, ...]]:
    return {state.name: state.manifest.requires for state in finding.find() if state.name in OURS}


def lost_with(gone: set[str]) -> set[str]:
    """Plugins that cannot run without those, directly or through others."""
    needs, lost = requirements(), set(gone)
    while more := {name for name, wanted in needs.items() if name not in lost and lost & set(wanted)}:
        lost |= more
    return lost - gone


class Off:
    """Hosts on one broker and one file; each without some plugins."""

    def __init__(self, folder: Path, broker: TestBroker, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._broker, self._patch = folder, broker, monkeypatch
        self.ran: set[str] = set()

    async def without(self, *gone: str) -> None:
        self._patch.setattr(
            planning, "find", lambda: [state for state in finding.find() if state.name not in gone]
        )
        wanted = tuple(name for name in OURS if name not in gone)
        options = Options(
            folder=str(self._folder),
            broker_url=self._broker.url,
            broker_token=self._broker.token,
            plugins=wanted,
            environment={"KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin"},
        )
        host = Host(self._folder, self._broker, InProcess(options, MovableClock()), MovableClock())
        await host.start()
        try:
            await self._look(host, set(gone))
        finally:
            await host.stop()

    async def _look(self, host: Host, gone: set[str]) -> None:
        listed = (await host.get("/api/plugins")).json()
        states = {row["name"]: row for row in listed["plugins"]}
        lost = lost_with(gone)
        for name in set(OURS) - gone - lost:
            assert states[name]["state"] == "running", (gone, states[name])
        for name in lost:
            assert states[name]["state"] == "failed", (gone, states[name])
            assert any(f"{one!r}" in states[name]["reason"] for one in gone | lost), states[name]
        assert not gone & states.keys()
        assert {row["name"] for row in listed["uninstalled"]} >= gone & self.ran
        self.ran |= set(OURS) - gone - lost
        await self._ask_the_rest(host, states)

    async def _ask_the_rest(self, host: Host, states: dict[str, Any]) -> None:
        """One plain route of each plugin that runs; those of plugins that are gone are not there."""
        for row in states.values():
            plain = [
                one
                for one in row["contributes"].get("routes", ())
                if one.startswith("GET /api/") and "{" not in one
            ]
            if row["state"] == "running" and plain:
                path = plain[0].removeprefix("GET ")
                status = (await host.get(path)).status
                assert status < 500, (row["name"], path, status)


@pytest.mark.timeout(180)
async def test_any_one_and_twenty_pairs_can_be_gone(
    tmp_path: Path, broker: TestBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    off = Off(tmp_path, broker, monkeypatch)
    await off.without()
    for name in OURS:
        await off.without(name)
    for pair in PAIRS:
        await off.without(*pair)


def test_an_app_says_in_one_line_which_features_are_off(capsys: pytest.CaptureFixture[str]) -> None:
    from kanade_host.loading.seen import tell_off

    plan = planning.make_plan(only=["jobs", "obs"])
    tell_off(plan)
    (line,) = [one for one in capsys.readouterr().out.splitlines() if "features are off" in one]
    assert "(audit): [plugins] only does not name it" in line
    assert "(jobs): it requires the plugin 'results', which is disabled" in line
    assert "(obs)" not in line
