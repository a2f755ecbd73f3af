"""Kept answers: valid exactly as long as nothing that they depend on changed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kanade_host.plugin import HttpError, Permission, Request, Role, Route
from kanade_host.store.commits import Commit
from kanade_host.web.answers import seal
from kanade_host.web.changes import Changes
from kanade_host.web.kept import Entry, Fresh, Kept

V = Permission("k.view", Role.VIEWER)


class Shop:
    """Counts how often its handler runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.stock = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    async def list(self, request: Request) -> Any:
        self.runs += 1
        stock = self.stock
        self.entered.set()
        await self.gate.wait()
        if stock < 0:
            raise HttpError(409, "sold out")
        return {"stock": stock}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def shop() -> Shop:
    return Shop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def served(make_site: Any, shop: Shop, clock: Clock) -> Any:
    site = await make_site(now=clock)
    site.serve(
        [
            Route("GET", "/api/stock", shop.list, V, "x", fresh=("stock", "kv:prices")),
            Route("GET", "/api/online", shop.list, V, "x", fresh=("stock",), fresh_for=1.0),
            Route("GET", "/api/always", shop.list, V, "x"),
        ]
    )
    return site


def stock(answer: Any) -> int:
    assert answer.status == 200
    return int(json.loads(answer.body)["stock"])


async def test_kept_until_a_topic_changes(served: Any, shop: Shop) -> None:
    for _ in range(3):
        assert stock(await served.get("/api/stock")) == 0
    assert shop.runs == 1
    served.server.on_commit(Commit(1, {"orders": None}))
    await served.get("/api/stock")
    assert shop.runs == 1
    shop.stock = 5
    served.server.on_commit(Commit(2, {"stock": {"apples"}}))
    assert stock(await served.get("/api/stock")) == 5
    served.server.on_change("kv:prices", [])
    await served.get("/api/stock")
    assert shop.runs == 3


async def test_nothing_is_kept_that_does_not_say_so(served: Any, shop: Shop) -> None:
    answers = [await served.get("/api/always") for _ in range(2)]
    assert shop.runs == 2
    assert "etag" not in answers[0].headers
    assert answers[0].headers["cache-control"] == "no-store"


async def test_by_query_and_role_but_not_by_method_or_person(served: Any, shop: Shop) -> None:
    for role in ("viewer", "admin"):
        for path in ("/api/stock", "/api/stock?limit=1"):
            await served.get(path, role=role)
            await served.ask("HEAD", path, role=role)
    assert shop.runs == 4


async def test_seconds_where_the_clock_matters(served: Any, shop: Shop, clock: Clock) -> None:
    await served.get("/api/online")
    clock.now += 0.9
    await served.get("/api/online")
    assert shop.runs == 1
    clock.now += 0.1
    await served.get("/api/online")
    assert shop.runs == 2
    served.server.on_commit(Commit(1, {"stock": None}))
    await served.get("/api/online")
    assert shop.runs == 3


async def test_etags(served: Any, shop: Shop) -> None:
    first = await served.get("/api/stock")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for sent in (etag, f'"other", W/{etag}', "*"):
        unchanged = await served.get("/api/stock", f"If-None-Match: {sent}")
        assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in unchanged.headers
    served.server.on_commit(Commit(3, {"stock": None}))
    same = await served.get("/api/stock", f"If-None-Match: {etag}")
    assert (same.status, same.headers["x-kanade-commit"]) == (304, "3")
    shop.stock = 1
    served.server.on_commit(Commit(4, {"stock": None}))
    assert (await served.get("/api/stock", f"If-None-Match: {etag}")).status == 200


async def test_kept_answers_still_ask_who_it_is(served: Any) -> None:
    await served.get("/api/stock", role="viewer")
    refused = await served.get("/api/stock", role=None)
    assert (refused.status, refused.text) == (401, "missing bearer token")


async def test_the_commit_number_is_that_of_now(served: Any) -> None:
    assert (await served.get("/api/stock")).headers["x-kanade-commit"] == "0"
    served.server.on_commit(Commit(41, {"orders": None}))
    assert (await served.get("/api/stock")).headers["x-kanade-commit"] == "41"


async def test_one_run_for_all_who_ask_at_once(served: Any, shop: Shop) -> None:
    shop.gate.clear()
    asking = [asyncio.create_task(served.get("/api/stock")) for _ in range(5)]
    await shop.entered.wait()
    await asyncio.sleep(0.05)
    shop.gate.set()
    assert [stock(one) for one in await asyncio.gather(*asking)] == [0] * 5
    assert shop.runs == 1


async def test_who_asks_after_a_change_never_gets_a_run_from_before(served: Any, shop: Shop) -> None:
    shop.gate.clear()
    early = asyncio.create_task(served.get("/api/stock"))
    await shop.entered.wait()
    shop.stock = 9
    served.server.on_commit(Commit(1, {"stock": None}))
    late = asyncio.create_task(served.get("/api/stock"))
    while shop.runs < 2:
        await asyncio.sleep(0.005)
    shop.gate.set()
    assert stock(await late) == 9
    assert stock(await early) == 0
    assert stock(await served.get("/api/stock")) == 9


async def test_a_run_goes_on_when_its_client_leaves(served: Any, shop: Shop) -> None:
    shop.gate.clear()
    wire = await served.wire()
    await wire.send(b"GET /api/stock HTTP/1.1\r\nhost: x\r\nauthorization: Bearer viewer\r\n\r\n")
    await shop.entered.wait()
    other = asyncio.create_task(served.get("/api/stock", role="viewer"))
    await wire.close()
    await asyncio.sleep(0.02)
    shop.gate.set()
    assert stock(await other) == 0
    assert shop.runs == 1


async def test_nothing_runs_on_after_the_stop(served: Any, shop: Shop) -> None:
    shop.gate.clear()
    asking = asyncio.create_task(served.get("/api/stock"))
    await shop.entered.wait()
    await served.server.stop_accepting()
    assert not [one for one in asyncio.all_tasks() if "Kept._run" in repr(one)]
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asking


async def test_errors_are_for_all_who_asked_and_never_kept(served: Any, shop: Shop) -> None:
    shop.stock = -1
    first, second = await asyncio.gather(served.get("/api/stock"), served.get("/api/stock"))
    assert first.status == second.status == 409
    shop.stock = 2
    assert stock(await served.get("/api/stock")) == 2


def entry(size: int) -> Entry:
    return Entry(seal(200, b"", b"x" * size), seal(304, b""), '"e"', (), 0, 0, None, size)


async def test_memory_is_bounded_and_the_least_used_goes() -> None:
    kept = Kept(Changes(), lambda: 0.0, limit=1000)

    async def make(name: str, size: int) -> None:
        async def run() -> Any:
            one = entry(size)
            return one.answer, one

        await kept.make((name, 1, "*"), Fresh((), None), run)

    for name in "abcdefghi":
        await make(name, 120)
        kept.get(("a", 1, "*"))
    assert kept.size <= 1000
    assert kept.get(("a", 1, "*")) is not None
    assert kept.get(("b", 1, "*")) is None
    await make("big", 126)
    assert kept.get(("big", 1, "*")) is None, "one answer may not push out all the others"


class Shelf:
    """Answers made by hand, of a topic or until a moment."""

    def __init__(self) -> None:
        self.changes, self.clock = Changes(), Clock()
        self.kept = Kept(self.changes, self.clock)

    async def put(self, name: str, topic: str, size: int, seconds: float | None = None) -> None:
        async def run() -> Any:
            one = entry(size)
            one.topics = (topic,)
            return one.answer, one

        await self.kept.make((name, 1, "*"), Fresh((topic,), seconds), run)

    def holds(self, name: str) -> bool:
        return self.kept.get((name, 1, "*")) is not None


async def test_what_does_not_hold_any_more_is_swept_out_though_nobody_asks_for_it() -> None:
    shelf = Shelf()
    await shelf.put("changed", "a", 100)
    await shelf.put("old", "b", 200, seconds=1.0)
    await shelf.put("good", "b", 400, seconds=9.0)
    await shelf.put("for ever", "b", 800)
    shelf.changes.changed("a")
    shelf.clock.now += 1.0
    assert await shelf.kept.sweep() == 300
    assert shelf.kept.size == 1_200
    assert (shelf.holds("good"), shelf.holds("for ever")) == (True, True)
    assert await shelf.kept.sweep() == 0


async def test_a_sweep_lets_others_go_on_and_takes_nothing_that_they_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kanade_host.web.kept.SWEPT_AT_ONCE", 1)
    shelf = Shelf()
    for name in ("first", "second", "third"):
        await shelf.put(name, "a", 100)
    shelf.changes.changed("a")
    sweeping = asyncio.create_task(shelf.kept.sweep())
    await asyncio.sleep(0)  # the first one is gone
    assert shelf.kept.size == 200
    await shelf.put("third", "a", 50)
    assert await sweeping == 200
    assert shelf.holds("third")
    assert shelf.kept.size == 50


async def test_much_that_went_is_given_back_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    given = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr("kanade_host.web.kept.SWEEP_SECONDS", 0.0)
    monkeypatch.setattr("kanade_host.web.kept.MUCH_BYTES", 300)
    monkeypatch.setattr("kanade_host.web.kept.give_back", lambda: loop.call_soon_threadsafe(given.set))
    shelf = Shelf()
    swept: list[int] = []
    sweep = shelf.kept.sweep

    async def counted() -> int:
        swept.append(await sweep())
        return swept[-1]

    monkeypatch.setattr(shelf.kept, "sweep", counted)
    sweeping = asyncio.create_task(shelf.kept.keep_swept())
    try:
        await shelf.put("little", "a", 299)
        shelf.changes.changed("a")
        while 299 not in swept:
            await asyncio.sleep(0)
        while swept[-1]:
            await asyncio.sleep(0)
        assert not given.is_set()
        await shelf.put("much", "a", 300)
        shelf.changes.changed("a")
        await given.wait()
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)


def test_changes_since_a_commit() -> None:
    changes = Changes(10, ring=3)
    changes.committed(11, {"a": {"1"}})
    changes.changed("kv:x")
    changes.committed(12, {"a": {"2"}, "b": None})
    assert changes.since(9) is None
    assert changes.since(13) is None
    assert changes.since(10) == {"a": {"1", "2"}, "b": None, "kv:x": None}
    assert changes.since(11) == {"a": {"2"}, "b": None, "kv:x": None}
    assert changes.since(12) == {}
    changes.committed(13, {"b": {"k"}})
    assert changes.since(10) is None
    assert changes.since(11) is not None


def test_what_came_before_this_run_is_not_known() -> None:
    changes = Changes()
    changes.begin_at(700)
    assert (changes.since(699), changes.since(700)) == (None, {})
    assert changes.commit_line == b"x-kanade-commit: 700\r\n"


def test_too_many_keys_are_all() -> None:
    changes = Changes()
    told: list[Any] = []
    changes.listen(told.append)
    changes.committed(1, {"a": {str(n) for n in range(1001)}})
    assert told == [{"a": None}]
