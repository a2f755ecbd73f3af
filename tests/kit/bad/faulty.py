"""Run by `test_kit_guards.py` in a pytest of its own: most of these must not pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from kanade_host.plugin.testing import Host

pytestmark = pytest.mark.kanade(files=[Path(__file__).with_name("leaky.py")])


async def test_task(host: Host) -> None:
    await host.post("/api/leaky/task")


async def test_connection(host: Host) -> None:
    await host.post("/api/leaky/connection")


async def test_block(host: Host) -> None:
    await host.post("/api/leaky/block")


async def test_statements(host: Host) -> None:
    with host.at_most(4):
        await host.post("/api/leaky/statements")


@pytest.mark.kanade(statements=4)
async def test_declared(host: Host) -> None:
    await host.post("/api/leaky/statements")


@pytest.mark.kanade(statements=5)
async def test_well(host: Host) -> None:
    await host.post("/api/leaky/statements")
