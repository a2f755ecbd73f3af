"""A plugin with the faults that the test kit has to notice, each behind a route of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from kanade_host.plugin import Migrations, Request, Route, Tx, hookimpl

kept: list[object] = []


async def task(request: Request) -> None:
    kept.append(asyncio.create_task(asyncio.sleep(600), name="forgotten"))


async def connection(request: Request) -> None:
    kept.append(sqlite3.connect(request.ctx.data_dir / "own.db"))
    kept[-1].execute("CREATE TABLE IF NOT EXISTS t (x)")  # type: ignore[attr-defined]


async def block(request: Request) -> None:
    time.sleep(5)  # noqa: ASYNC251 - the fault, long enough for a watch on a busy machine


async def statements(request: Request) -> int:
    def work(tx: Tx) -> None:
        for number in range(3):
            tx.execute("INSERT INTO leaky_rows (id) VALUES (?)", (number,))
        tx.executemany("INSERT INTO leaky_rows (id) VALUES (?)", [(number,) for number in range(10, 20)])

    await request.ctx.write(work)
    return len(await request.ctx.query("SELECT * FROM leaky_rows"))


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(Path(__file__).parent / "migrations")


@hookimpl
def kanade_routes() -> Sequence[Route]:
    handlers = (task, connection, block, statements)
    return [Route("POST", f"/api/leaky/{one.__name__}", one, None, "A fault") for one in handlers]
