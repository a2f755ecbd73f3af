"""Reading and writing with the answers of `contract/http-fleet.md` 4 where the database fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from kanade_host.plugin import Context, HttpError, StoreUnavailable, Tx

T = TypeVar("T")
DATABASE_ERROR = "database error"


async def read(
    ctx: Context, sql: str, parameters: Sequence[Any] = (), text: str = DATABASE_ERROR
) -> list[sqlite3.Row]:
    """Rows, or 500 with that text."""
    try:
        return await ctx.query(sql, parameters)
    except (StoreUnavailable, sqlite3.Error) as error:
        ctx.log.error("the accounts cannot be read", error=str(error))
        raise HttpError(500, text) from error


async def write(ctx: Context, work: Callable[[Tx], T]) -> T:
    """What `work` answers once it is committed, or 500."""
    try:
        return await ctx.write(work)
    except (StoreUnavailable, sqlite3.Error) as error:
        ctx.log.error("the accounts cannot be written", error=str(error))
        raise HttpError(500, DATABASE_ERROR) from error
