"""The `Context` of a running plugin: the host's parts, seen with that plugin's name and rights."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.loading.state import PluginState
from kanade_host.platform.secrets import read_secret
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.context import LiveMap
from kanade_host.plugin.errors import PluginError, ServiceMissing
from kanade_host.plugin.subscriptions import Tx
from kanade_host.store.readers import Readers
from kanade_host.store.tx import Transaction
from kanade_host.store.writer import Writer

T = TypeVar("T")


@dataclass(slots=True)
class Offers:
    """Who offers which service, and what is shared by all contexts."""

    services: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def add(self, plugin: str, name: str, service: Any) -> None:
        """Raises `PluginError` when the name is taken."""
        owner = self.services.setdefault(name, (plugin, service))[0]
        if owner != plugin:
            raise PluginError(f"service {name!r} is offered by plugin {owner!r} already")

    def withdraw(self, plugin: str) -> None:
        """What that plugin offered is gone."""
        self.services = {name: offer for name, offer in self.services.items() if offer[0] != plugin}


class HostContext:
    """What `kanade_host.plugin.Context` promises; one for each plugin."""

    def __init__(
        self,
        state: PluginState,
        settings: Any,
        *,
        bus: NatsBus,
        writer: Writer,
        readers: Readers,
        clock: Clock,
        folder: Path,
        offers: Offers,
        maps: Callable[[str, str], LiveMap],
        changed: Callable[[str, Sequence[str]], None],
        on_state: Callable[[PluginState], None],
        sent: Callable[[], Awaitable[None]],
    ) -> None:
        self.state, self.settings, self.bus, self.clock = state, settings, bus, clock
        self._writer, self._readers, self._folder = writer, readers, folder
        self._offers, self._maps, self._changed, self._on_state = offers, maps, changed, on_state
        self._sent = sent
        self.log = structlog.get_logger(f"kanade_host.plugins.{state.name}").bind(plugin=state.name)

    def over(self, bus: NatsBus, writer: Writer, readers: Readers) -> HostContext:
        """The same plugin over another database: nobody is told of what it does there."""

        async def at_once() -> None:
            pass

        return HostContext(
            self.state,
            self.settings,
            bus=bus,
            writer=writer,
            readers=readers,
            clock=self.clock,
            folder=self._folder,
            offers=self._offers,
            maps=self._maps,
            changed=lambda topic, keys: None,
            on_state=self._on_state,
            sent=at_once,
        )

    @property
    def plugin(self) -> str:
        return self.state.name

    @property
    def data_dir(self) -> Path:
        folder = self._folder / self.plugin
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            folder.chmod(0o700)
        return folder

    async def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return await self._readers.query(sql, parameters, owner=self.plugin)

    async def write(self, work: Callable[[Tx], T]) -> T:
        """What it sends is on its way when this answers, if the broker takes it within a moment.

        It is promised by the commit, whatever happens; but whoever is answered expects that commands
        and audit records are out, as they are with kanade-backend (http-jobs.md 2.6).
        """

        def noting(tx: Transaction) -> tuple[T, bool]:
            return work(tx), tx.sends

        result, sends = await self._writer.run(self.plugin, noting)
        if sends:
            await self._sent()
        return result

    def watch(self, bucket: str) -> LiveMap:
        return self._maps(self.plugin, bucket)

    def service(self, name: str, protocol: Any = None) -> Any:
        found = self.find(name, protocol)
        if found is None:
            raise ServiceMissing(f"no running plugin offers {name!r}, which {self.plugin!r} asked for")
        return found

    def find(self, name: str, protocol: Any = None) -> Any:
        del protocol  # it types the answer for the author, and is not needed here
        offer = self._offers.services.get(name)
        return None if offer is None else offer[1]

    def offers(self, what: str) -> dict[str, Any]:
        offered = sorted(self._offers.services.items())
        return {plugin: service for name, (plugin, service) in offered if name == f"{plugin}.{what}"}

    def changed(self, topic: str, *keys: str) -> None:
        self._changed(topic, keys)

    def degraded(self, reason: str | None) -> None:
        self.degraded_by("plugin", reason)

    def degraded_by(self, key: str, reason: str | None) -> None:
        """The same for parts of the host that watch over this plugin, each under a key of its own."""
        if self.state.degrade(key, reason):
            if reason:
                self.log.warning("plugin is degraded", reason=reason)
            else:
                self.log.info("plugin is well again")
            self._on_state(self.state)

    def secret(self, name: str, environment: str, registry: tuple[str, str] | None = None) -> str | None:
        return read_secret(name, environment, registry)
