"""The parts of the host that exist once: opened in order, closed in the opposite order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from kanade_host.bus.broker import EmbeddedBroker
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.connection import Connection
from kanade_host.config import Config
from kanade_host.platform.secrets import read_secret
from kanade_host.store.commits import Commit
from kanade_host.store.guard import Owners
from kanade_host.store.location import Location
from kanade_host.store.readers import Readers
from kanade_host.store.writer import Writer

if TYPE_CHECKING:
    from kanade_host.store.errors import StoreDamaged

log = structlog.get_logger("kanade_host")


@dataclass(slots=True)
class Store:
    """The open database."""

    writer: Writer
    readers: Readers

    @classmethod
    async def open(
        cls,
        location: Location,
        owners: Owners,
        *,
        on_commit: Callable[[Commit], None],
        on_stuck: Callable[[str], None],
        on_damage: Callable[[StoreDamaged], None],
    ) -> Store:
        """Raises `DatabaseRefused`."""
        writer = Writer(location, on_commit=on_commit, on_stuck=on_stuck, on_damage=on_damage, owners=owners)
        await writer.open()
        readers = Readers(location)
        try:
            await readers.open()
        except BaseException:
            await writer.close()
            raise
        return cls(writer, readers)

    async def close(self) -> None:
        """Finish what waits, and close the file."""
        await self.readers.close()
        await self.writer.close()


@dataclass(slots=True)
class Broker:
    """The connection to the broker, and the embedded broker where there is one."""

    bus: NatsBus
    connection: Connection
    url: str
    embedded: EmbeddedBroker | None = None
    _starting: asyncio.Task[None] | None = field(default=None)

    @classmethod
    async def open(cls, config: Config) -> Broker:
        """Start the embedded broker if the configuration asks for it, and begin to connect."""
        embedded = None
        if config.embedded:
            embedded = EmbeddedBroker(config.broker_dir, port=config.broker.port, expose=config.broker.expose)
            await embedded.start()
            url, token = embedded.url, embedded.token
        else:
            assert config.nats.url is not None
            url = config.nats.url
            token = read_secret("NATS token", "KANADE_NATS_TOKEN", (r"SOFTWARE\kanade\agent", "NatsToken"))
        connection = Connection(url, token, name="kanade_host")
        await connection.start()
        return cls(NatsBus(connection), connection, url, embedded)

    async def close(self) -> None:
        """Bounded in time, connected or not."""
        await self.connection.close()
        if self.embedded is not None:
            with contextlib.suppress(Exception):
                await self.embedded.stop()
