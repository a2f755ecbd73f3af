"""Retention in parts: each is about as large as holds the writer briefly, and all of it is done."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin.retention import FIRST, LEAST, MOST, PART_SECONDS, following, in_parts


class Store:
    """So many things to do; each takes so long, by a clock of its own."""

    def __init__(self, things: int, each: float) -> None:
        self.things, self.each, self.now = things, each, 0.0
        self.parts: list[int] = []

    async def write(self, work: Any) -> Any:
        return work(self)

    def step(self, _: Any, most: int) -> int:
        done = min(most, self.things)
        self.things -= done
        self.now += done * self.each
        self.parts.append(done)
        return done


@pytest.mark.parametrize("each", [1e-6, 1e-4, 2e-3, 0.02])
async def test_parts_fit_the_time(each: float, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(20_000, each)
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr("time.perf_counter", lambda: store.now)
    monkeypatch.setattr("asyncio.sleep", pause)
    assert await in_parts(store, store.step) == 20_000  # type: ignore[arg-type]
    assert store.things == 0
    longest = max(done * each for done in store.parts[1:])
    assert longest <= max(PART_SECONDS, LEAST * each) + 1e-9
    assert len(store.parts) <= 20_000 / max(LEAST, min(MOST, PART_SECONDS / each)) + 10
    assert sum(paused) == pytest.approx(sum(min(done * each, 1.0) for done in store.parts[:-1]))


def test_the_next_part() -> None:
    assert following(FIRST, 0.0) == 2 * FIRST
    assert following(FIRST, PART_SECONDS) == FIRST
    assert following(FIRST, 4 * PART_SECONDS) == FIRST // 4
    assert following(MOST, 0.0) == MOST
    assert following(LEAST, 10.0) == LEAST
