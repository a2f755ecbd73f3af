"""The host under measurement: a process of its own, with a broker beside it, in a folder that goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from kanade_host.plugin.testing.broker import TestBroker

START_SECONDS = 60.0
PASSWORD = "bench-viewer-password"


class Site:
    """One broker, one database, one host that is stopped and started."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kanade-bench-"))
        self.broker = TestBroker(self.folder / "nats")
        self.admin = secrets.token_urlsafe(24)
        self.viewer = ""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._host: asyncio.subprocess.Process | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Start the broker and the host, and make an ordinary account."""
        await self.broker.start()
        (self.folder / "backend.toml").write_text(
            f'[server]\nbind = "127.0.0.1:{self.port}"\n[nats]\nurl = "{self.broker.url}"\n'
            f"[db]\nsqlite_path = '{(self.folder / 'backend.db').as_posix()}'\n"
            f"[log]\npath = '{(self.folder / 'backend.log').as_posix()}'\nlevel = \"warn\"\n"
        )
        await self.start()
        await self.ready()
        async with aiohttp.ClientSession(headers={"authorization": f"Bearer {self.admin}"}) as http:
            account = {"username": "bench-viewer", "password": PASSWORD, "role": "viewer"}
            async with http.post(f"{self.base}/api/accounts", json=account):
                pass
            async with http.post(f"{self.base}/api/auth/login", json=account) as answer:
                self.viewer = str((await answer.json())["token"])

    async def start(self) -> None:
        """Start the host; returns at once."""
        environment = {
            "KANADE_NATS_TOKEN": self.broker.token,
            "KANADE_AUTH_STATIC_TOKEN": self.admin,
            "KANADE_JWT_SECRET": "bench" * 8,
        }
        with (self.folder / "host.out").open("ab") as out:
            self._host = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "kanade_host", "serve", "--config", str(self.folder / "backend.toml"),
                stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **environment},
            )  # fmt: skip

    async def ready(self) -> float:
        """Wait for `/health`; answers the seconds that it took from here."""
        began = time.monotonic()
        async with aiohttp.ClientSession() as http:
            while time.monotonic() - began < START_SECONDS:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.base}/health") as answer:
                        if answer.status == 200:
                            return time.monotonic() - began
                await asyncio.sleep(0.01)
        raise RuntimeError(f"the host does not start:\n{(self.folder / 'host.out').read_text()[-2000:]}")

    async def stop(self) -> None:
        """Stop the host; the broker stays."""
        if self._host is not None and self._host.returncode is None:
            self._host.terminate()
            await asyncio.wait_for(self._host.wait(), 20)

    async def close(self) -> None:
        """Stop everything and remove the folder."""
        await self.stop()
        await self.broker.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def jetstream(self) -> Any:
        return (await self.broker.client()).jetstream(publish_async_max_pending=4_000)

    def processor_seconds(self) -> float:
        """User and system time of the host's process so far."""
        assert self._host is not None
        fields = Path(f"/proc/{self._host.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> int:
        """Proportional memory of the host's process."""
        assert self._host is not None
        rollup = Path(f"/proc/{self._host.pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)
        assert found is not None
        return int(found[1]) // 1024
