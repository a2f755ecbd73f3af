"""What the host offers a running plugin."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

from kanade_host.plugin.clock import Clock
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.subscriptions import Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a bucket. `value` is None for a deletion marker (only `Watch` shows those)."""

    key: str
    value: bytes | None
    revision: int
    time: Instant


class KeyValue(Protocol):
    """One bucket. Every call answers or fails within a few seconds.

    Raises `BrokerUnavailable`, `ResourceMissing` (no such bucket) and `InvalidKey`, whose texts are
    those of the contract.
    """

    async def get(self, key: str) -> Entry | None:
        """The current value, or None when there is none or only a deletion marker."""
        ...

    async def entries(self) -> list[Entry]:
        """All current values, the oldest last write first, in one pass."""
        ...

    async def history(self, key: str) -> list[Entry]:
        """What the bucket still holds of a key, the oldest first, deletion markers (value None) too."""
        ...

    async def put(self, key: str, value: bytes) -> int:
        """Write whatever is there; answers the new revision."""
        ...

    async def update(self, key: str, value: bytes, revision: int) -> int:
        """Write if `revision` is still the last one of that key, markers included; 0 = never written.

        Raises `RevisionConflict`.
        """
        ...

    async def delete(self, key: str, revision: int | None = None) -> None:
        """Write a deletion marker; with `revision`, only if that is still the last one."""
        ...

    async def revise(self, key: str, change: Callable[[bytes | None], bytes | None]) -> bytes | None:
        """Read, change, write with revision check, again on conflict; answers what now stands there.

        `change` gets the current value (None = absent) and returns the new one; returning what it was
        given, or None, writes nothing.
        """
        ...


class LiveMap(Protocol):
    """The current values of a watched bucket, in memory."""

    def get(self, key: str) -> Entry | None: ...

    def items(self) -> Iterator[tuple[str, Entry]]:
        """A snapshot, ordered by key."""
        ...

    def __len__(self) -> int: ...

    async def synced(self) -> None:
        """Wait until everything that is in the bucket now is in the map: read-your-writes, also for
        writes of others. Costs one round trip. Raises `BrokerUnavailable`, `ResourceMissing`.
        """
        ...


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """The record of an object. `digest` as stored: `SHA-256=` and padded base64url, or None."""

    name: str
    size: int
    digest: str | None
    modified: str | None


class ObjectReader(Protocol):
    """One object as it was when it was opened: a later overwrite waits for whoever reads it here."""

    @property
    def info(self) -> ObjectInfo: ...

    def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` on (all of them by default), chunk by chunk, never more than one in memory.

        Raises `ObjectDamaged` instead of giving the last chunk of a whole object whose digest is wrong,
        and when chunks are missing.
        """
        ...


class Objects(Protocol):
    """One object store. Errors as `KeyValue`; `ObjectNotFound` also for deleted ones."""

    async def info(self, name: str) -> ObjectInfo: ...

    async def get(self, name: str, limit: int | None = None) -> bytes:
        """The whole object; `ObjectDamaged` when it does not match its record or exceeds `limit`."""
        ...

    async def open(self, name: str) -> ObjectReader:
        """For objects that are too large for memory, and for parts of one."""
        ...

    async def put(self, name: str, body: bytes | AsyncIterator[bytes]) -> ObjectInfo:
        """Store or replace. The object is there when `body` has ended, and only then; when `body` raises,
        what was uploaded is removed and what was there before stays.
        """
        ...

    async def delete(self, name: str) -> None: ...

    async def list(self) -> list[ObjectInfo]:
        """All objects, the oldest last write first; records that do not decode are left out."""
        ...

    async def purge_orphans(self, idle: float) -> int:
        """Remove chunks that no record names and that got no company for `idle` seconds; how many uploads.

        An upload whose process was killed leaves such chunks.
        """
        ...


class Bus(Protocol):
    """The broker, for what is not a subscription. Prefer `tx.send` for what must not be forgotten."""

    @property
    def connected(self) -> bool: ...

    @property
    def max_payload(self) -> int:
        """Bytes of the largest message that the broker takes, headers included. `BrokerUnavailable`."""
        ...

    def kv(self, bucket: str) -> KeyValue: ...

    def objects(self, store: str) -> Objects: ...

    async def request(self, subject: str, body: bytes, timeout: float) -> bytes:
        """Core request; `NoResponders`, `TimeoutError`, `BrokerUnavailable`, `InvalidKey` (bad subject)."""
        ...

    async def publish(self, subject: str, body: bytes, *, stream: bool = True, id: str | None = None) -> None:
        """Publish now; with `stream`, waits for the stream's acknowledgement, else flushes."""
        ...

    def replies(self, subject: str) -> ReplySubscription:
        """An async context manager: subscribed (and flushed) inside, iterates over message bodies."""
        ...

    async def resources(self) -> dict[str, bool]:
        """Which streams exist, by stream name (`RESULTS`, `KV_jobs`, `OBJ_scripts`), within 2 s."""
        ...

    async def api(self, subject: str, body: bytes = b"") -> dict[str, Any]:
        """One call of the JetStream API (`CONSUMER.INFO.EXEC.x`), decoded.

        Raises `ApiError` (with `.code` and `.err_code`) and `BrokerUnavailable`.
        """
        ...


class ReplySubscription(Protocol):
    """Messages of one subject while inside the context."""

    async def __aenter__(self) -> ReplySubscription: ...
    async def __aexit__(self, *exc: object) -> None: ...
    async def next(self, timeout: float) -> bytes:
        """The next message's body; raises TimeoutError."""
        ...


class Logger(Protocol):
    """Structured logging; the plugin's name and the request's id are on every line."""

    def debug(self, event: str, **fields: Any) -> None: ...
    def info(self, event: str, **fields: Any) -> None: ...
    def warning(self, event: str, **fields: Any) -> None: ...
    def error(self, event: str, **fields: Any) -> None: ...
    def exception(self, event: str, **fields: Any) -> None: ...


class Context(Protocol):
    """The host, as one plugin sees it."""

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        ...

    @property
    def settings(self) -> Any:
        """An instance of what `kanade_settings` returned."""
        ...

    @property
    def log(self) -> Logger: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def bus(self) -> Bus: ...

    @property
    def data_dir(self) -> Path:
        """A folder for this plugin's files, beside the database; made at the first use."""
        ...

    async def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Read on one of the reading connections; sees everything committed. `StoreUnavailable`."""
        ...

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction on the writer thread, ahead of batches; answers after the commit.

        `work` may be called twice, when its transaction was lost through a neighbour: only the last
        call counts, so it must not change anything but the database.
        """
        ...

    def watch(self, bucket: str) -> LiveMap:
        """The live map of a bucket that this plugin has a `Watch` for."""
        ...

    @overload
    def service(self, name: str, protocol: type[T]) -> T: ...
    @overload
    def service(self, name: str, protocol: None = None) -> Any: ...
    def service(self, name: str, protocol: Any = None) -> Any:
        """What a plugin that this one requires offers under that name; `ServiceMissing` otherwise."""
        ...

    @overload
    def find(self, name: str, protocol: type[T]) -> T | None: ...
    @overload
    def find(self, name: str, protocol: None = None) -> Any | None: ...
    def find(self, name: str, protocol: Any = None) -> Any:
        """The same where the offering plugin may be absent: then None. Ask when needed, keep nothing."""
        ...

    def offers(self, what: str) -> dict[str, Any]:
        """What running plugins offer under `PLUGIN.<what>`, by plugin: where each may do its own part.

        The heartbeat plugin asks all `pc_records` when a PC gets another id. Ask when needed, keep nothing.
        """
        ...

    def changed(self, topic: str, *keys: str) -> None:
        """Say that something changed that is in no table (a live map, a state): answers kept for it go."""
        ...

    def degraded(self, reason: str | None) -> None:
        """Show this plugin as degraded, with the reason; None: it is well again."""
        ...

    def secret(self, name: str, environment: str, registry: tuple[str, str] | None = None) -> str | None:
        """A secret: Windows registry value (key under HKLM, value name), else environment; empty = None.

        Values never reach a log.
        """
        ...
