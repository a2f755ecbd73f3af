"""The embedded broker: the nats-server of the wheel, as a child of the host.

docs/decisions/embedded-broker.md says what was decided about its life, its token and its disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import structlog

from kanade_host.bus.broker_files import BrokerFiles, Sync, end, server_program
from kanade_host.bus.child import spawn
from kanade_host.bus.folder_lock import FolderLock
from kanade_host.plugin.errors import OperatorError

log = structlog.get_logger("kanade_host.broker")

START_SECONDS = 20.0
STOP_SECONDS = 5.0
"""nats-server 2.15 takes 10 ms for each consumer to stop: those of 500 agents (embedded-broker.md)."""
POLL_SECONDS = 0.002
WATCH_SECONDS = 0.2
BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0)
SETTLED_SECONDS = 30.0
ANY_PORT = -1


class BrokerFailed(OperatorError):
    """The embedded broker does not start; the text has its own last words."""


class EmbeddedBroker:
    """Runs one nats-server on one folder, and keeps it running between `start` and `stop`.

    `port` 0: any free one at the first start, the same one afterwards. `expose`: listen beyond
    loopback. `token`: None = the one in the folder, made at the first start. `sync`: how often the
    disk is made sure of; "always" acknowledges nothing that a power loss could take.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        expose: bool = False,
        token: str | None = None,
        sync: Sync = "1s",
    ) -> None:
        self.files = BrokerFiles(folder.absolute())
        self._port, self._expose, self._token, self._sync = port, expose, token, sync
        self._lock = FolderLock(self.files.lock)
        self._process: subprocess.Popen[bytes] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._listening = 0
        self._began = 0.0

    # -- facts -------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where a client on this computer connects to; known once it was started."""
        if not self._listening:
            raise BrokerFailed("the embedded broker was not started yet, so it has no address")
        return f"nats://127.0.0.1:{self._listening}"

    @property
    def token(self) -> str:
        """What clients have to show. Whoever holds it commands the fleet."""
        if self._token is None:
            self.files.make()
            self._token = self.files.token()
        return self._token

    @property
    def pid(self) -> int:
        if self._process is None:
            raise BrokerFailed("the embedded broker does not run")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Answers when clients can connect. Raises `BrokerFailed`."""
        if self._process is not None:
            return
        self.files.make()
        if not self._lock.acquire():
            raise BrokerFailed(
                f"another kanade-host runs the embedded broker in {self.files.folder}: stop that one, "
                "give this one a [broker] folder of its own, or name the broker in [nats] url"
            )
        try:
            await self._end_survivor()
            await self._launch()
        except BaseException:
            await self._end(hard=True)
            self._lock.release()
            raise
        if self._expose:
            log.warning(
                "the embedded broker listens on all interfaces: whoever holds its token commands the fleet",
                port=self._listening,
                token_file=str(self.files.token_file),
            )
        self._watching = asyncio.create_task(self._watch(), name="embedded broker")

    async def stop(self) -> None:
        """Stop it tidily; after five seconds without mercy. Never raises."""
        await self._finish(hard=False)

    async def kill(self) -> None:
        """End it as a crash would, and do not start it again. Its files stay."""
        await self._finish(hard=True)

    async def _finish(self, *, hard: bool) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None
        await self._end(hard=hard)
        self._lock.release()

    async def _watch(self) -> None:
        """Start it again when it dies."""
        attempt = 0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self.running:
                continue
            status = self._process.returncode if self._process is not None else None
            log.error(
                "the embedded broker died and is started again", status=status, last=self.files.complaints()
            )
            if time.monotonic() - self._began > SETTLED_SECONDS:
                attempt = 0
            await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
            attempt += 1
            try:
                await self._end(hard=True)
                await self._launch()
            except OperatorError as error:
                log.error("the embedded broker does not start", reason=str(error))

    # -- starting ----------------------------------------------------------------------------

    async def _launch(self) -> None:
        """Start the server on the fixed port, the remembered one, or any."""
        if self._port:
            await self._launch_on(self._port)
            return
        remembered = self._listening or self.files.remembered_port()
        if remembered:
            try:
                await self._launch_on(remembered)
                return
            except BrokerFailed as error:
                if "address already in use" not in str(error).lower():
                    raise
                log.warning("the broker's port is taken; it gets another", was=remembered)
                await self._end(hard=True)
        await self._launch_on(ANY_PORT)

    async def _launch_on(self, port: int) -> None:
        files = self.files
        files.clear_ports()
        files.write_config(token=self.token, port=port, expose=self._expose, sync=self._sync)
        self._forget_old_log()
        with files.output.open("wb") as output:
            self._process = spawn([str(server_program()), "-c", str(files.config)], output)
        self._began = time.monotonic()
        files.write_pid(self._process.pid)
        while (listening := files.ports_of(self._process.pid)) is None:
            if self._process.poll() is not None:
                raise BrokerFailed(self._why_not(port))
            if time.monotonic() - self._began > START_SECONDS:
                raise BrokerFailed(
                    f"the embedded broker is not ready after {START_SECONDS:g} s; see {files.log}"
                )
            await asyncio.sleep(POLL_SECONDS)
        self._listening = listening
        files.remember_port(listening)
        log.info("embedded broker runs", url=self.url, pid=self._process.pid, folder=str(files.folder))

    def _forget_old_log(self) -> None:
        """The last words of an earlier life shall not be read as those of this one."""
        with contextlib.suppress(OSError):
            if self.files.log.exists():
                self.files.log.replace(self.files.log.with_suffix(".log.old"))

    def _why_not(self, port: int) -> str:
        words = "\n".join(self.files.complaints()) or f"see {self.files.log}"
        advice = ""
        if "address already in use" in words.lower():
            advice = f"\nPort {port} is taken by another program: stop that, or set [broker] port = 0."
        return f"the embedded broker does not start in {self.files.folder}: {words}{advice}"

    # -- ending ------------------------------------------------------------------------------

    async def _end(self, *, hard: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            if hard:
                process.kill()
            else:
                process.terminate()
                if sys.platform != "win32":
                    process.send_signal(signal.SIGCONT)  # one that is frozen would never hear of it
            if not await self._gone(process):
                log.warning(
                    "the embedded broker does not stop in time and is killed; what it acknowledged is kept",
                    pid=process.pid,
                    seconds=STOP_SECONDS,
                    last=self.files.last_words(),
                )
                process.kill()
                await self._gone(process)
        self.files.clear_pid()

    @staticmethod
    async def _gone(process: subprocess.Popen[bytes]) -> bool:
        until = time.monotonic() + STOP_SECONDS
        while process.poll() is None and time.monotonic() < until:  # no event tells
            await asyncio.sleep(POLL_SECONDS)
        return process.poll() is not None

    async def _end_survivor(self) -> None:
        """A broker outlives a host that was killed, and keeps the port (pitfalls.md)."""
        survivor = self.files.survivor()
        if survivor is None or survivor.pid == os.getpid():
            return
        log.warning("a broker of an earlier host still runs and is stopped", pid=survivor.pid)
        for hard in (False, True):
            end(survivor, hard=hard)
            until = time.monotonic() + STOP_SECONDS
            while survivor.alive and time.monotonic() < until:  # no event tells
                await asyncio.sleep(0.01)
        if survivor.alive:
            raise BrokerFailed(
                f"the broker of an earlier host (pid {survivor.pid}) cannot be stopped: end it by hand"
            )
        self.files.clear_pid()
