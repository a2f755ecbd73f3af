"""Look-ups for a batch that has to wait end with it: what tries again begins them anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from kanade_host_inventory import preparing
from kanade_host_inventory.hints import Held, Hint
from kanade_host_inventory.messages import ExecResult

from kanade_host.plugin import BrokerUnavailable, Instant, Message, Meta, ResourceMissing, Retry

AT = Instant.parse("2026-11-23T10:00:00Z")
HINT = Hint("[]", None, (), ())


class Slow:
    """Hints and objects of a broker that answers the first question with an error, and no other."""

    def __init__(self, error: Exception) -> None:
        self.error, self.asked = error, 0

    async def answer(self) -> Any:
        self.asked += 1
        if self.asked == 1:
            await asyncio.sleep(0)
            raise self.error
        await asyncio.Event().wait()

    async def find(self, key: str) -> Held | None:
        return await self.answer()  # type: ignore[no-any-return]


class Known:
    async def find(self, key: str) -> Held | None:
        return Held(b"", None, HINT, None, None)


def batch(count: int) -> Sequence[Message[ExecResult]]:
    return [
        Message(
            ExecResult("q", f"pc-{n}", 0, "", "", AT, AT, f"r{n}", None, f"job-{n}", f"object-{n}"),
            Meta("results.q", n + 1, AT),
        )
        for n in range(count)
    ]


def others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error, raised", [(BrokerUnavailable("x"), BrokerUnavailable), (ResourceMissing("x"), Retry)]
)
async def test_of_jobs(monkeypatch: pytest.MonkeyPatch, error: Exception, raised: type[Exception]) -> None:
    monkeypatch.setattr(preparing, "hints_of", lambda _: Slow(error))
    before = others()
    with pytest.raises(raised):
        await preparing.prepare(None, batch(40))  # type: ignore[arg-type]
    assert others() == before


async def test_of_output(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(Retry("x"))

    async def fetch(*_: Any) -> bytes | None:
        return await slow.answer()  # type: ignore[no-any-return]

    monkeypatch.setattr(preparing, "hints_of", lambda _: Known())
    monkeypatch.setattr(preparing, "fetch", fetch)
    before = others()
    with pytest.raises(Retry):
        await preparing.prepare(None, batch(40))  # type: ignore[arg-type]
    assert others() == before
