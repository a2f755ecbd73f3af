"""`./run bench` prints a table that can be trusted: known keys, ratios that are better above 1."""

from __future__ import annotations

import json

import pytest
from bench import table
from bench.run import PATHS, STREAMS


def test_every_figure_has_its_row() -> None:
    rows = {row.key for row in table.ROWS}
    assert len(rows) == len(table.ROWS)
    assert {*STREAMS, *PATHS, *(f"{path}+writes" for path in PATHS)} <= rows
    assert set(json.loads(table.RECORDED.read_text())["figures"]) <= rows


@pytest.mark.parametrize(
    ("key", "now", "then", "ratio"),
    [("results", 200.0, 100.0, "2.00"), ("memory", 100.0, 200.0, "2.00"), ("latency_p50", 8.0, 4.0, "0.50")],
)
def test_a_ratio_above_one_is_better(key: str, now: float, then: float, ratio: str) -> None:
    *_, line = table.lines({key: now}, {"figures": {key: then}})
    assert line.endswith(f"| {ratio} |")


def test_the_first_time_there_is_nothing_to_compare_with() -> None:
    *_, line = table.lines({"results": 12_345.6}, {})
    assert line == "| results with counters | messages/s | 670 | \u2265 25,000 | 12,346 |  |"
