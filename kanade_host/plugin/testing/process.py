"""A host in a process of its own, for tests that end it where it stands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from kanade_host.plugin.testing.broker import TestBroker
from kanade_host.plugin.testing.options import Options

START_SECONDS = 30.0


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


class ProcessRunning:
    """Runs `python -m kanade_host.plugin.testing.serve OPTIONS` and knows its address."""

    def __init__(self, options: Options, broker: TestBroker) -> None:
        self.options, self._broker = options, broker
        self._process: asyncio.subprocess.Process | None = None
        self._base = ""
        self.environment: dict[str, str] = dict(options.environment)

    @property
    def base(self) -> str:
        return self._base

    @property
    def log(self) -> Path:
        """What the process printed."""
        return Path(self.options.folder) / "host.log"

    def enable(self, *plugins: str) -> None:
        """Run these too from the next start on."""
        self.options = msgspec.structs.replace(self.options, plugins=(*self.options.plugins, *plugins))

    async def start(self, *, ready: bool = True) -> None:
        """Start it; `ready=False` does not wait (a fault may end it before)."""
        folder = Path(self.options.folder)
        address = folder / "address"
        address.unlink(missing_ok=True)
        options = folder / "options.json"
        options.write_bytes(msgspec.json.encode(self.options))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "kanade_host.plugin.testing.serve",
                str(options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        if ready:
            await self._ready(address)

    async def _ready(self, address: Path) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        async with aiohttp.ClientSession() as http:
            while time.monotonic() < deadline:
                if self._process.returncode is not None:
                    break
                self._base = _text(address)
                if self._base:
                    with contextlib.suppress(aiohttp.ClientError):
                        async with http.get(self._base + "/health") as answer:
                            if answer.status == 200:
                                return
                await asyncio.sleep(0.02)
        raise AssertionError(f"the host did not become ready; it printed:\n{self.log.read_text()[-4000:]}")

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), 20)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def killed_at(self, point: str, passes: int) -> None:
        armed = {"KANADE_FAULT": f"{point}:{passes}"}
        self.environment.update(armed)
        try:
            await self.start(ready=False)
            status = await self.ended()
        finally:
            self.environment.pop("KANADE_FAULT", None)
        if status not in (-9, 137):
            printed = self.log.read_text()[-4000:]
            raise AssertionError(f"the host ended with {status} before {point!r}; it printed:\n{printed}")

    async def ended(self) -> int:
        assert self._process is not None
        try:
            return await asyncio.wait_for(self._process.wait(), 60)
        except TimeoutError:
            printed = self.log.read_text()[-4000:]
            raise AssertionError(f"the host does not end by itself; it printed:\n{printed}") from None

    def module(self, plugin: str) -> Any:
        raise LookupError(f"plugin {plugin!r} runs in another process")

    async def unsettled(self, database: Path) -> str:
        for stream in ("RESULTS", "EVENTS", "AUDIT", "OBS_EVENTS"):
            listed = await self._broker.api(f"CONSUMER.LIST.{stream}")
            for consumer in listed.get("consumers") or ():
                waiting = consumer["num_pending"] + consumer["num_ack_pending"]
                if waiting:
                    return f"{waiting} messages wait for {consumer['name']}"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            due = db.execute(
                "SELECT count(*) FROM host_outbox AS o WHERE (due_ns IS NULL OR due_ns <= ?) AND NOT EXISTS"
                " (SELECT 1 FROM host_outbox_holds AS h WHERE h.plugin = o.plugin"
                " AND substr(o.message_id, 1, length(h.prefix)) = h.prefix)",
                (time.time_ns(),),
            ).fetchone()[0]
        return f"{due} messages wait in the outbox" if due else ""
