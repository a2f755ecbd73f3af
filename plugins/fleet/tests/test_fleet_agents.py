"""Logs and ping: one agent is asked directly (http-fleet.md 9, http-jobs.md 5.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from kanade_host_fleet import agents

from kanade_host.plugin.testing.host import decoded

pytestmark = pytest.mark.kanade(plugins=["fleet"])

BEAT = {"pc_id": "pc-1", "at": "2026-11-23T15:00:00.100Z", "agent_version": "0.43.25"}
Agent = Callable[[str, bytes | None], Awaitable[list[bytes]]]


@pytest_asyncio.fixture
async def agent(host: Any) -> AsyncIterator[Agent]:
    """Somebody who answers on a subject with these bytes, or says nothing; what it was sent."""
    nc = await host.broker.client()
    subscriptions = []

    async def answering(subject: str, reply: bytes | None) -> list[bytes]:
        asked: list[bytes] = []

        async def answer(message: Any) -> None:
            asked.append(message.data)
            if reply is not None:
                await message.respond(reply)

        subscriptions.append(await nc.subscribe(subject, cb=answer))
        for _ in range(2):  # nats-py may send the first ping ahead of the subscription
            await nc.flush()
        return asked

    yield answering
    for subscription in subscriptions:
        await subscription.unsubscribe()


@pytest.mark.parametrize(
    "body", [b"", "zeile 1\nzeile ü\n".encode(), b"bad \xff bytes", b"logs.fetch: no file"]
)
async def test_a_log_comes_as_it_is(host: Any, agent: Agent, body: bytes) -> None:
    asked = await agent("logs.fetch.pc-1", body)
    answer = await host.get("/api/agents/pc-1/logs", role="viewer")
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    await host.get("/api/agents/pc-1/logs?tail=7")
    assert [json.loads(one) for one in asked] == [{"tail_lines": 500}, {"tail_lines": 7}]


async def test_logs_of_a_pc_with_dots(host: Any, agent: Agent) -> None:
    await agent("logs.fetch.PC-LAB.x", b"ok")
    assert (await host.get("/api/agents/PC-LAB.x/logs")).text == "ok"


async def test_a_silent_agent(host: Any, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "LOGS_SECONDS", 0.1)
    await agent("logs.fetch.pc-1", None)
    await agent("agents.pc-1.ping", None)
    answer = await host.get("/api/agents/pc-1/logs")
    assert (answer.status, answer.text) == (504, "agent 'pc-1' didn't reply within 0.1s")
    answer = await host.post("/api/agents/pc-1/ping?wait_secs=0")
    assert (answer.status, answer.text) == (408, "no ping reply from pc-1 within 1s")


@pytest.mark.parametrize(
    "beat",
    [
        BEAT,
        BEAT | {"hostname": "H", "agent_cpu_pct": 1.0},
        BEAT | {"os_family": "linux", "agent_rss_bytes": 1, "agent_disk_read_bytes": 2},
    ],
)
async def test_ping(host: Any, agent: Agent, beat: dict[str, Any]) -> None:
    asked = await agent(
        "agents.pc-1.ping", json.dumps(beat | {"extra": 1, "os_family": None} | beat).encode()
    )
    answer = await host.post("/api/agents/pc-1/ping", role="operator")
    assert (answer.status, answer.json()) == (200, {"heartbeat": beat})
    assert asked == [b""]
    await host.settle()
    subjects = [subject for subject, _ in decoded(await host.stream_messages("AUDIT"))]
    assert subjects == ["audit.operator.ping.pc-1"]


async def test_a_reply_that_does_not_decode(host: Any, agent: Agent) -> None:
    await agent("agents.pc-1.ping", b'{"pc_id":"pc-1"}')
    answer = await host.post("/api/agents/pc-1/ping")
    assert (answer.status, answer.text) == (500, "decode Heartbeat: missing field `at` at line 1 column 16")


_OFFLINE = "no responders: no responders"
_SUBJECT = "invalid subject: invalid subject format"
_ONE = "must name one PC: leave out `*` and `>`"


UNREACHABLE = [
    ("GET", "/api/agents/pc-9/logs", 502, f"logs.fetch.pc-9: {_OFFLINE}"),
    ("GET", "/api/agents/a%20b/logs", 502, f"logs.fetch.a b: {_SUBJECT}"),
    ("GET", "/api/agents/a./logs", 502, f"logs.fetch.a.: {_SUBJECT}"),
    ("GET", "/api/agents/*/logs", 400, f"pc_id `*` {_ONE}"),
    ("GET", "/api/agents/a.%3E/logs", 400, f"pc_id `a.>` {_ONE}"),
    ("POST", "/api/agents/pc-9/ping", 408, f"nats request agents.pc-9.ping: {_OFFLINE}"),
    ("POST", "/api/agents/a%20b/ping", 400, f"nats request agents.a b.ping: {_SUBJECT}"),
    ("POST", "/api/agents/*/ping", 400, f"pc_id `*` {_ONE}"),
]


async def test_agents_that_cannot_be_asked(host: Any) -> None:
    for method, path, status, text in UNREACHABLE:
        answer = await host.request(method, path)
        assert (answer.status, answer.text) == (status, text)


async def test_the_broker_is_away(host: Any) -> None:
    await host.broker.stop()
    for method, path in (("GET", "/api/agents/pc-1/logs"), ("POST", "/api/agents/pc-1/ping")):
        answer = await host.request(method, path)
        assert answer.status == 503
