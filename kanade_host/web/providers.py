"""What the web needs of the host, as protocols: the app implements them, a test fakes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kanade_host.bus.overview import BrokerView
from kanade_host.plugin.authenticators import Authenticator
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.context import Context
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.pages import Page
from kanade_host.plugin.routes import Route
from kanade_host.plugin.subscriptions import Tx

T = TypeVar("T")


class Reason(Protocol):
    """Why something is not well (`kanade_host.observe.health.Reason`)."""

    @property
    def part(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def since(self) -> Instant: ...
    @property
    def blocking(self) -> bool: ...


class Host(Protocol):
    """The host around the web. All of it is called on the event loop, except `stuck`."""

    @property
    def version(self) -> str:
        """Of kanade_host."""
        ...

    @property
    def clock(self) -> Clock: ...

    @property
    def starting(self) -> str:
        """What the first start is busy with; empty once it is complete."""
        ...

    @property
    def dead(self) -> str | None:
        """Why only a new process would help; None while that is not so."""
        ...

    def reasons(self) -> Sequence[Reason]:
        """What is not well; blocking ones make the host unready."""
        ...

    def plugins(self) -> Sequence[Mapping[str, Any]]:
        """One row for each plugin that was found, failed and disabled ones too."""
        ...

    def uninstalled(self) -> Sequence[Mapping[str, Any]]:
        """Name, distribution and version of plugins that ran here and are not installed any more."""
        ...

    def projections(self) -> Sequence[Mapping[str, Any]]:
        """One row for each projection and sample of a running plugin."""
        ...

    async def broker(self) -> BrokerView:
        """How the connection stands, and what lies in the broker. Never raises for what the broker does."""
        ...

    async def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Read the host's own tables. Raises `StoreUnavailable`, also while nothing is open yet."""
        ...

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Write the host's own tables, as owner "host". Raises `StoreUnavailable`."""
        ...

    def rebuilds(self) -> Sequence[Mapping[str, Any]]:
        """The rebuilds of this run of the host, the newest last."""
        ...

    async def rebuild_plan(self, plugin: str) -> Any:
        """What a rebuild would do. Raises `HttpError`."""
        ...

    async def rebuild(self, plugin: str, *, lose: bool) -> Any:
        """Begin one; its status. Raises `HttpError`."""
        ...

    def cancel_rebuild(self, plugin: str) -> bool:
        """False when none is running."""
        ...

    def replay(self) -> None:
        """Dead letters were marked: try them again now."""
        ...

    def metrics(self) -> tuple[bytes, str]:
        """What Prometheus scrapes, and its content type."""
        ...

    def plugin_of(self, module: str) -> str | None:
        """The plugin that a Python module belongs to. A plain look-up: the watchdog's thread asks too."""
        ...

    def offend(self, plugin: str, reason: str) -> None:
        """Code of that plugin held the event loop again and again: take the plugin out of service."""
        ...

    def stuck(self, plugin: str, reason: str) -> None:
        """Code of that plugin holds the loop and cannot be ended. Called in the watchdog's thread."""
        ...


class Manifested(Protocol):
    """What was collected of a plugin (`kanade_host.loading.collect.Loaded`)."""

    @property
    def routes(self) -> Sequence[Route]: ...
    @property
    def pages(self) -> Sequence[Page]: ...
    @property
    def state(self) -> Stated: ...


class Shown(Protocol):
    """What a plugin shows to browsers (`kanade_host.loading.collect.Loaded`)."""

    @property
    def name(self) -> str: ...
    @property
    def site(self) -> Path | None: ...
    @property
    def web(self) -> Path | None: ...


class Stated(Protocol):
    """Where a plugin stands (`kanade_host.loading.state.PluginState`)."""

    @property
    def phase(self) -> str: ...
    @property
    def reason(self) -> str: ...


class Running(Protocol):
    """A plugin of this start, as far as HTTP is concerned (`kanade_host.loading.running.RunningPlugin`)."""

    @property
    def name(self) -> str: ...
    @property
    def serves(self) -> bool: ...
    @property
    def ctx(self) -> Context: ...
    @property
    def authenticators(self) -> Sequence[Authenticator]: ...
    @property
    def loaded(self) -> Manifested: ...


def why_down(one: Running) -> str | None:
    """Why the plugin's routes cannot be called; None when they can."""
    if one.serves:
        return None
    state = one.loaded.state
    return state.reason or f"it is {state.phase}"
