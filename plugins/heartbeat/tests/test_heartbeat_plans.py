"""How SQLite answers the list's queries: by which index, and what it has to sort.

A fleet is at most some ten thousands of PCs: one pass over `agents` takes milliseconds, and a list without
a filter has to end after its page. What may not happen is a pass for each row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kanade_host_heartbeat
import pytest
from kanade_host_heartbeat import doubles, exporting, facets, listing, queries, warnings
from kanade_host_heartbeat.conditions import Where
from kanade_host_heartbeat.sorting import ordering

from kanade_host.plugin import Instant

MIGRATIONS = Path(kanade_host_heartbeat.__file__).parent / "migrations" / "sqlite"
NOW = Instant.parse("2026-11-23T10:00:00Z")
ROWS = 2_000


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(":memory:")
    for file in sorted(MIGRATIONS.glob("*.sql")):
        found.executescript(file.read_text())
    found.executemany(
        "INSERT INTO agents (pc_id, hostname, last_heartbeat, agent_version, updated_at)"
        " VALUES (?, ?, ?, ?, ?)",
        [(f"pc-{i}", f"h-{i}", (NOW - i).stored, f"0.{i % 9}", (NOW - i).sql) for i in range(ROWS)],
    )
    found.execute("ANALYZE")
    yield found
    found.close()


def plan(db: sqlite3.Connection, sql: str, values: Any = ()) -> str:
    return "; ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values))


def where(*terms: tuple[str, Any]) -> Where:
    found = Where()
    for term, value in terms:
        found.add(term, value)
    return found


def among(values: str) -> Where:
    found = Where()
    found.among("a.pc_id", values.split())
    return found


LISTS: list[tuple[str, Where, str, tuple[str, ...], tuple[str, ...]]] = [
    # sort, condition, cursor or not, what the plan has, what it has not
    ("pc_id", Where(), "", ("USING INDEX sqlite_autoindex_agents_1",), ("TEMP B-TREE",)),
    ("pc_id", Where(), "after", ("agents_1 (pc_id>?)",), ("TEMP B-TREE",)),
    ("received_at", Where(), "", ("USING INDEX idx_agents_updated",), ("TEMP B-TREE FOR ORDER BY",)),
    ("pc_id", among("pc-1 pc-2"), "", ("(pc_id=?)", "LIST SUBQUERY"), ()),
    ("hostname", among("pc-1 pc-2"), "", ("(pc_id=?)",), ()),
    ("hostname", Where(), "", ("SCAN a", "TEMP B-TREE FOR ORDER BY"), ()),
    ("version", Where(), "", ("SCAN a", "TEMP B-TREE FOR ORDER BY"), ()),
    ("online", Where(), "", ("SCAN a", "TEMP B-TREE FOR ORDER BY"), ()),
]


@pytest.mark.parametrize("sort, condition, cursor, has, has_not", LISTS)
def test_a_page(
    db: sqlite3.Connection, sort: str, condition: Where, cursor: str, has: Any, has_not: Any
) -> None:
    by = ordering(sort, "asc", NOW, ["0.1", "0.2"])
    after = by.cursor("x", "pc-5") if cursor else None
    found = plan(db, *listing.statement(condition, by, NOW, 101, after))
    for text in has:
        assert text in found, found
    for text in has_not:
        assert text not in found, found
    assert found.count("SCAN a") <= 1, found
    if "heartbeat_intervals" in found or "SEARCH i" in found:
        assert "SCAN i" not in found, found


def test_what_is_joined_is_found_by_key(db: sqlite3.Connection) -> None:
    one = '["pc-1"]'
    for sql, values, index in (
        (listing.ATTRIBUTES, (one,), "USING PRIMARY KEY (pc_id=?)"),
        (warnings.DOUBLED, (one, NOW.stored), "heartbeat_doubles"),
        (doubles.CURRENT, (NOW.stored,), "heartbeat_doubles_last (last_at>?)"),
        (queries.ONE, ("", "", "pc-1"), "sqlite_autoindex_agents_1 (pc_id=?)"),
        (queries.LIST, ("", "", -1), "USING INDEX idx_agents_updated"),
    ):
        found = plan(db, sql, values)
        assert index in found, f"{sql}: {found}"
        assert "SCAN heartbeat" not in found, f"{sql}: {found}"
    assert "COVERING INDEX" in plan(db, exporting.NAMES)


def test_an_attribute_is_found_by_its_value(db: sqlite3.Connection) -> None:
    term = "a.pc_id IN (SELECT pc_id FROM heartbeat_attributes WHERE name = ? AND value = ?)"
    condition = Where()
    condition.add(term, "site", "Tokyo")
    found = plan(db, *listing.statement(condition, ordering("pc_id", "asc", NOW), NOW, 101, None))
    assert "heartbeat_attributes_value (name=? AND value=?)" in found


def test_counting_is_one_pass(db: sqlite3.Connection) -> None:
    for by in ("version", "os", "online", "state", "attribute.site"):
        found = plan(db, *facets.statement(Where(), by, NOW))
        assert found.count("SCAN") == 1, f"{by}: {found}"
