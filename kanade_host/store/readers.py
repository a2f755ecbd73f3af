"""The reading side: a few read-only connections, each on a thread of its own (aiosqlite).

No plugin's SQL runs on the event loop. One plugin never takes all connections, and a statement that
runs for too long is interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import aiosqlite

from kanade_host.plugin.errors import Overran, StoreUnavailable
from kanade_host.store.connections import open_reader, refuse
from kanade_host.store.errors import NotAllowed, cause_of, primary_code
from kanade_host.store.guard import read_only
from kanade_host.store.location import Location

READ_SECONDS = 30.0
_INTERRUPT_AGAIN = 0.05


class Readers:
    """A pool of read-only connections. `open` and `close` on the event loop.

    A connection that is not closed keeps the process alive for ever.
    """

    def __init__(self, location: Location, *, size: int = 4, seconds: float = READ_SECONDS) -> None:
        self.location, self.size, self.seconds = location, size, seconds
        self._all: list[aiosqlite.Connection] = []
        self._free: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._shares: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(max(1, size - 1))
        )
        self._running: dict[asyncio.Future[list[sqlite3.Row]], aiosqlite.Connection] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self) -> None:
        """Open all connections. Raises `DatabaseRefused`; whatever is raised, none is left open."""
        try:
            # Once without aiosqlite: its thread would outlive a failure, and the loop with it.
            open_reader(self.location).close()
            for _ in range(self.size):
                connection = await aiosqlite.Connection(
                    partial(open_reader, self.location), iter_chunk_size=64
                )
                self._all.append(connection)
                await connection.set_authorizer(read_only)
                self._free.put_nowait(connection)
        except sqlite3.Error as error:
            await self.close()
            raise refuse(error, self.location.path, "reading it") from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Interrupt what runs and close all connections."""
        self._closed = True
        await asyncio.gather(*(_end(read, connection) for read, connection in list(self._running.items())))
        for connection in self._all:
            with contextlib.suppress(sqlite3.Error, ValueError):
                await connection.close()
        self._all.clear()

    async def query(
        self, sql: str, parameters: Sequence[Any] = (), *, owner: str = "host"
    ) -> list[sqlite3.Row]:
        """All rows of one SELECT, over everything committed when it begins.

        `StoreUnavailable`: no connection was free in time, or the file cannot be read. `Overran`: it
        ran for longer than a read may. `NotAllowed`: it is no read. Other errors of SQLite are the
        statement's own.
        """
        connection = await self._take(owner)
        read = asyncio.ensure_future(_fetch(connection, sql, parameters))
        self._running[read] = connection
        read.add_done_callback(partial(self._ended, connection, owner))
        done: set[asyncio.Future[list[sqlite3.Row]]] = set()
        try:
            done, _ = await asyncio.wait([read], timeout=self.seconds)
        finally:
            if not done:  # the caller goes; the connection is free again when its thread is
                task = asyncio.ensure_future(_end(read, connection))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
        if not done:
            raise Overran(f"a read of {owner} ran for more than {self.seconds:g} s and was interrupted")
        try:
            return read.result()
        except sqlite3.Error as error:
            raise _translated(error, owner) from error
        except ValueError:
            raise _closing() from None

    async def _take(self, owner: str) -> aiosqlite.Connection:
        if self._closed or not self._all:
            raise _closing()
        share = self._shares[owner]
        try:
            async with asyncio.timeout(self.seconds):
                await share.acquire()
                try:
                    return await self._free.get()
                except BaseException:
                    share.release()
                    raise
        except TimeoutError:
            raise StoreUnavailable(f"no reading connection was free within {self.seconds:g} s") from None

    def _ended(
        self, connection: aiosqlite.Connection, owner: str, read: asyncio.Future[list[sqlite3.Row]]
    ) -> None:
        if not read.cancelled():
            read.exception()  # else somebody complains that nobody asked for it
        del self._running[read]
        self._give_back(connection, owner)

    def _give_back(self, connection: aiosqlite.Connection, owner: str) -> None:
        self._free.put_nowait(connection)
        self._shares[owner].release()


async def _end(read: asyncio.Future[list[sqlite3.Row]], connection: aiosqlite.Connection) -> None:
    """Interrupt a read, again and again: an interruption before the statement has begun does nothing."""
    while not read.done():
        try:
            await connection.interrupt()
        except ValueError:
            return  # closed
        await asyncio.wait([read], timeout=_INTERRUPT_AGAIN)


async def _fetch(connection: aiosqlite.Connection, sql: str, parameters: Sequence[Any]) -> list[sqlite3.Row]:
    return list(await connection.execute_fetchall(sql, parameters))


def _closing() -> StoreUnavailable:
    return StoreUnavailable("the database is closed: the host is stopping")


def _translated(error: sqlite3.Error, owner: str) -> Exception:
    code = primary_code(error)
    if code == sqlite3.SQLITE_INTERRUPT:
        return _closing()
    if code == sqlite3.SQLITE_AUTH:
        return NotAllowed(f"{owner} may only read here (use ctx.write to write): {error}")
    return cause_of(error, f"{owner} reads") or error
