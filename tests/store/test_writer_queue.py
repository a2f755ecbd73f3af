"""Who goes first at the writer: requests before batches, and neither waits for ever."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from kanade_host.store import queue
from kanade_host.store.queue import BATCH_PATIENCE, Job, JobQueue


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(queue, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


def job(clock: Clock, *, urgent: bool) -> Job:
    future = asyncio.get_running_loop().create_future()
    return Job("o", lambda _: None, urgent, 2.0, future, queued_at=clock.now)


async def test_a_batch_that_has_waited_goes_before_requests(clock: Clock) -> None:
    found = JobQueue()
    found.put(job(clock, urgent=False))
    found.put(job(clock, urgent=True))
    found.put(job(clock, urgent=True))
    assert found.following(urgent_only=False).urgent  # type: ignore[union-attr]
    clock.now += BATCH_PATIENCE
    assert not found.following(urgent_only=False).urgent  # type: ignore[union-attr]


async def test_requests_go_between_batches_that_have_all_waited(clock: Clock) -> None:
    """Several projections read backlogs: whatever stands in front has waited for long."""
    found = JobQueue()
    for _ in range(12):
        found.put(job(clock, urgent=False))
    clock.now += 10 * BATCH_PATIENCE
    given = []
    for _ in range(20):
        found.put(job(clock, urgent=True))
        found.put(job(clock, urgent=False))
        one = found.following(urgent_only=False)
        assert one is not None
        given.append(one.urgent)
        clock.now += BATCH_PATIENCE / 4
    assert given[:10] == [False, True, True, True] * 2 + [False, True]
    assert given.count(False) == 5, "and batches go, too"
