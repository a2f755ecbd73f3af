"""Live events: told in order of commits, by role, merged for the slow, resumed by number."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kanade_host.plugin import Permission, Principal, Refusal, Role, Route
from kanade_host.store.commits import Commit

V = Permission("l.view", Role.VIEWER)
A = Permission("l.administer", Role.ADMIN)


@pytest.fixture
def served(site: Any, echo_handler: Any) -> Any:
    site.serve(
        [
            Route("GET", "/api/results", echo_handler, V, "x", fresh=("results",)),
            Route("GET", "/api/accounts", echo_handler, A, "x", fresh=("accounts", "shared")),
            Route("GET", "/api/shared", echo_handler, V, "x", fresh=("shared",)),
        ]
    )
    return site


class Listener:
    """One open stream."""

    def __init__(self, wire: Any, headers: dict[str, str]) -> None:
        self.wire, self.headers = wire, headers

    async def event(self) -> tuple[str, Any]:
        while True:
            lines = (await self.wire.chunk()).decode().strip().split("\n")
            if not lines[0].startswith(":"):
                found = dict(line.split(": ", 1) for line in lines)
                return found["event"], json.loads(found["data"])

    async def comment(self) -> str:
        return str((await self.wire.chunk()).decode().strip())

    async def topics(self) -> Any:
        kind, data = await self.event()
        assert kind == "commit"
        return data["topics"]


async def listen(site: Any, query: str = "", role: str = "viewer") -> Listener:
    wire = await site.wire()
    request = f"GET /api/live{query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {role}\r\n\r\n"
    await wire.send(request.encode())
    status, _, lines = await wire.head()
    headers = dict(lines)
    assert (status, headers["content-type"]) == (200, "text/event-stream")
    return Listener(wire, headers)


async def test_commits_are_told(served: Any) -> None:
    listener = await listen(served)
    kind, data = await listener.event()
    assert (kind, data) == (
        "commit",
        {"commit": 0, "epoch": listener.headers["x-kanade-epoch"], "topics": {}},
    )
    served.server.on_commit(Commit(1, {"results": {"b", "a"}}))
    served.server.on_commit(Commit(2, {"results": {"c"}, "odd": None}))
    kind, data = await listener.event()
    assert (kind, data["commit"]) == ("commit", 2)
    assert data["topics"] == {"results": ["a", "b", "c"], "odd": "all"}
    served.server.on_change("kv:jobs", ["inv"])
    assert await listener.topics() == {"kv:jobs": ["inv"]}


async def test_no_event_carries_a_number_whose_changes_were_not_told(served: Any) -> None:
    """Who resumes after the number of the last event would never hear of them."""
    listener = await listen(served)
    await listener.event()
    first = asyncio.create_task(listener.event())
    number = 0
    while not first.done():  # a commit in each round of the loop: also between gathering and telling
        number += 1
        served.server.on_commit(Commit(number, {f"t{number}": None}))
        await asyncio.sleep(0)
    _, data = await first
    told = {int(topic[1:]) for topic in data["topics"]}
    assert told == set(range(1, data["commit"] + 1))
    _, data = await listener.event()
    assert told | {int(topic[1:]) for topic in data["topics"]} == set(range(1, data["commit"] + 1))


async def test_topics_are_for_who_may_ask_their_routes(served: Any) -> None:
    viewer, admin = await listen(served), await listen(served, role="admin")
    await viewer.event()
    await admin.event()
    served.server.on_commit(Commit(1, {"accounts": {"bob"}, "shared": {"x"}, "dead-letters": None}))
    assert await viewer.topics() == {"shared": ["x"]}
    assert await admin.topics() == {"accounts": ["bob"], "dead-letters": "all", "shared": ["x"]}


async def test_needs_a_token(served: Any) -> None:
    assert (await served.get("/api/live", role=None)).status == 401


@pytest.mark.parametrize("after, resumes", [(0, True), (1, True), (2, True), (3, False), (-1, False)])
async def test_resuming_by_number(served: Any, after: int, resumes: bool) -> None:
    served.server.on_commit(Commit(1, {"results": {"a"}}))
    served.server.on_commit(Commit(2, {"results": {"b"}}))
    listener = await listen(served, f"?after={after}")
    kind, data = await listener.event()
    if not resumes:
        assert (kind, data["commit"]) == ("reset", 2)
    else:
        assert kind == "commit"
        data["topics"].pop("routes", None)  # changed without a commit, when they were mounted
        wanted = ["a", "b"][after:]
        assert data["topics"] == ({"results": wanted} if wanted else {})


async def test_numbers_of_another_run_are_reset(served: Any) -> None:
    served.server.on_commit(Commit(5, {"results": None}))
    same = await listen(served, f"?after=5&epoch={served.server.changes.epoch}")
    assert (await same.event())[0] == "commit"
    other = await listen(served, "?after=5&epoch=another")
    assert (await other.event())[0] == "reset"


async def test_a_bad_number_is_refused(served: Any) -> None:
    answer = await served.get("/api/live?after=x")
    assert answer.text == "Failed to deserialize query string: after: invalid digit found in string"


async def test_signs_of_life(served: Any) -> None:
    served.server.live.heartbeat = 0.05
    listener = await listen(served)
    await listener.event()
    assert (await listener.comment()).startswith(":")
    assert (await listener.comment()).startswith(":")


async def test_who_is_refused_later_is_cut_off(served: Any) -> None:
    served.server.live.heartbeat = served.server.live.recheck = 0.05
    listener = await listen(served, role="admin")
    await listener.event()
    served.server.live.heartbeat = 0.02

    async def nobody(_: Any) -> Any:
        return Refusal("account disabled")

    served.tokens.authenticate = nobody
    while chunk := await listener.wire.chunk():
        assert chunk.startswith(b":")
    assert served.server.live.clients == 0


async def test_a_lower_role_sees_less_from_then_on(served: Any) -> None:
    served.server.live.heartbeat = served.server.live.recheck = 0.03
    listener = await listen(served, role="admin")
    await listener.event()

    async def demoted(_: Any) -> Any:
        return Principal("a former admin", Role.VIEWER)

    served.tokens.authenticate = demoted
    await listener.comment()
    await listener.comment()
    served.server.on_commit(Commit(1, {"accounts": None, "results": None}))
    assert await listener.topics() == {"results": "all"}


async def test_many_keys_become_all(served: Any) -> None:
    listener = await listen(served)
    await listener.event()
    for number in range(3):
        keys = {f"{number}-{key}" for key in range(400)}
        served.server.on_commit(Commit(number + 1, {"results": keys}))
    assert await listener.topics() == {"results": "all"}


async def test_a_client_that_does_not_read_costs_bounded_memory(served: Any) -> None:
    listener = await listen(served)
    listener.wire.reader._transport.pause_reading()
    client = next(iter(served.server.live._clients))
    for number in range(1, 40):
        served.server.on_commit(
            Commit(number, {f"topic-{n}": {f"{number}-{k}" for k in range(200)} for n in range(20)})
        )
        await asyncio.sleep(0.06)
        if sum(keys is None for keys in client.pending.values()) == 20:
            break
    assert sum(len(keys or ()) for keys in client.pending.values()) <= 20 * 1000


async def test_leaving_is_noticed_and_stopping_ends_all(served: Any) -> None:
    served.server.live.heartbeat = 0.02
    leaving, staying = await listen(served), await listen(served)
    assert served.server.live.clients == 2
    await leaving.wire.close()
    while served.server.live.clients == 2:
        await asyncio.sleep(0.01)
    await staying.event()
    await served.server.stop_accepting()
    while await staying.wire.chunk():
        pass
    assert served.server.live.clients == 0
