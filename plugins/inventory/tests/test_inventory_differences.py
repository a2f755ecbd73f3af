"""What differs between two scans of a PC: only that is compared and written, and nothing else is missed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kanade_host_inventory.cells import cell, column
from kanade_host_inventory.derived import Table
from kanade_host_inventory.elements import Cells, difference, events, rows_of
from kanade_host_inventory.manifest import ExplodeColumn, ExplodeSpec


def spec_of(*key: str) -> ExplodeSpec:
    columns = [ExplodeColumn("name"), ExplodeColumn("source"), ExplodeColumn("version")]
    return ExplodeSpec("apps", "t", list(key), columns, track_history=True)


def table_of(*key: str) -> Table:
    declared = dict.fromkeys(("pc_id", "job_id", "collected_at", "name", "source", "version"), "TEXT")
    return Table("t", declared, key, frozenset())


@pytest.mark.parametrize("names", ["abcdefgh", [None, "a", "b"]], ids=["whole keys", "keys that may be null"])
@pytest.mark.parametrize("key", [("name", "source"), ("name",), ("source", "name")])
def test_the_same_events_as_from_all_rows(names: Any, key: tuple[str, ...]) -> None:
    spec, table = spec_of("name", "source"), table_of(*key)
    chance = random.Random(1)
    for _ in range(300):
        scans = [
            [
                {"name": chance.choice(names), "source": chance.choice("xy"), "version": chance.choice("123")}
                for _ in range(chance.randrange(8))
            ]
            for _ in range(2)
        ]
        old, after = (rows_of(spec, table, scan) for scan in scans)
        before: dict[int, Cells] = dict(enumerate(old.cells, 1))
        gone, new = difference(before, after)
        assert list(events(spec, [before[number] for number in gone], new)) == list(
            events(spec, list(before.values()), after)
        )
        kept = [cells for number, cells in before.items() if number not in gone]
        left = sorted(map(str, [*kept, *new.cells]))
        assert left == sorted(map(str, after.cells)), "the table would hold something else"


def test_rows_that_are_alike_are_counted() -> None:
    """Without a key there may be several; each stands for one element."""
    spec, table = spec_of("name", "source"), table_of("name", "source")
    twice = rows_of(spec, table, [{"version": "1"}, {"version": "1"}])
    assert len(twice.cells) == 2
    once = twice.only([0])
    assert difference({1: once.cells[0]}, twice) == ([1], twice)
    assert difference({1: once.cells[0], 2: once.cells[0]}, once) == ([1, 2], once)


def test_rows_without_a_key_are_written_anew_in_the_order_of_the_array(file: Any) -> None:
    """History names the first of those that were there before, so the order has to be the scan's."""
    a, b, c = ({"name": None, "source": "s", "version": version} for version in "123")
    file.scan({"apps": [a, b]})
    file.scan({"apps": [c, a]})  # c is new, and comes first
    file.forget()
    file.scan({"apps": [b]})
    [(_, kind, _, before, _)] = file.history()
    assert (kind, before["version"]) == ("changed", "3")


@pytest.mark.parametrize("taken", [["rowid"], ["ROWID", "_rowid_"], ["oid"]], ids="+".join)
def test_a_column_may_be_called_like_the_number_of_a_row(file: Any, taken: list[str]) -> None:
    """SQLite then means the column, and rows of other PCs have the same values in it."""
    columns = [{"field": name} for name in ("name", *taken)]
    explode = {"field": "apps", "table": "t", "primary_key": ["name"], "columns": columns}
    file.inventory = file.inventory | {"explode": [explode | {"track_history": True}]}
    apps = [{"name": name, **dict.fromkeys(taken, "1")} for name in "abc"]
    for pc in ("pc1", "pc2"):
        file.scan({"apps": apps}, pc_id=pc)
    file.forget()
    file.scan({"apps": apps}, "2026-11-23T11:00:00Z")
    assert file.history() == []
    file.scan({"apps": apps[1:]}, "2026-11-23T12:00:00Z")
    assert sorted(row["name"] for row in file.table("t")) == ["a", "b", "b", "c", "c"]
    assert [line[1:3] for line in file.history()] == [("removed", {"name": "a"})]


def test_where_no_name_is_left_for_the_number_of_a_row_the_table_is_refused(file: Any) -> None:
    columns = [{"field": name} for name in ("rowid", "oid", "_rowid_")]
    explode = {"field": "apps", "table": "t", "primary_key": ["oid"], "columns": columns}
    file.inventory = file.inventory | {"explode": [explode]}
    file.scan({"apps": [{"oid": "1"}]})
    assert "call one of them otherwise" in file.log.lines[0]


def test_elements_that_are_no_objects_and_columns_that_some_lack() -> None:
    spec, table = spec_of("name"), table_of("name")
    rows = rows_of(
        spec, table, [{"name": "a"}, 5, {"name": "a", "version": "2"}, {"version": 7, "name": "b"}]
    )
    assert rows.cells == [("a", None, None), (None, None, None), ("b", None, "7")]
    assert rows.elements == [{"name": "a"}, 5, {"version": 7, "name": "b"}]
    assert not rows.told_apart


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-(2**63) - 1, 2**63), st.floats(), st.text()
)


@pytest.mark.parametrize("kind", [None, "integer", "real", "text"])
@pytest.mark.parametrize("declared", ["TEXT", "INTEGER", "REAL", "BLOB"])
@given(values=st.one_of(st.lists(CELLS), st.lists(st.integers(2**62, 2**64)), st.lists(st.floats())))
def test_a_column_has_the_cells_of_its_values(kind: str | None, declared: str, values: list[Any]) -> None:
    one_by_one = [cell(kind, declared, value) for value in values]
    found = column(kind, declared, values)
    assert list(map(repr, found)) == list(map(repr, one_by_one))
