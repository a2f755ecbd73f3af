"""What differs between two scans of a PC: only that is compared and written, and nothing else is missed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from kanade_host_inventory.derived import Table
from kanade_host_inventory.elements import Cells, compared, difference, events, rows_of
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
        before: dict[int, Cells] = {number: row.cells for number, row in enumerate(old, 1)}
        gone, new = difference(before, after)
        assert list(events(spec, *compared(spec, table, before, after, gone, new))) == list(
            events(spec, list(before.values()), after)
        )
        kept = [cells for number, cells in before.items() if number not in gone]
        left = sorted(map(str, [*kept, *(row.cells for row in new)]))
        assert left == sorted(str(row.cells) for row in after), "the table would hold something else"


def test_rows_that_are_alike_are_counted() -> None:
    """Without a key there may be several; each stands for one element."""
    spec, table = spec_of("name", "source"), table_of("name", "source")
    twice = rows_of(spec, table, [{"version": "1"}, {"version": "1"}])
    assert len(twice) == 2
    before = {1: twice[0].cells}
    assert difference(before, twice) == ([], [twice[1]])
    assert difference({1: twice[0].cells, 2: twice[0].cells}, twice[:1]) == ([1], [])
