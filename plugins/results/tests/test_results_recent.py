"""The remembered lists of a PC are what a search would find, whatever comes in between."""

from __future__ import annotations

import random
from typing import Any

import pytest
from kanade_host_results.pc_records import ResultRecords
from kanade_host_results.recent import Growth, Recent

from kanade_host.plugin import StoreUnavailable
from kanade_host.plugin.testing.clock import MovableClock

AT = "2026-11-23T10:00:00Z"


@pytest.mark.parametrize("seed", range(20))
def test_the_oldest_moment_since_any_step(seed: int) -> None:
    chance = random.Random(seed)
    growth, lows = Growth(), [""]
    for _ in range(60):
        low = f"2026-11-23 10:00:{chance.randrange(20):02d}"
        growth.note(low)
        lows.append(low)
        step = chance.randrange(len(lows))
        later = lows[step + 1 :]
        assert growth.since(step) == (min(later) if later else None)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_forgotten_of_it_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("kanade_host_results.recent._STEPS", 5)
    chance = random.Random(seed)
    growth, lows = Growth(), [""]
    for second in range(60):
        low = f"2026-11-23 10:00:{max(second - chance.randrange(3), 0):02d}"
        growth.note(low)
        lows.append(low)
        for step in range(second + 1):
            found = growth.since(step)
            assert found is not None
            assert found <= min(lows[step + 1 :]), f"as of step {step} of {second + 1}"
        assert growth.since(second + 1) is None
    assert len(growth._lows) <= 5


def test_void_means_everything() -> None:
    growth = Growth()
    growth.note("2026-11-23 10:00:00")
    growth.note("")
    assert growth.since(0) == ""
    assert growth.since(2) is None


def test_few_lists_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kanade_host_results.recent.WORDS", 3)
    recent = Recent()
    for number in range(10):
        recent.complete(f"pc-{number}", 50, "", None, 0, [(number, "2026-11-23 10:00:00")])
    assert [word for word, _ in recent._held] == ["pc-7", "pc-8", "pc-9"]


def result(number: int, pc: str, **more: Any) -> dict[str, Any]:
    own = {"result_id": f"r{number}", "request_id": f"q{number}", "pc_id": pc, "exec_id": "e"}
    rest = {"exit_code": 0, "stdout": "", "stderr": "", "started_at": AT, "finished_at": AT}
    return own | rest | {"manifest_id": "job"} | more


async def listed(host: Any, word: str, limit: int = 5) -> list[str]:
    rows = (await host.get(f"/api/results?limit={limit}&pc_id={word}")).json()
    return [row["result_id"] for row in rows]


async def searched(host: Any, word: str, limit: int = 5) -> list[str]:
    rows = await host.rows(
        "SELECT result_id FROM execution_results WHERE instr(pc_id, ?)"
        " ORDER BY recorded_at DESC, rowid LIMIT ?",
        (word, limit),
    )
    return [row["result_id"] for row in rows]


@pytest.mark.kanade(plugins=["results"])
async def test_lists_are_those_of_a_search_whatever_comes_in_between(host: Any) -> None:
    chance = random.Random(7)
    words = ["pc-1", "pc-2", "pc-", "nowhere"]
    for number in range(60):
        pc = f"pc-{chance.randrange(4)}"
        if chance.random() < 0.5:
            body = result(number, pc)
            own = ("result_id", "request_id", "exec_id", "pc_id", "started_at", "manifest_id")
            await host.publish(f"events.started.e.{pc}", {key: body[key] for key in own} | {"version": "1"})
        if chance.random() < 0.7:
            await host.publish(f"results.q{number}", result(number, pc))
        await host.settle()
        for word in words:
            assert await listed(host, word) == await searched(host, word), (number, word)


@pytest.mark.kanade(plugins=["results"], settings={"results": {"keep_results_days": 31}})
async def test_deleted_rows_are_not_shown(host: Any) -> None:
    for number in range(5):
        await host.publish(f"results.q{number}", result(number, "pc-1"))
    await host.settle()
    assert len(await listed(host, "pc-1")) == 5
    clock: MovableClock = host.clock
    clock.advance(40 * 86_400)
    module = host.running.app.running["results"]
    from kanade_host_results.sweeps import sweep

    await sweep(module.ctx)
    assert await listed(host, "pc-1") == []


@pytest.mark.kanade(plugins=["results"])
async def test_a_rebuild_makes_them_void(host: Any) -> None:
    for number in range(5):
        await host.publish(f"results.q{number}", result(number, "pc-1"))
    await host.settle()
    before = await listed(host, "pc-1")

    def damage(tx: Any) -> None:
        tx.execute("UPDATE execution_results SET rowid = rowid + 100")

    await host.running.app.store.writer.run("host", damage)
    assert (await host.post("/api/rebuilds/results", json={})).status == 202

    async def ended() -> bool:
        return bool((await host.get("/api/rebuilds")).json()["rebuilds"][-1]["state"] == "done")

    await host.until(ended, what="the rebuild to end")
    assert await listed(host, "pc-1") == before


@pytest.mark.kanade(plugins=["results"])
async def test_a_move_that_ends_midway_makes_them_void(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of four rows have gone to the other id, and the database is locked: neither list is as it was."""
    monkeypatch.setattr("kanade_host.plugin.moving.CHUNK", 2)
    for number in range(4):
        await host.publish(f"results.q{number}", result(number, "old"))
    await host.publish("results.q4", result(4, "new"))
    await host.settle()
    assert (len(await listed(host, "old")), len(await listed(host, "new"))) == (4, 1)
    ctx = host.running.app.running["results"].ctx
    with pytest.raises(StoreUnavailable):
        await ResultRecords(LockedAfter(ctx, writes=2)).move("old", "new")
    for word, count in (("old", 2), ("new", 3)):
        assert await listed(host, word) == await searched(host, word)
        assert len(await listed(host, word)) == count


class LockedAfter:
    """A plugin's context; after so many writes one finds the database locked, and the next ones do not."""

    def __init__(self, ctx: Any, writes: int) -> None:
        self._ctx, self.query, self._left = ctx, ctx.query, writes

    async def write(self, work: Any) -> Any:
        self._left -= 1
        if self._left == -1:
            raise StoreUnavailable("the database is locked")
        return await self._ctx.write(work)
