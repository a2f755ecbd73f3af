"""The configuration as the rest of the host sees it: frozen structs, every default in one place.

`server`, `nats`, `db` and `log` are kanade-backend's sections (host.md 3.2); `broker` and `plugins`
are ours. Nothing here can be overridden by the environment except through the file's templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """`bind` is `host:port`; port 0 takes any free one."""

    bind: str


class Nats(msgspec.Struct, frozen=True, kw_only=True):
    """`url` names one server; None: the configuration names no broker, so the embedded one runs."""

    url: str | None = None


class Db(msgspec.Struct, frozen=True, kw_only=True):
    """`sqlite_path` as it stands in the file: relative paths count from the working directory."""

    sqlite_path: str


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is a template of the daily file's name; `keep_days` 0 means standard output only.

    `format` is our addition; kanade-backend ignores it.
    """

    path: str
    level: str
    keep_days: int = 14
    format: Literal["text", "json"] = "text"


class Broker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The embedded broker. `auto` runs it when `[nats] url` is absent."""

    embedded: Literal["auto"] | bool = "auto"
    folder: str | None = None
    """Where it keeps its streams; default `nats` beside the database."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 4222
    """0: any free port at the first start, the same one afterwards."""
    expose: bool = False
    """Listen beyond loopback. Whoever holds its token commands the fleet."""


class Plugins(msgspec.Struct, frozen=True, kw_only=True):
    """Which plugins run, and the raw tables `[plugins.NAME]` by name (decoded by the loader)."""

    disabled: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    strict: bool = False
    authenticators: tuple[str, ...] = ()
    """The order in which authenticators are asked; those not named come after, by plugin order."""
    start_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 30.0
    """A plugin that has not started by then is failed, and the rest goes on without it."""
    tables: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was configured.

    `source` is the file, None where the host made the configuration itself (`demo`). `warnings` are
    sentences for the log. `origins` says for each dotted key (`server.bind`) which file it is from.
    """

    server: Server
    db: Db
    log: Log
    nats: Nats = Nats()
    broker: Broker = Broker()
    plugins: Plugins = Plugins()
    source: Path | None = None
    warnings: tuple[str, ...] = ()
    origins: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def embedded(self) -> bool:
        """Whether the host runs a broker of its own."""
        if self.broker.embedded == "auto":
            return self.nats.url is None
        return self.broker.embedded

    @property
    def data_dir(self) -> Path:
        """The folder of the database, where everything that the host keeps has its place."""
        path = unquote(self.db.sqlite_path.split("?", 1)[0])  # kanade-backend takes it for part of a URL
        return Path(path).absolute().parent

    @property
    def broker_dir(self) -> Path:
        """The folder of the embedded broker."""
        return Path(self.broker.folder).absolute() if self.broker.folder else self.data_dir / "nats"
