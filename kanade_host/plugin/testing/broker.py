"""A real nats-server for one test: stopped, frozen, thawed, started again on the same files."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client as NatsClient

from kanade_host.bus.broker import EmbeddedBroker


class TestBroker:
    """The broker of one test, and a foreign client on it (`nc`, `js`)."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self._broker = EmbeddedBroker(folder)
        self._nc: NatsClient | None = None
        self.folder = folder

    @property
    def url(self) -> str:
        return self._broker.url

    @property
    def token(self) -> str:
        return self._broker.token

    async def start(self) -> None:
        """Start it; the port and the token stay the same."""
        await self._broker.start()

    async def stop(self) -> None:
        """Stop it tidily; the files stay."""
        await self._broker.stop()

    async def kill(self) -> None:
        """End it as a crash would; the files stay."""
        await self._broker.kill()

    def freeze(self) -> None:
        """It goes on holding its connections and answers nothing (POSIX only)."""
        os.kill(self._broker.pid, signal.SIGSTOP)  # type: ignore[attr-defined, unused-ignore]

    def thaw(self) -> None:
        os.kill(self._broker.pid, signal.SIGCONT)  # type: ignore[attr-defined, unused-ignore]

    async def client(self) -> NatsClient:
        """A foreign client, connected at the first use."""
        if self._nc is None or self._nc.is_closed:
            self._nc = await nats.connect(
                self.url, token=self.token, max_reconnect_attempts=-1, reconnect_time_wait=0.05
            )
        return self._nc

    async def api(self, subject: str, body: bytes = b"") -> dict[str, Any]:
        """One call of the JetStream API, as it answers."""
        import json

        nc = await self.client()
        reply = await nc.request(f"$JS.API.{subject}", body, timeout=5)
        decoded: dict[str, Any] = json.loads(reply.data)
        return decoded

    async def hang_up(self) -> None:
        """Close the foreign client; the next use connects again."""
        if self._nc is not None:
            await asyncio.wait_for(self._nc.close(), 5)
            self._nc = None

    async def close(self) -> None:
        """Close the client and stop the server."""
        await self.hang_up()
        await self.stop()
