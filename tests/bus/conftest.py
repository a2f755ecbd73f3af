"""A real broker for each test, our bus on it, and a foreign client beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client as NatsClient

from kanade_host.bus.broker import EmbeddedBroker
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.connection import Connection
from kanade_host.bus.ensure import ensure

Eventually = Callable[[Callable[[], object]], Awaitable[None]]
Told = Callable[[NatsClient], Awaitable[None]]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path / "nats")
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def bus(broker: EmbeddedBroker) -> AsyncIterator[NatsBus]:
    """Connected, with every resource of the contract; it notices a silent broker within a second."""
    connection = Connection(broker.url, broker.token, name="test", ping=0.2)
    await connection.start()
    bus = NatsBus(connection)
    await bus.ready()
    await ensure(bus)
    yield bus
    await connection.close()


@pytest.fixture
async def foreign(broker: EmbeddedBroker) -> AsyncIterator[NatsClient]:
    """Another program on the same broker: nats-py as it comes."""
    client = await nats.connect(broker.url, token=broker.token, reconnect_time_wait=0.02)
    yield client
    await client.close()


@pytest.fixture
def told() -> Told:
    """Wait until the broker knows of what nats-py was told: its first ping overtakes what it still has to
    write, its second does not.
    """

    async def wait(client: NatsClient) -> None:
        await client.flush()
        await client.flush()

    return wait


@pytest.fixture
def frozen(broker: EmbeddedBroker) -> Callable[[], AbstractContextManager[None]]:
    """Inside it, the broker holds its connections and does nothing."""
    if sys.platform == "win32":
        pytest.skip("processes cannot be frozen there")

    @contextmanager
    def freeze() -> Iterator[None]:
        os.kill(broker.pid, signal.SIGSTOP)
        os.waitpid(broker.pid, os.WUNTRACED)  # until it has really stopped
        try:
            yield
        finally:
            os.kill(broker.pid, signal.SIGCONT)

    return freeze


@pytest.fixture
def eventually() -> Eventually:
    """Wait until a condition holds; the test's own time limit is the only one."""

    async def wait(condition: Callable[[], object]) -> None:
        while not condition():
            await asyncio.sleep(0.005)

    return wait
