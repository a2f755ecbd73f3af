"""The parts of the host that exist once: opened in order, closed in the opposite order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from kanade_host.bus.broker import EmbeddedBroker
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.connection import Connection
from kanade_host.config import Config
from kanade_host.platform.secrets import read_secret, remember
from kanade_host.store.commits import Commit
from kanade_host.store.database import Database
from kanade_host.store.errors import StoreDamaged
from kanade_host.store.guard import Owners
from kanade_host.store.readers import Readers
from kanade_host.store.writer import Writer

TOKEN_IN_REGISTRY = (r"SOFTWARE\kanade\agent", "NatsToken")


@dataclass(slots=True)
class Store:
    """The open database."""

    database: Database
    writer: Writer
    readers: Readers

    @classmethod
    async def open(
        cls,
        database: Database,
        owners: Owners,
        *,
        on_commit: Callable[[Commit], None],
        on_stuck: Callable[[str], None],
        on_damage: Callable[[StoreDamaged], None],
    ) -> Store:
        """Raises `DatabaseRefused`. The database is closed with the store, or when this raises."""
        writer = Writer(
            database.location, on_commit=on_commit, on_stuck=on_stuck, on_damage=on_damage, owners=owners
        )
        readers = Readers(database.location)
        try:
            await writer.open()
            await readers.open()
        except BaseException:
            await readers.close()
            await writer.close()
            database.close()
            raise
        return cls(database, writer, readers)

    async def close(self) -> None:
        """Finish what waits, and close the file."""
        await self.readers.close()
        await self.writer.close()
        self.database.close()


@dataclass(slots=True)
class Broker:
    """The connection to the broker, and the embedded broker where there is one."""

    bus: NatsBus
    connection: Connection
    url: str
    embedded: EmbeddedBroker | None = None

    @classmethod
    async def open(cls, config: Config) -> Broker:
        """Start the embedded broker if the configuration asks for it, and begin to connect.

        Raises `OperatorError` for a bad URL or a broker of our own that does not start; a broker of
        somebody else's that is away is waited for.
        """
        embedded: EmbeddedBroker | None = None
        token: str | None
        if config.embedded:
            embedded = EmbeddedBroker(config.broker_dir, port=config.broker.port, expose=config.broker.expose)
            await embedded.start()
            url, token = embedded.url, remember(embedded.token)
        else:
            assert config.nats.url is not None
            url = config.nats.url
            token = read_secret("NATS token", "KANADE_NATS_TOKEN", TOKEN_IN_REGISTRY)
        connection = Connection(url, token, name="kanade_host")
        await connection.start()
        return cls(NatsBus(connection), connection, url, embedded)

    async def close(self) -> None:
        """Bounded in time, connected or not."""
        await self.connection.close()
        if self.embedded is not None:
            with contextlib.suppress(Exception):
                await self.embedded.stop()
