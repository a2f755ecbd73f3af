"""A host in the process of the test: quick to start, its clock can be moved, its parts looked at."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec

from kanade_host.app import App
from kanade_host.config import Broker, Config, Db, Log, Nats, Plugins, Server
from kanade_host.plugin.errors import Unavailable
from kanade_host.plugin.testing.clock import MovableClock
from kanade_host.plugin.testing.modules import from_file, kit
from kanade_host.plugin.testing.options import Options


def config_of(options: Options) -> Config:
    """The configuration that a test's options mean."""
    folder = Path(options.folder)
    return Config(
        server=Server(bind=f"127.0.0.1:{options.port}"),
        db=Db(sqlite_path=str(folder / "backend.db")),
        log=Log(path=str(folder / "backend.log"), level="info", keep_days=0),
        nats=Nats(url=options.broker_url),
        broker=Broker(embedded=False),
        plugins=Plugins(
            only=options.plugins,
            strict=options.strict,
            start_seconds=options.start_seconds,
            tables=options.settings,
            authenticators=options.authenticators,
        ),
    )


class InProcess:
    """Runs an `App`; `app` is the one that runs now."""

    def __init__(self, options: Options, clock: MovableClock) -> None:
        self.options, self._clock = options, clock
        self.app: App
        self._before: dict[str, str | None] = {}

    @property
    def base(self) -> str:
        return self.app.url

    def enable(self, *plugins: str) -> None:
        """Run these too from the next start on."""
        self.options = msgspec.structs.replace(self.options, plugins=(*self.options.plugins, *plugins))

    async def start(self) -> None:
        wanted = {"KANADE_NATS_TOKEN": self.options.broker_token, **self.options.environment}
        self._before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        extra = [kit(), *(from_file(file) for file in self.options.files)]
        self.app = App(config_of(self.options), extra=extra, clock=self._clock)
        try:
            await self.begin()
            await asyncio.wait_for(self.app.started(), 30)
        except BaseException:
            await self.stop()
            raise

    async def begin(self) -> None:
        """Begin to start the app."""
        await self.app.start()

    async def stop(self) -> None:
        if not hasattr(self, "app"):
            return  # it was never started
        await self.app.stop()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {}

    async def kill(self) -> None:
        raise RuntimeError("only a host of its own process can be killed: pytest.mark.kanade(process=True)")

    async def killed_at(self, point: str, passes: int) -> None:
        await self.kill()

    async def ended(self) -> int:
        return await self.app.wait()

    def plugin_of(self, module: str) -> str | None:
        """Which plugin of the host that runs now a module belongs to."""
        app = getattr(self, "app", None)
        return None if app is None else app.view.plugin_of(module)

    def module(self, plugin: str) -> Any:
        found = self.app.running.get(plugin)
        if found is None:
            raise LookupError(f"plugin {plugin!r} does not run")
        return found.loaded.module

    async def unsettled(self, database: Path) -> str:
        del database  # the parts themselves can be asked
        try:
            return await self._unsettled(self.app)
        except Unavailable as error:
            return str(error)

    async def _unsettled(self, app: App) -> str:
        assert app.feeds is not None
        assert app.outbox is not None
        assert app.broker is not None
        await app.broker.bus.session.flush()
        for name, sampler in app.feeds.samplers.items():
            if not sampler.idle:
                return f"samples {name} are being written"
        for name, runner in app.feeds.runners.items():
            if runner.status.state in ("starting", "waiting"):  # its durable may be about to be made anew
                return f"{name} has not begun: {runner.status.reason}"
            waiting = await runner.waiting()
            if waiting:
                return f"{waiting} messages wait for {name} ({runner.status.state}: {runner.status.reason})"
        due = await app.outbox.pending()
        return f"{due} messages wait in the outbox: {app.outbox.failure}" if due else ""
