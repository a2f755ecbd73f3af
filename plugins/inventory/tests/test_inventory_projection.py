"""What the contract's examples leave open: clocks, tables of others' making, sizes, order, retries."""

from __future__ import annotations

import json
import sqlite3
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kanade_host_inventory.cells import cell
from kanade_host_inventory.facts import read_facts
from kanade_host_inventory.projector import AT_ONCE, HUGE, ROWS_AT_ONCE, Pace, TooMuchAtOnce

from kanade_host.plugin import BadJson


def test_a_clock_that_was_ahead_does_not_lock_out_what_follows(file: Any) -> None:
    file.scan({"v": 1}, "2031-01-01T00:00:00Z", received="2026-11-23T10:00:00Z")
    file.scan({"v": 2}, "2026-11-23T11:00:00Z", received="2026-11-23T11:00:00Z")
    assert json.loads(file.fact()["facts_json"]) == {"v": 2}


def test_of_two_scans_of_one_moment_the_later_message_wins(file: Any) -> None:
    file.scan({"v": 1})
    file.scan({"v": 2})
    assert json.loads(file.fact()["facts_json"]) == {"v": 2}


def test_pcs_and_jobs_are_apart(file: Any) -> None:
    one = {"apps": [{"name": "a", "source": "s"}]}
    file.feed(
        [
            file.message(one),
            file.message(one, pc_id="pc2"),
            file.message(one, job_id="other"),
            file.message({"apps": []}, pc_id="pc2"),
        ]
    )
    rows = file.rows("SELECT pc_id, job_id FROM inv_apps ORDER BY rowid")
    assert [tuple(row.values()) for row in rows] == [("pc1", "inv-sw"), ("pc1", "other")]
    assert file.topics == {"inventory": {"pc1", "pc2"}}


def test_facts_that_upstream_stored_are_the_prior_ones(file: Any) -> None:
    file.db.execute(
        "INSERT INTO inventory_facts (pc_id, job_id, facts_json, collected_at)"
        " VALUES ('pc1', 'inv-sw', '{\"os\":\"9\"}', '2026-11-20T00:00:00+00:00')"
    )
    file.scan({"os": "10"})
    assert file.history() == [("os", "changed", None, {"value": "9"}, {"value": "10"})]


def test_prior_facts_that_are_no_json_are_no_history(file: Any) -> None:
    file.db.execute(
        "INSERT INTO inventory_facts (pc_id, job_id, facts_json) VALUES ('pc1', 'inv-sw', 'oops')"
    )
    file.scan({"os": "10"})
    assert file.history() == []
    assert "no JSON" in file.log.lines[0]


def test_a_type_that_changed_is_ignored(file: Any) -> None:
    """The table keeps its columns; a scan still equals the rows that it made."""
    file.db.execute(
        "CREATE TABLE inv_apps (pc_id TEXT NOT NULL, job_id TEXT NOT NULL, collected_at TIMESTAMP, name TEXT,"
        " source TEXT, version INTEGER, size TEXT, score TEXT, PRIMARY KEY (pc_id, job_id, name))"
    )
    element = {"name": "a", "source": "x", "version": "07", "size": 5, "score": 1.5}
    facts = {"apps": [element, element | {"source": "y"}]}
    file.scan(facts)
    assert file.table() == [{"name": "a", "source": "x", "version": 7, "size": "5", "score": "1.5"}]
    file.forget()
    file.scan(facts)
    assert file.history() == []


def test_too_many_elements_leave_the_rows(file: Any) -> None:
    file.most = 2
    file.scan({"apps": [{"name": "a", "source": "s"}]})
    file.scan({"apps": [{"name": n, "source": "s"} for n in "abc"]})
    assert [row["name"] for row in file.table()] == ["a"]
    assert len(json.loads(file.fact()["facts_json"])["apps"]) == 3
    assert "too many elements" in file.log.lines[0]


def test_the_limit_is_that_of_a_whole_scan(file: Any) -> None:
    file.most = 3
    other = {"field": "d", "table": "other", "primary_key": ["k"], "columns": [{"field": "k"}]}
    file.inventory = file.inventory | {"explode": [*file.inventory["explode"], other]}
    two = [{"name": n, "source": "s", "k": n} for n in "ab"]
    file.scan({"apps": two, "d": two})
    assert (len(file.table()), len(file.table("other"))) == (2, 0)


def test_what_is_slow_ends_itself() -> None:
    """Many scans are divided, a huge one is set aside; one of ordinary size is not blamed."""
    rows = range(HUGE + ROWS_AT_ONCE)
    for alone, fits in ((False, 0), (True, HUGE)):
        pace = Pace(alone=alone)
        assert list(chain.from_iterable(pace.parts(rows))) == list(rows)
        pace = Pace(alone=alone, seconds=-1)
        with pytest.raises(TooMuchAtOnce):
            list(pace.parts(rows))
        assert sum(map(len, Pace(alone=alone, seconds=-1).parts(rows[:fits]))) == fits


def test_a_batch_with_too_much_output_is_divided(file: Any) -> None:
    large = [file.message({"x": "y" * (AT_ONCE * 2 // 3)}, pc_id=f"pc{i}") for i in range(2)]
    with pytest.raises(TooMuchAtOnce):
        file.feed(large)
    for message in large:
        file.feed([message])
    assert file.rows("SELECT count(*) AS n FROM inventory_facts") == [{"n": 2}]


def test_an_undone_transaction_takes_its_table_along(file: Any) -> None:
    message = file.message({"apps": [{"name": "a", "source": "s"}]})
    bad = file.message({}, pc_id=None)
    with pytest.raises(sqlite3.IntegrityError):
        file.feed([message, bad])
    file.feed([message])
    assert len(file.table()) == 1


def test_history_is_in_the_order_of_the_contract(file: Any) -> None:
    second = {
        "field": "disks",
        "table": "disks",
        "primary_key": ["id"],
        "columns": [{"field": "id"}],
        "track_history": True,
    }
    file.inventory = file.inventory | {"explode": [*file.inventory["explode"], second]}
    apps = [{"name": n, "source": "s"} for n in "ba"]
    file.scan({"disks": [{"id": "D"}, {"id": "C"}], "apps": apps, "ram": 1, "os": "x"})
    file.scan({"disks": [{"id": "E"}], "apps": [{"name": "c", "source": "s"}], "os": "y"})
    told = [(field, kind, (identity or {}).get("name") or (identity or {}).get("id"))
            for field, kind, identity, _, _ in file.history()]  # fmt: skip
    assert told == [
        ("os", "added", None), ("ram", "added", None),
        ("apps", "added", "b"), ("apps", "added", "a"), ("disks", "added", "D"), ("disks", "added", "C"),
        ("os", "changed", None),
        ("apps", "added", "c"), ("apps", "removed", "b"), ("apps", "removed", "a"),
        ("disks", "added", "E"), ("disks", "removed", "D"), ("disks", "removed", "C"),
    ]  # fmt: skip


NUMERIC = st.from_regex(r"[ \t]?[+-]?[0-9]{0,6}\.?[0-9]{0,4}([eE][+-]?[0-9])?[ \n]?", fullmatch=True)
VALUES = (
    st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | NUMERIC
    | st.integers(-(2**65), 2**65) | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip


@given(values=st.lists(VALUES, min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
@pytest.mark.parametrize("declared", ["TEXT", "INTEGER", "REAL"])
@pytest.mark.parametrize("kind", [None, "integer", "real"])
def test_a_cell_is_what_sqlite_stores(kind: str | None, declared: str, values: list[Any]) -> None:
    """Storing a cell changes it no further: else an identical scan would look like a change."""
    db = sqlite3.connect(":memory:")
    try:
        db.execute(f"CREATE TABLE t (n INTEGER PRIMARY KEY, c {declared})")
        cells = [cell(kind, declared, value) for value in values]
        db.executemany("INSERT INTO t (c) VALUES (?)", [(one,) for one in cells])
        stored = [row[0] for row in db.execute("SELECT c FROM t ORDER BY n")]
        assert [(one, type(one)) for one in stored] == [(one, type(one)) for one in cells]
    finally:
        db.close()


TEXTS = ["7", " 12 ", "2.5", "abc", "5.0", "1e3", "1.", ".5", "+5", "-0", "0x10", "1e", "", " ", "9" * 19,
         "9" * 20, "1 2", "1_0", "12\u00a0", "12\n", "\u0661", "-.5e1", "1e400"]  # fmt: skip


@pytest.mark.parametrize("declared", ["INTEGER", "REAL"])
@pytest.mark.parametrize("text", TEXTS)
def test_texts_become_the_numbers_that_sqlite_sees(declared: str, text: str) -> None:
    db = sqlite3.connect(":memory:")
    try:
        db.execute(f"CREATE TABLE t (c {declared})")
        db.execute("INSERT INTO t VALUES (?)", (text,))
        (stored,) = db.execute("SELECT c FROM t").fetchone()
        mine = cell("integer", declared, text)
        assert (mine, type(mine)) == (stored, type(stored))
    finally:
        db.close()


LONG = [{"n": i, "t": "x"} for i in range(30_000)]
"""More than the reader that names positions takes."""
ODD = {
    "19 digits": (b'"k":9223372036854775808', {"k": 9223372036854775808}),
    "a key twice": (b'"k":1,"k":2', {"k": 2}),
    "lone surrogate": (b'"k":"\\ud800"', None),
    "infinite": (b'"k":1e400', None),
    "an integer beyond floats": (b'"k":' + b"1" * 310, None),
    "a negative one": (b'"k":-' + b"1" * 4_000, None),
    "NaN": (b'"k":NaN', None),
    "too deep": (b'"k":' + b"[" * 127 + b"]" * 127, None),
    "odd and too deep": (b'"k":1,"k":' + b"[" * 127 + b"]" * 127, None),
    "odd and infinite": (b'"k":1,"k":1e400', None),
    "odd and a lone surrogate": (b'"k":1,"k":"\\ud800"', None),
}


@pytest.mark.parametrize("name", ODD)
def test_long_output_is_read_as_strictly_as_short(name: str) -> None:
    text, expected = ODD[name]
    for start in (b"{", b'{"long":' + json.dumps(LONG).encode() + b","):
        if expected is None:
            with pytest.raises(BadJson):
                read_facts(start + text + b"}")
        else:
            found = read_facts(start + text + b"}")
            found.pop("long", None)
            assert found == expected
