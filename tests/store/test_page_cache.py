"""The writer's cache follows its work: large for a backlog, small and given back otherwise."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from kanade_host.store import cache
from kanade_host.store.cache import CALM_SECONDS, LOOK_SECONDS, SMALL_KIB, PageCache
from kanade_host.store.connections import WRITER_CACHE_KIB


class Worked:
    """A cache, and a writer that has worked for some share of each second."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection, self.now, self.busy = connection, 100.0, 7.0
        self.cache = PageCache(connection, self.now, self.busy)

    def works(self, seconds: float, share: float) -> int:
        """The size in KiB after that."""
        ends = self.now + seconds
        while self.now < ends:
            self.now += LOOK_SECONDS / 4
            self.busy += LOOK_SECONDS / 4 * share
            self.cache.look(self.now, self.busy)
        return self.kib

    @property
    def kib(self) -> int:
        size: int = self.connection.execute("PRAGMA cache_size").fetchone()[0]
        return -size


@pytest.fixture
def given_back(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    calls: list[bool] = []
    monkeypatch.setattr(cache, "give_back", lambda: calls.append(True))
    return calls


@pytest.fixture
def worked() -> Iterator[Worked]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        yield Worked(connection)


def test_it_is_small_at_first_and_while_there_is_little_to_do(worked: Worked, given_back: list[bool]) -> None:
    assert worked.kib == SMALL_KIB
    assert worked.works(60.0, 0.3) == SMALL_KIB
    assert given_back == []


def test_a_backlog_makes_it_large_and_calm_small_again(worked: Worked, given_back: list[bool]) -> None:
    assert worked.works(LOOK_SECONDS, 0.9) == WRITER_CACHE_KIB
    assert worked.works(CALM_SECONDS - LOOK_SECONDS, 0.2) == WRITER_CACHE_KIB
    assert given_back == []
    assert worked.works(LOOK_SECONDS, 0.2) == SMALL_KIB
    assert worked.works(60.0, 0.2) == SMALL_KIB
    assert given_back == [True]


def test_a_pause_in_a_backlog_leaves_it_large(worked: Worked, given_back: list[bool]) -> None:
    for _ in range(5):
        worked.works(LOOK_SECONDS, 0.9)
        assert worked.works(CALM_SECONDS / 2, 0.1) == WRITER_CACHE_KIB
    assert given_back == []


def test_rest_gives_back_at_once_and_only_what_was_taken(worked: Worked, given_back: list[bool]) -> None:
    worked.works(LOOK_SECONDS, 0.9)
    worked.cache.rest()
    worked.cache.rest()
    assert worked.kib == SMALL_KIB
    assert given_back == [True]


def test_a_connection_that_is_closed_is_no_error(worked: Worked, given_back: list[bool]) -> None:
    worked.connection.close()
    worked.now, worked.busy = worked.now + LOOK_SECONDS, worked.busy + LOOK_SECONDS
    worked.cache.look(worked.now, worked.busy)
