"""Lists that are kept ready say what the samples say, whatever comes, leaves, moves or goes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kanade_host_perf import busiest
from kanade_host_perf.busiest import Busiest
from kanade_host_perf.messages import HostPerf
from kanade_host_perf.rollups import LIVE_ROWS, NEWEST, add
from kanade_host_perf.settings import PerfSettings
from perf_tables import PerfTables

from kanade_host.plugin import Instant

BASE = Instant.parse("2026-11-23T10:37:30Z")
HOUR, DAY = 3_600, 86_400
TRUE = (
    "SELECT pc_id, avg(cpu_pct) FROM host_perf_samples WHERE at > ? AND cpu_pct IS NOT NULL"
    " GROUP BY pc_id ORDER BY 2 DESC, pc_id LIMIT ?"
)


class World(PerfTables):
    """Stands for the context too: its clock, its settings, its readers."""

    def __init__(self, settings: PerfSettings | None = None) -> None:
        super().__init__()
        self.clock, self.settings = self, settings or PerfSettings()
        self.time, self.asked = BASE, list[str]()
        self.lists = Busiest(self)  # type: ignore[arg-type]

    def now(self) -> Instant:
        return self.time

    async def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        self.asked.append(sql)
        await asyncio.sleep(0)
        return self.execute(sql, parameters).fetchall()

    def goes(self, seconds: float) -> None:
        self.time += seconds

    def sample(self, pc: str, ago: float, cpu: float | None) -> HostPerf:
        return HostPerf(pc, self.time - ago, cpu_pct=cpu)

    async def check(self, seconds: int, limit: int = 3) -> None:
        found = await self.lists.top("cpu_pct", seconds, limit)
        assert found == self.execute(TRUE, ((self.time - seconds).stored, limit)).fetchall()

    def whole_reads(self) -> int:
        """How often all sums of a time were read."""
        return sum("GROUP BY +pc_id" in sql for sql in self.asked)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with closing(made.db):
        yield made


LASTING = (60, 300, HOUR, HOUR + 7, DAY)
pcs = st.sampled_from(["pc-0", "pc-1", "pc-2", "pc-3"])
# Around the beginnings of the times that are asked for, and now.
ago = st.builds(int.__add__, st.sampled_from([0, *LASTING]), st.integers(-70, 70))
# Whole numbers add up without rounding, so that equal averages are equal.
samples = st.lists(st.tuples(pcs, ago, st.none() | st.integers(0, 100).map(float)), max_size=12)
steps = st.one_of(
    st.tuples(st.just("samples"), samples),
    st.tuples(st.just("time"), st.sampled_from([1, 7, 59, 60, 61, 300, -30, HOUR])),
    st.tuples(st.just("of others"), samples),
    st.tuples(st.just("new id"), st.tuples(pcs, pcs)),
    st.tuples(st.just("newest goes"), st.none()),
    st.tuples(st.just("refresh"), st.none()),
)
OTHERS = "INSERT OR IGNORE INTO host_perf_samples (pc_id, at, cpu_pct) VALUES (?, ?, ?)"


async def do(world: World, what: str, how: Any) -> None:
    if what == "samples":
        world.feed([world.sample(*one) for one in how])
    elif what == "time":
        world.time += how
    elif what == "of others":
        world.executemany(OTHERS, [(pc, (world.time - ago).stored, cpu) for pc, ago, cpu in how])
    elif what == "new id":
        with world.lists.doubted():
            world.execute("UPDATE OR REPLACE host_perf_samples SET pc_id = ? WHERE pc_id = ?", how[::-1])
            made_anew(world)
    elif what == "newest goes":
        world.execute(
            "DELETE FROM host_perf_samples WHERE rowid = (SELECT max(rowid) FROM host_perf_samples)"
        )
        made_anew(world)
    else:
        await world.lists.refresh()


def made_anew(world: World) -> None:
    """The sums in the tables, which are not what is tested here."""
    world.execute("DELETE FROM perf_host_rollups")
    world.execute("DELETE FROM perf_fleet_rollups")
    world.execute("UPDATE perf_rolled SET last = 0")
    while add(world, LIVE_ROWS):  # type: ignore[arg-type]
        pass


@settings(max_examples=100, deadline=None)
@given(story=st.lists(st.tuples(steps, st.lists(st.sampled_from(LASTING), max_size=3)), max_size=14))
def test_answers_are_those_of_the_samples(story: Sequence[Any]) -> None:
    async def tell(world: World) -> None:
        for (what, how), asked in story:
            await do(world, what, how)
            for seconds in asked:
                await world.check(seconds)

    made = World()
    with closing(made.db):
        asyncio.run(tell(made))


async def test_only_what_came_and_left_is_read_again(world: World) -> None:
    world.feed([world.sample(f"pc-{n}", HOUR - n, float(n)) for n in range(20)])
    for _ in range(10):
        await world.check(HOUR)
        world.time += 3
        world.feed([world.sample("late", 900, 7.0), world.sample("new", 0, 50.0)])
    assert world.whole_reads() == 1
    world.time += busiest.MOST_BEHIND + 1  # nobody asked: reading everything is cheaper now
    await world.check(HOUR)
    assert world.whole_reads() == 2


AMISS = {
    "the clock goes back": lambda world: world.goes(-40),
    "the clock goes forward by hours": lambda world: world.goes(3 * HOUR),
    "a late sample": lambda world: world.feed([world.sample("pc-1", HOUR - 5, 90.0)]),
    "a sample that is too old by now": lambda world: (
        world.goes(20),
        world.feed([world.sample("pc-1", HOUR + 5, 90.0)]),
    ),
    "a sample of the future": lambda world: world.feed([world.sample("pc-1", -900, 90.0)]),
    "a repeated sample": lambda world: world.feed([world.sample("pc-1", 0, 99.0)]),
    "samples of others": lambda world: world.executemany(
        OTHERS, [("pc-1", (world.time - n).stored, 90.0) for n in range(1, 9)]
    ),
    "a row number that is given out again": lambda world: (
        world.execute(f"DELETE FROM host_perf_samples WHERE rowid = ({NEWEST})"),
        made_anew(world),
        world.feed([world.sample("pc-1", 100, 90.0), world.sample("pc-1", 101, 80.0)]),
    ),
    "a sample sent again with another value": lambda world: (
        world.execute(f"DELETE FROM host_perf_samples WHERE rowid = ({NEWEST})"),
        made_anew(world),
        world.feed([world.sample("pc-1", 0, 70.0)]),
    ),
    "no sample is left": lambda world: (world.execute("DELETE FROM host_perf_samples"), made_anew(world)),
}


@pytest.mark.parametrize("what", AMISS)
async def test_what_is_not_a_newer_sample(world: World, what: str) -> None:
    """Each right after the list was made, and once more after it went on."""
    world.feed([world.sample(f"pc-{n % 3}", HOUR + 60 - 10 * n, float(n)) for n in range(12)])
    world.feed([world.sample("pc-1", 0, 10.0)])
    await world.check(HOUR)
    AMISS[what](world)
    await world.check(HOUR)
    world.goes(10)
    world.feed([world.sample("pc-2", 0, 5.0)])
    await world.check(HOUR)


async def test_several_ask_at_once(world: World) -> None:
    world.feed([world.sample(f"pc-{n}", 60, float(n)) for n in range(9)])
    await world.check(HOUR)
    for _ in range(5):
        world.time += 10
        world.feed([world.sample("pc-1", 0, 100.0)])
        await asyncio.gather(*(world.check(HOUR, limit) for limit in range(1, 9)))
    assert world.whole_reads() == 1


async def test_an_ask_that_is_given_up_spoils_nothing(world: World) -> None:
    world.feed([world.sample(f"pc-{n}", HOUR - 2 * n, float(n)) for n in range(1, 9)])
    await world.check(HOUR)
    for turns in range(5):
        world.time += 2
        world.feed([world.sample("pc-1", 0, 90.0)])
        asking = asyncio.ensure_future(world.lists.top("cpu_pct", HOUR, 3))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await world.check(HOUR)


async def test_while_a_pc_gets_another_id_the_database_is_asked(world: World) -> None:
    world.feed([world.sample("old", 60, 50.0), world.sample("new", 60, 10.0)])
    await world.check(HOUR)
    read = world.whole_reads()
    with world.lists.doubted():
        await world.check(HOUR)
        await world.check(HOUR)
        assert world.whole_reads() == read + 2
    await world.check(HOUR)
    await world.check(HOUR)
    assert world.whole_reads() == read + 3


async def test_the_sums_are_read_anew_now_and_then(world: World) -> None:
    """Somebody changed a sample, which no row number tells."""
    world.feed([world.sample("pc-1", 0, 50.0), world.sample("pc-2", 0, 10.0)])
    await world.check(300)
    world.execute("UPDATE host_perf_samples SET cpu_pct = 20.0 WHERE pc_id = 'pc-1'")
    for _ in range(busiest.RENEWED_SECONDS // 30 + 1):
        world.time += 30
        world.feed([world.sample("pc-2", 0, 10.0)])
        world.execute("UPDATE host_perf_samples SET at = ? WHERE pc_id = 'pc-1'", (world.time.stored,))
        await world.lists.refresh()
    await world.check(300)


async def test_more_pcs_than_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busiest, "MOST_PCS", 5)
    world.feed([world.sample(f"pc-{n}", 60, float(n)) for n in range(9)])
    for _ in range(4):
        await world.check(HOUR)
        world.time += 1
    assert not world.lists._slots


async def test_how_many_lists_are_kept_and_for_how_long(world: World) -> None:
    world.feed([world.sample("pc-1", 60, 1.0)])
    for seconds in range(100, 100 + 2 * busiest.MOST_LISTS):
        world.time += 1
        await world.check(seconds)
    assert len(world.lists._lists) == busiest.MOST_LISTS
    world.time += busiest.KEPT_SECONDS + 1
    await world.lists.refresh()
    assert not world.lists._lists


@pytest.mark.parametrize(
    ("days", "seconds", "reads"), [(1, DAY, 5), (1, HOUR, 1), (30, DAY, 1), (30, DAY + 1, 5)]
)
async def test_times_that_are_kept_end_before_samples_do(days: int, seconds: int, reads: int) -> None:
    world = World(PerfSettings(keep_host_days=days))
    with closing(world.db):
        world.feed([world.sample("pc-1", 60, 1.0)])
        for _ in range(5):
            await world.check(seconds)
        assert world.whole_reads() == reads


@pytest.mark.kanade(plugins=["perf"])
async def test_a_list_follows_what_is_published(host: Any) -> None:
    path = "/api/perf/top?window={}&limit=2"
    for n in range(4):
        for pc, cpu in (("pc-1", 10.0 + 10 * n), ("pc-2", 20.0)):
            body = {"pc_id": pc, "at": host.clock.now().wire, "cpu_pct": cpu}
            await host.publish(f"host_perf.{pc}", body)
        await host.settle()
        host.clock.advance(20.0)
        for window in ("5m", "1h", "1d"):
            rows = (await host.get(path.format(window))).json()["rows"]
            values = {row["pc_id"]: row["value"] for row in rows}
            assert values == {"pc-1": 10.0 + 5 * n, "pc-2": 20.0}, window
