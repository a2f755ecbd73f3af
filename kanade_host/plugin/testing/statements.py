"""Counts the statements that plugins run, so that a test can say how many it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from kanade_host.store.guard import HOST
from kanade_host.store.readers import Readers
from kanade_host.store.tx import Transaction

Ran = list[tuple[str, str]]
"""Plugin and text of each statement, in the order in which they were run."""


@contextmanager
def counting() -> Iterator[Ran]:
    """Note what plugins run in this process while inside; the host's own bookkeeping does not count."""
    ran: Ran = []
    query, execute, many = Readers.query, Transaction.execute, Transaction.executemany

    async def noted_query(
        self: Readers, sql: str, parameters: Sequence[Any] = (), *, owner: str = HOST
    ) -> Any:
        ran.append((owner, sql))
        return await query(self, sql, parameters, owner=owner)

    def noted_execute(self: Transaction, sql: str, parameters: Sequence[Any] = (), /) -> Any:
        ran.append((self.owner, sql))
        return execute(self, sql, parameters)

    def noted_many(self: Transaction, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        ran.append((self.owner, sql))
        return many(self, sql, rows)

    with (
        mock.patch.object(Readers, "query", noted_query),
        mock.patch.object(Transaction, "execute", noted_execute),
        mock.patch.object(Transaction, "executemany", noted_many),
    ):
        yield ran


def check(ran: Ran, limit: int, plugin: str | None) -> None:
    """AssertionError with the statements themselves when there are more than `limit`."""
    counted = [(owner, sql) for owner, sql in ran if (owner == plugin if plugin else owner != HOST)]
    if len(counted) > limit:
        texts = "\n".join(f"  {owner}: {' '.join(sql.split())[:200]}" for owner, sql in counted)
        raise AssertionError(f"{len(counted)} statements were run, {limit} are declared:\n{texts}")
