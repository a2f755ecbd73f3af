"""The fixtures of the test kit: a broker, and a host as the marker `kanade` describes it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from kanade_host.plugin.testing.broker import TestBroker
    from kanade_host.plugin.testing.host import Host

LOOP_SECONDS = 1.0
"""So long may code of a plugin hold the loop; in production others wait meanwhile."""


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[TestBroker]:
    """A real nats-server of this test's own."""
    from kanade_host.plugin.testing.broker import TestBroker

    made = TestBroker(tmp_path / "nats")
    await made.start()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def host(request: pytest.FixtureRequest, tmp_path: Path, broker: TestBroker) -> AsyncIterator[Host]:
    """A running host, as the marker `kanade` describes it."""
    from kanade_host.plugin.testing.clock import MovableClock
    from kanade_host.plugin.testing.host import Host
    from kanade_host.plugin.testing.inprocess import InProcess
    from kanade_host.plugin.testing.leaks import Leaks
    from kanade_host.plugin.testing.loop_watch import LoopWatch
    from kanade_host.plugin.testing.options import Options
    from kanade_host.plugin.testing.process import ProcessRunning

    wanted: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("kanade"))):
        wanted.update(marker.kwargs)
    environment = dict(wanted.get("environment", {}))
    if wanted.get("fault"):
        environment["KANADE_FAULT"] = wanted["fault"]
    options = Options(
        folder=str(tmp_path),
        broker_url=broker.url,
        broker_token=broker.token,
        plugins=tuple(wanted.get("plugins", ())),
        files=tuple(str(file) for file in wanted.get("files", ())),
        settings=wanted.get("settings", {}),
        environment=environment,
        authenticators=tuple(wanted.get("authenticators", ("kit",))),
        strict=wanted.get("strict", False),
        start_seconds=wanted.get("start_seconds", 30.0),
    )
    clock = MovableClock()
    running = ProcessRunning(options, broker) if wanted.get("process") else InProcess(options, clock)
    made = Host(tmp_path, broker, running, clock)
    leaks = Leaks()
    watch = None
    if isinstance(running, InProcess) and wanted.get("loop_seconds", LOOP_SECONDS) is not None:
        watch = LoopWatch(wanted.get("loop_seconds", LOOP_SECONDS), running.plugin_of)
    try:
        if wanted.get("start", True):
            await made.start()
        with contextlib.ExitStack() as declared:
            if wanted.get("statements") is not None:
                declared.enter_context(made.at_most(wanted["statements"]))
            yield made
    finally:
        await made.stop()
        held = watch.stop() if watch is not None else []
    if held:
        pytest.fail("\n".join(held), pytrace=False)
    if not wanted.get("leaks", False):
        await broker.hang_up()
        left = await leaks.found()
        if left:
            pytest.fail("the test leaks (or its plugin does):\n  " + "\n  ".join(left), pytrace=False)
