"""One job's view of the transaction on the writer thread: `kanade_host.plugin.Tx`, made real."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from kanade_host.plugin.errors import PluginError
from kanade_host.plugin.instants import Instant
from kanade_host.store.commits import Changes, copied, note
from kanade_host.store.guard import HOST, Guard

_AFTER_ALL = "\U0010ffff"

WITHDRAWN = 2
"""`claimed` of a message in the outbox that was withdrawn while it may have been on the wire."""


@lru_cache(maxsize=4096)
def marked(owner: str, sql: str) -> str:
    """The statement with its owner in front, so that prepared statements are not shared (see `guard`)."""
    return f"/*{owner}*/ {sql}"


class Effects:
    """What a job does beside its rows. Thrown away when the job is undone."""

    __slots__ = ("calls", "changes", "open", "sent")

    def __init__(self) -> None:
        self.changes: Changes = {}
        self.calls: list[Callable[[], None]] = []
        self.sent = False
        self.open = True


class Transaction:
    """The `Tx` of one owner. Valid while its job runs, on the writer thread only."""

    __slots__ = ("_connection", "_effects", "_guard", "owner")

    def __init__(self, connection: sqlite3.Connection, guard: Guard, owner: str, effects: Effects) -> None:
        self._connection, self._guard, self.owner, self._effects = connection, guard, owner, effects

    def acting_as(self, owner: str) -> Transaction:
        """The same transaction for another owner: for the host, which writes a position beside rows."""
        return Transaction(self._connection, self._guard, owner, self._effects)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what happens inside when it raises, and nothing else. For the host."""
        effects = self._effects
        before = (copied(effects.changes), len(effects.calls), effects.sent)
        self._as_host("SAVEPOINT inner")
        try:
            yield
        except BaseException:
            self._as_host("ROLLBACK TO inner")
            self._as_host("RELEASE inner")
            effects.changes, calls, effects.sent = before
            del effects.calls[calls:]
            raise
        self._as_host("RELEASE inner")

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        if not self._effects.open:
            raise _over()
        self._guard.owner = self.owner
        return self._connection.execute(marked(self.owner, sql), parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> sqlite3.Cursor:
        """Run one statement for each row of parameters."""
        if not self._effects.open:
            raise _over()
        self._guard.owner = self.owner
        return self._connection.executemany(marked(self.owner, sql), rows)

    @property
    def sends(self) -> bool:
        """Something was put into the outbox."""
        return self._effects.sent

    def changed(self, topic: str, *keys: str) -> None:
        """Say what this transaction changes."""
        note(self._effects.changes, topic, keys)

    def send(
        self, subject: str, body: bytes, *, id: str, due: Instant | None = None, core: bool = False
    ) -> None:
        """Put a message into the outbox; an id that is there already is ignored."""
        self._as_host(
            "INSERT INTO host_outbox (plugin, message_id, subject, body, core, due_ns)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING",
            (self.owner, id, subject, body, core, None if due is None else due.ns),
        )
        self._effects.sent = True

    def withdraw(self, id_prefix: str) -> int:
        """Take back what this owner has in the outbox under that prefix, unless it may be on the wire.

        What may be is sent no second time, though: if it never arrived, it never will. Answers how many
        were certainly not sent.
        """
        which = (self.owner, id_prefix, id_prefix + _AFTER_ALL)
        of = "WHERE plugin = ? AND message_id >= ? AND message_id < ? AND claimed ="
        taken = self._as_host(f"DELETE FROM host_outbox {of} 0", which).rowcount
        self._as_host(f"UPDATE host_outbox SET claimed = {WITHDRAWN} {of} 1", which)
        return taken

    def hold(self, id_prefix: str) -> None:
        """Keep back what this owner has, or puts, in the outbox under that prefix."""
        self._as_host(
            "INSERT INTO host_outbox_holds (plugin, prefix) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (self.owner, id_prefix),
        )

    def unhold(self, id_prefix: str) -> None:
        """Let it go out again."""
        self._as_host(
            "DELETE FROM host_outbox_holds WHERE plugin = ? AND prefix = ?", (self.owner, id_prefix)
        )
        self._effects.sent = True

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this on the event loop once the transaction is committed."""
        self._effects.calls.append(call)

    def _as_host(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        if not self._effects.open:
            raise _over()
        self._guard.owner = HOST
        return self._connection.execute(marked(HOST, sql), parameters)


def _over() -> PluginError:
    return PluginError(
        "a transaction was used after the function that it was given to had returned:"
        " use it inside that function only, and return what is needed outside"
    )
