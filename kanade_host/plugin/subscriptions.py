"""What feeds a plugin: projections of streams, samples of core subjects, watches of buckets.

A projection is exactly once: its rows, its position and what it sends are one transaction. An author
writes `apply` as plain SQL and never an acknowledgement, an offset, a retry or a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from kanade_host.plugin.instants import Instant

if TYPE_CHECKING:
    from kanade_host.plugin.context import Context, Entry

M = TypeVar("M")


class Meta(msgspec.Struct, frozen=True, gc=False):
    """Where a message comes from. `sequence` and `time` are the broker's; samples have sequence 0.

    `by_host`: this program sent it, now or in an earlier life; nobody did it past us.
    """

    subject: str
    sequence: int
    time: Instant
    by_host: bool = False


class Message(msgspec.Struct, Generic[M], frozen=True):
    """One decoded message of a batch."""

    body: M
    meta: Meta


Batch = Sequence[Message[Any]]
"""The messages of one transaction, in stream order, at least one."""


class Tx(Protocol):
    """One transaction on the one writing connection. Valid only inside the function it is given to.

    A function that gets a `Tx` runs on the writer thread: it must not await, sleep or do I/O other
    than SQL on its own plugin's tables. What it raises undoes all that it did.
    """

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """Run one statement. Use `?` parameters; rows come as `sqlite3.Row`."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> sqlite3.Cursor:
        """Run one statement for each row of parameters."""
        ...

    def changed(self, topic: str, *keys: str) -> None:
        """Say what this transaction changes: kept answers with that topic go, live clients are told.

        `keys` name the things (an exec id, a PC); none means "anything under this topic".
        """
        ...

    def send(
        self,
        subject: str,
        body: bytes,
        *,
        id: str,
        due: Instant | None = None,
        core: bool = False,
    ) -> None:
        """Put a message into the outbox; it goes out after the commit, once, even across a crash.

        `id` is unique for all time (it is the message's `Nats-Msg-Id`); an id that is in the outbox
        already is ignored. `due`: not before that moment. `core`: the subject is on no stream, so
        that the broker cannot acknowledge it (`kill.*`).
        """
        ...

    def withdraw(self, id_prefix: str) -> int:
        """Take back what this plugin has in the outbox under that prefix of ids.

        Answers how many were certainly never sent. What may be on its way at this moment is not
        counted: it may arrive, but is not tried again.
        """
        ...

    def hold(self, id_prefix: str) -> None:
        """Keep back what this plugin has, or puts, in the outbox under that prefix, until `unhold`.

        What may be on its way at this moment may arrive. A hold survives restarts.
        """
        ...

    def unhold(self, id_prefix: str) -> None:
        """Let it go out again."""
        ...

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this on the event loop once the transaction is committed; never if it is not."""
        ...


@dataclass(frozen=True, slots=True)
class Projection:
    """A durable reader of a stream: message -> rows, exactly once, in stream order.

    - `name`: unique over all plugins, `plugin.what` (`"results.results"`); positions, dead letters
      and metrics go by it.
    - `durable`: name of the consumer; those of kanade-backend keep their names.
    - `filter`: subject filter, None for the whole stream.
    - `message`: a msgspec struct. What does not decode is set aside as a dead letter by itself. `bytes`:
      the body as it is, for streams whose messages are no JSON.
    - `apply(tx, batch)`: runs on the writer thread under a savepoint and a deadline. It may see a
      message again only after a rebuild, or when a dead letter is replayed (an old message then).
    - `prepare(ctx, batch)`: async, before `apply`, outside any transaction; may fetch what the
      messages point to, and returns what `apply` shall get as the batch (the same messages, or
      changed ones, in the same order, none left out). Raise `Retry` for causes outside the messages.
    - `pick(ctx, bodies)`: async, before anything is decoded; says of each message whether it concerns this
      projection. For a second projection of a busy stream, which wants few of its messages: what is not
      picked is passed over. Pick what cannot be told: it is then decoded, and set aside if it is bad.
      `Retry` as in `prepare`.
    - `after`: name of a projection of the same stream whose position has to have passed a message
      before this one sees it.
    - `begins_at`: in a database that kanade-backend filled, the durable whose position is ours too.
    """

    name: str
    stream: str
    durable: str
    message: type
    apply: Callable[[Tx, Batch], None]
    filter: str | None = None
    prepare: Callable[[Context, Batch], Awaitable[Batch]] | None = None
    pick: Callable[[Context, Sequence[bytes]], Awaitable[Sequence[bool]]] | None = None
    after: str | None = None
    begins_at: str | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """A core subscription: at most once, bounded memory, drops counted.

    With `key`, only the newest message for each key waits to be written, newest by `order` (an older
    one never replaces a newer one); without, all up to `limit` messages do. `apply(tx, batch)` as in
    a projection; `meta.time` is when the host received it.
    """

    name: str
    subject: str
    message: type
    apply: Callable[[Tx, Batch], None]
    key: Callable[[Any], Hashable] | None = None
    order: Callable[[Any], Any] | None = None
    limit: int = 20_000


@dataclass(frozen=True, slots=True)
class Watch:
    """A live map of a bucket, kept by the host: `ctx.watch(bucket)` is the map.

    It holds the current values, survives restarts of the broker and deleted buckets, and each change
    marks the topic `kv:<bucket>` as changed. `on_change(ctx, entry)` is called after each change
    (and for every present key at the start), one at a time; a deleted key comes with `value=None`.
    Several plugins may watch one bucket.
    """

    bucket: str
    on_change: Callable[[Context, Entry], Awaitable[None]] | None = None


Subscription = Projection | Samples | Watch
