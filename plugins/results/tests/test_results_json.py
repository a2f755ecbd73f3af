"""The JSON that SQLite writes of results is what we would write of them ourselves."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from kanade_host_results import results_read

from kanade_host.plugin import encode

TEXTS = [
    "",
    "plain",
    "日本語 ✓ 🎉 \u2028 \u2029 \x7f \x85",
    'quotes " and \\ and / and </script>',
    "".join(chr(code) for code in range(1, 32)),
    "null",
    '{"a": 1}',
    "1.5",
]
TIMES = [
    "2026-11-23T10:00:00+00:00",
    "2026-11-23T10:00:00.123456789+00:00",
    None,
]
OTHER_TIMES = ["2026-11-23 10:00:00", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00+09:00", 1763892000, ""]


class Ctx:
    """A context that reads that file."""

    def __init__(self, file: Any) -> None:
        self._file = file

    async def query(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        found: list[Any] = self._file.execute(sql, values).fetchall()
        return found


@pytest.fixture
def ctx(file: Any) -> Any:
    return Ctx(file)


def add(file: Any, number: int, chance: random.Random, times: Sequence[Any], **fixed: Any) -> None:
    """A row with that row number."""
    row = {
        "rowid": number,
        "result_id": f"{chance.choice(TEXTS)}{number}",
        "exit_code": chance.choice([0, -1, 2**31, None]),
        "started_at": chance.choice([time for time in times if time is not None]),
        "finished_at": chance.choice(times),
        "recorded_at": "2026-11-23 10:00:00",
    }
    row |= {name: chance.choice(TEXTS) for name in ("request_id", "pc_id", "stdout", "stderr")}
    row |= {name: chance.choice([None, *TEXTS]) for name in ("exec_id", "job_id", "version")} | fixed
    marks = ", ".join("?" * len(row))
    file.execute(f"INSERT INTO execution_results ({', '.join(row)}) VALUES ({marks})", list(row.values()))


@pytest.mark.parametrize("times", [TIMES, [*TIMES, *OTHER_TIMES]], ids=["as we store them", "of any form"])
@pytest.mark.parametrize("characters", [3, 400])
async def test_as_we_would_write_it(file: Any, ctx: Any, times: list[Any], characters: int) -> None:
    chance = random.Random(1)
    for number in range(1, 200):
        add(file, number, chance, times)
    numbers = chance.sample(range(1, 220), 150)  # in any order, and some are gone
    found = await results_read.as_json(ctx, numbers, characters)
    assert found == encode(await results_read.by_number(ctx, numbers, characters))


async def test_none_are_an_empty_list(ctx: Any) -> None:
    assert await results_read.as_json(ctx, [], 10) == b"[]"


async def test_a_time_of_another_form_is_read_as_before(file: Any, ctx: Any) -> None:
    """And is not null, which SQLite would have made of it."""
    add(file, 1, random.Random(1), TIMES, started_at="2026-11-23 10:00:00", finished_at=None)
    assert b'"started_at":"2026-11-23T10:00:00Z","finished_at":null' in await results_read.as_json(
        ctx, [1], 10
    )


@pytest.mark.parametrize(
    ("name", "stored", "shown"),
    [
        ("exit_code", float("inf"), None),
        ("exit_code", float("-inf"), None),
        ("exit_code", -(2**63), -(2**63)),
        ("exit_code", b"\x01", "AQ=="),
        ("stdout", b"\x01", "AQ=="),
        ("version", b"\x01", "AQ=="),
    ],
    ids=["infinity", "minus infinity", "the least integer", "bytes for a number", "bytes cut short", "bytes"],
)
async def test_what_sqlite_makes_no_json_of_is_written_by_us(
    file: Any, ctx: Any, name: str, stored: object, shown: object
) -> None:
    add(file, 1, random.Random(1), TIMES, **{name: stored})
    add(file, 2, random.Random(1), TIMES)
    found = await results_read.as_json(ctx, [1, 2], 10)
    assert found == encode(await results_read.by_number(ctx, [1, 2], 10))
    assert json.loads(found)[0][name] == shown


@pytest.mark.parametrize("name", ["result_id", "stdout", "job_id"])
async def test_a_text_that_is_no_utf8_is_shown_with_a_mark_in_its_place(
    file: Any, ctx: Any, name: str
) -> None:
    add(file, 1, random.Random(1), TIMES)
    file.execute(f"UPDATE execution_results SET {name} = CAST(x'61e3226280' AS TEXT)")
    found = json.loads(await results_read.as_json(ctx, [1], 10))
    assert found[0][name] == 'a\ufffd"b\ufffd'


def test_each_row_is_looked_up_by_its_number_in_the_order_given(file: Any) -> None:
    plan = [row["detail"] for row in file.execute(f"EXPLAIN QUERY PLAN {results_read.JSON}", [1, 1, "[]"])]
    assert plan[0].startswith("SCAN n VIRTUAL TABLE"), plan
    assert plan[1] == "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)", plan
    assert len(plan) == 2, plan
