"""The accounts in memory: never older than the last commit, and no guess where they cannot be read."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from kanade_host_auth.directory import Directory

from kanade_host.plugin import Context, Role, StoreUnavailable


class Rows:
    """Answers as the reading connections do: later than the question, from what was committed by then."""

    def __init__(self) -> None:
        self.users: list[tuple[str, str, int, int]] = [("vera", "viewer", 0, 0)]
        self.asked = 0
        self.failing = False
        self.release = asyncio.Event()
        self.release.set()

    async def query(self, sql: str, parameters: Any = ()) -> list[Any]:
        del parameters
        self.asked += 1
        if self.failing:
            raise StoreUnavailable("the disk is away")
        found = list(self.users) if "FROM users" in sql else []
        await self.release.wait()
        return found


def made(rows: Rows) -> Directory:
    return Directory(cast(Context, rows))


async def test_it_is_read_once() -> None:
    rows = Rows()
    directory = made(rows)
    await asyncio.gather(*(directory.accounts() for _ in range(20)))
    await directory.accounts()
    assert rows.asked == 4  # accounts, bounds, revocations, API tokens


async def test_a_commit_while_it_is_read_is_not_missed() -> None:
    rows = Rows()
    directory = made(rows)
    rows.release.clear()
    asking = asyncio.create_task(directory.accounts())
    await asyncio.sleep(0)
    rows.users = [("vera", "admin", 0, 0)]
    directory.forget()
    rows.release.set()
    assert (await asking).by_name["vera"].role is Role.ADMIN


async def test_a_database_that_cannot_be_asked_is_no_verdict() -> None:
    rows = Rows()
    directory = made(rows)
    rows.failing = True
    with pytest.raises(StoreUnavailable):
        await directory.accounts()
    rows.failing = False
    assert (await directory.accounts()).by_name["vera"].role is Role.VIEWER
    rows.failing = True
    assert "vera" in (await directory.accounts()).by_name, "what is known stays known"


async def test_a_role_that_is_none_of_the_three_is_none() -> None:
    rows = Rows()
    rows.users = [("odd", "emperor", 0, 0)]
    assert (await made(rows).accounts()).by_name["odd"].role is None
