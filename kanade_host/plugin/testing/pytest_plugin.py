"""The pytest side of the test kit: the marker `kanade` and the fixture `host`.

pytestmark = pytest.mark.kanade(plugins=["heartbeat"])

async def test_a_heartbeat_becomes_an_agent(host):
    await host.publish("heartbeat.pc-1", {"pc_id": "pc-1", ...})
    await host.settle()
    assert (await host.get("/api/agents/pc-1")).json()["pc_id"] == "pc-1"
"""

from __future__ import annotations

import importlib.util

import pytest

if importlib.util.find_spec("pytest_asyncio") is not None:
    # Without it (extra `test`) there are no fixtures; but other people's pytest must not break because
    # kanade-host is installed beside it.
    from kanade_host.plugin.testing.fixtures import broker, host

    __all__ = ["broker", "host"]

_MARKER = (
    "kanade(plugins=[], files=[], settings={}, environment={}, process=False, fault=None, start=True,"
    " authenticators=['kit'], statements=None, loop_seconds=1.0, leaks=False): the host of this test"
)


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker."""
    config.addinivalue_line("markers", _MARKER)
