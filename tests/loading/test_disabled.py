"""A plugin that is switched off leaves no trace but its data, and catches up when it is back."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

OTHERS = ["auth", "results", "heartbeat", "fleet", "jobs"]

pytestmark = [pytest.mark.timeout(90)]


@pytest.mark.kanade(plugins=OTHERS, process=True)
async def test_without_audit_there_is_no_route_no_consumer_and_no_import(host: Any) -> None:
    states = await host.plugin_states()
    assert states["audit"]["state"] == "disabled"
    assert {states[name]["state"] for name in OTHERS} == {"running"}
    assert (await host.get("/api/audit")).status == 404
    listed = await host.broker.api("CONSUMER.LIST.AUDIT")
    assert not listed.get("consumers")
    assert "imported" not in states["audit"]["seconds"]
    document = (await host.get("/api/openapi.json")).json()
    assert "/api/audit" not in document["paths"]


def test_a_disabled_plugin_is_never_imported() -> None:
    """In an interpreter of its own, because another test of this one may have imported it."""
    code = (
        "import sys\n"
        "from kanade_host.loading.plan import make_plan\n"
        "plan = make_plan(disabled=['audit'])\n"
        "assert any(state.name == 'audit' for state in plan.states)\n"
        "print([name for name in sys.modules if name.startswith('kanade_host_audit')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.kanade(plugins=OTHERS, process=True)
async def test_audit_that_was_off_catches_up_when_it_is_back(host: Any) -> None:
    assert (await host.put("/api/config", json={"heartbeat_interval": "45s"})).status == 200
    await host.settle()
    await host.stop()
    host.running.enable("audit")
    await host.start()
    await host.settle()
    listed = (await host.get("/api/audit")).json()
    # A plugin that runs here for the first time is told, and so is what happened without it.
    assert [row["action"] for row in listed] == ["plugin_seen", "config_set"]
    assert listed[0]["target"] == "audit"
    assert listed[1]["payload"]["sub"] == "kit-admin"
