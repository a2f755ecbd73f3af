"""Sums give the answers that the samples give, whatever comes late, twice, or past this plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kanade_host_perf import rollups
from kanade_host_perf.fleet import series_statement
from kanade_host_perf.messages import HostPerf
from kanade_host_perf.moving import ADD, BUCKETS, DELETE
from kanade_host_perf.one_pc import host_statement, host_values
from kanade_host_perf.pieces import Piece, bounds, fitting, pieces
from kanade_host_perf.ranking import changes_statement, state_statement, top_statement, totals_statement
from kanade_host_perf.rollups import FLEET_WIDTHS, HOST_WIDTHS
from kanade_host_perf.settings import PerfSettings
from kanade_host_perf.sweep import kept, sums_statement
from perf_tables import PerfTables

from kanade_host.plugin import Instant

BASE = Instant.parse("2026-11-23T10:00:00Z")
NS = 1_000_000_000


class File(PerfTables):
    """With what charts and lists ask."""

    def series(self, asked: tuple[Instant, Instant, int], aggregate: str, widths: Sequence[int]) -> list[Any]:
        start, end, step = asked
        parts = pieces(start, end, fitting(step, widths))
        values = [value for part in parts for value in (step, step, *bounds(part))]
        return self.db.execute(series_statement("cpu_pct", aggregate, parts), values).fetchall()

    def host(self, asked: tuple[Instant, Instant, int], widths: Sequence[int]) -> list[Any]:
        start, end, step = asked
        parts = pieces(start, end, fitting(step, widths))
        return self.db.execute(host_statement(parts), host_values(parts, step, "pc-0")).fetchall()

    def top(self, start: Instant, end: Instant, widths: Sequence[int]) -> list[Any]:
        parts = pieces(start, end, widths)
        values = [value for part in parts for value in bounds(part)]
        return self.db.execute(top_statement("cpu_pct", parts), (*values, 50)).fetchall()


@pytest.fixture
def file() -> Iterator[File]:
    made = File()
    with closing(made.db):
        yield made


def same(one: Sequence[Any], other: Sequence[Any]) -> None:
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        assert list(left) == pytest.approx(list(right), nan_ok=True)


milliseconds = st.integers(-2 * 3_600_000, 5 * 3_600_000)
sample = st.builds(
    HostPerf,
    pc_id=st.sampled_from(["pc-0", "pc-1", "pc-2"]),
    at=milliseconds.map(lambda ms: BASE + ms / 1000),
    cpu_pct=st.none() | st.floats(0, 100),
    mem_used_bytes=st.none() | st.integers(0, 2**40),
)
moment = st.one_of(
    milliseconds.map(lambda ms: BASE + ms / 1000), st.integers(-2, 5).map(lambda h: BASE + h * 3600)
)
step = st.sampled_from([1, 7, 10, 60, 90, 300, 900, 3_600, 5_400, 7_200])


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(sample, max_size=30), max_size=4), ends=st.tuples(moment, moment), step=step)
def test_sums_and_samples_agree(batches: Any, ends: tuple[Instant, Instant], step: int) -> None:
    file = File()
    with closing(file.db):
        for batch in batches:
            file.feed(batch)
            file.feed(batch[:2])  # again: nothing counts twice
        assert file.execute(rollups.BEHIND).fetchone() == (0,)
        start, end = min(ends), max(ends)
        for aggregate in ("avg", "max"):
            same(
                file.series((start, end, step), aggregate, FLEET_WIDTHS),
                file.series((start, end, step), aggregate, ()),
            )
        same(file.host((start, end, step), HOST_WIDTHS), file.host((start, end, step), ()))
        if start < end:
            same(sorted(file.top(start, end, HOST_WIDTHS)), sorted(file.top(start, end, ())))


@given(
    start=st.integers(0, 10**6),
    length=st.integers(0, 10**6),
    widths=st.sampled_from([(), (300,), (3_600, 60, 10)]),
)
def test_pieces_are_the_whole_range_once(start: int, length: int, widths: tuple[int, ...]) -> None:
    begin, end = Instant.from_ns(start * NS // 7), Instant.from_ns((start + length) * NS // 7)
    at = begin
    for piece in pieces(begin, end, widths):
        assert piece.start == at
        assert piece.start < piece.end
        if piece.width is not None:
            assert piece.start.ns % (piece.width * NS) == piece.end.ns % (piece.width * NS) == 0
        at = piece.end
    assert at == end


def test_rows_of_others_are_added_once(file: File) -> None:
    """An existing installation; later, kanade-backend had the file for a while."""
    others = "INSERT INTO host_perf_samples (pc_id, at, cpu_pct) VALUES (?, ?, 1.0)"
    file.executemany(others, [("pc-1", (BASE + n).stored) for n in range(10_000)])
    file.feed([HostPerf("pc-1", BASE - 60, cpu_pct=1.0)])
    assert file.execute(rollups.BEHIND).fetchone() == (1,)
    while rollups.add(file, 3_000):  # type: ignore[arg-type]
        pass
    file.executemany(others, [("pc-1", (BASE + 20_000).stored)])
    file.feed([HostPerf("pc-1", BASE + 20_001, cpu_pct=1.0)])
    sums = "SELECT width, sum(n_cpu_pct), sum(s_cpu_pct) FROM {} GROUP BY width"
    for table, widths in (("perf_host_rollups", HOST_WIDTHS), ("perf_fleet_rollups", FLEET_WIDTHS)):
        found = file.execute(sums.format(table)).fetchall()
        assert found == [(width, 10_003, 10_003.0) for width in sorted(widths)]


def test_numbers_that_are_given_out_again(file: File) -> None:
    """All samples were too old and went; the next ones begin at row number 1."""
    file.feed([HostPerf("pc-1", BASE + n, cpu_pct=1.0) for n in range(50)])
    file.execute("DELETE FROM host_perf_samples")
    file.feed([HostPerf("pc-1", BASE + 100 + n, cpu_pct=1.0) for n in range(3)])
    total = "SELECT sum(n_cpu_pct) FROM perf_fleet_rollups WHERE width = 60"
    assert file.execute(total).fetchone() == (53,)


def test_sums_are_kept_as_long_as_the_settings_say(file: File) -> None:
    file.feed([HostPerf(f"pc-{n}", BASE + hour * 3_600, cpu_pct=1.0) for hour in range(10) for n in range(3)])
    end = BASE.ns // NS + 5 * 3_600
    for table, width, _ in kept(PerfSettings()):
        file.execute(sums_statement(table), (width, width, end - width, 100))
        oldest = file.execute(f"SELECT min(bucket) FROM {table} WHERE width = ?", (width,)).fetchone()[0]
        assert oldest == end, (table, width)


def test_no_answer_walks_a_table(file: File) -> None:
    """Each piece is a range of an index; the rest is what came out of those."""
    every = [Piece(width, BASE, BASE + 3_600) for width in (None, *FLEET_WIDTHS)]
    of_hosts = [Piece(width, BASE, BASE + 3_600) for width in (None, *HOST_WIDTHS)]
    statements = [
        series_statement("cpu_pct", "avg", every),
        top_statement("cpu_pct", of_hosts),
        totals_statement("cpu_pct", of_hosts),
        changes_statement("cpu_pct"),
        state_statement("cpu_pct"),
        host_statement(of_hosts),
        rollups.BEHIND,
        BUCKETS.replace("?1", "?").replace("?2", "?"),
        ADD,
        DELETE,
        *rollups.ADDING,
        sums_statement("perf_host_rollups"),
        sums_statement("perf_fleet_rollups"),
    ]
    tables = ("host_perf_samples", "perf_host_rollups", "perf_fleet_rollups", " r")
    for sql in statements:
        plan = file.execute("EXPLAIN QUERY PLAN " + sql, ["1"] * sql.count("?")).fetchall()
        walked = [step[3] for step in plan if step[3].startswith("SCAN") and step[3].endswith(tables)]
        assert not walked, (sql, plan)


@pytest.mark.kanade(plugins=["perf"], start=False)
async def test_samples_that_lay_there_are_in_the_answers(host: Any) -> None:
    await host.start()
    await host.stop()
    for n in range(3):
        sql = "INSERT INTO host_perf_samples (pc_id, at, cpu_pct) VALUES ('pc-1', ?, ?)"
        await host.change(sql, ((BASE + n * 60).stored, 10.0 * n))
    await host.start()

    async def in_step() -> bool:
        return [row[0] for row in await host.rows(rollups.BEHIND)] == [0]

    await host.until(in_step)
    path = "/api/perf/fleet?from=2026-11-23T10:00:00Z&to=2026-11-23T11:00:00Z&step=1h"
    assert [one["value"] for one in (await host.get(path)).json()["points"]] == [10.0]
    assert (await host.rows("SELECT sum(n_cpu_pct) FROM perf_host_rollups WHERE width = 300"))[0][0] == 3


@pytest.mark.kanade(plugins=["perf"])
async def test_a_pc_with_a_new_id_keeps_its_sums(host: Any) -> None:
    from kanade_host_perf.pc_records import PerfRecords

    for pc, minutes, cpu in (("old", 1, 10.0), ("new", 2, 30.0), ("old", 61, 50.0), ("other", 1, 70.0)):
        await host.publish(f"host_perf.{pc}", {"pc_id": pc, "at": (BASE + minutes * 60).wire, "cpu_pct": cpu})
    await host.settle()
    rows, refused = await PerfRecords(host.running.app.running["perf"].ctx).move("old", "new")
    assert (rows, refused) == (2, [])
    path = "/api/agents/{}/perf?from=2026-11-23T10:00:00Z&to=2026-11-23T12:00:00Z&step=1h"
    points = (await host.get(path.format("new"))).json()["points"]
    assert [point["cpu_pct"] for point in points] == [20.0, 50.0]
    assert (await host.get(path.format("old"))).json()["points"] == []
    assert len(await host.rows("SELECT 1 FROM perf_host_rollups")) == 6
