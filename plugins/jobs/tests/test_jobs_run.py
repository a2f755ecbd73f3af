"""POST /api/run (`contract/http-jobs.md` 5.1)."""

# ruff: noqa: E501 - tables read best with one case a line

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import kanade_host_jobs.run as run_module
import pytest
import pytest_asyncio

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["results", "jobs"])

STAMPS = {"started_at": "2026-11-23T15:00:00Z", "finished_at": "2026-11-23T15:00:01Z"}


class Agent:
    """Answers commands to pc-1 with what the test puts here."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | bytes | None = {}


@pytest_asyncio.fixture
async def agent(host: Any) -> AsyncIterator[Agent]:
    made = Agent()
    nc = await host.broker.client()

    async def on_command(message: Any) -> None:
        command = json.loads(message.data)
        made.commands.append(command)
        if made.answer is None:
            return
        body = made.answer
        if isinstance(body, dict):
            result = {
                "result_id": "rr-1",
                "request_id": command["request_id"],
                "pc_id": "pc-1",
                "exit_code": 0,
            }
            result |= {"stdout": "hello", "stderr": ""} | STAMPS | body
            body = json.dumps(result).encode()
        await nc.publish(f"results.{command['request_id']}", body)

    subscription = await nc.subscribe("commands.pc.*", cb=on_command)
    for _ in range(2):  # nats-py may send the first ping ahead of the subscription
        await nc.flush()
    yield made
    await subscription.unsubscribe()


async def test_a_script_is_run_and_answered(host: Any, agent: Agent) -> None:
    agent.answer = {"manifest_id": "adhoc-run", "unknown": 1}
    host.clock.set(Instant.parse("2026-11-23T15:00:00Z"))
    answer = await host.post(
        "/api/run", json={"pc_id": "pc-1", "script": "x" * 600, "shell": "cmd", "more": 1}
    )
    [command] = agent.commands
    assert answer.text == (
        f'{{"result_id":"rr-1","request_id":"{command["request_id"]}","pc_id":"pc-1","exit_code":0,'
        '"stdout":"hello","stderr":"","started_at":"2026-11-23T15:00:00Z",'
        '"finished_at":"2026-11-23T15:00:01Z","manifest_id":"adhoc-run"}'
    )
    assert command.pop("deadline_at").startswith("2026-11-23T15:01:1")
    assert command.pop("script") == "x" * 600
    assert command == {
        "id": "adhoc-run",
        "version": "0.0.0",
        "request_id": command["request_id"],
        "exec_id": None,
        "shell": "cmd",
        "timeout_secs": 60,
        "jitter_secs": None,
        "run_as": "system",
        "staleness": {"mode": "cached"},
    }
    await host.settle()
    [(subject, body)] = await host.stream_messages("AUDIT")
    record = json.loads(body)
    assert subject == "audit.operator.run.pc-1"
    assert record["payload"]["script"] == "x" * 500
    assert record["payload"]["shell"] == "cmd"
    assert await host.rows("SELECT * FROM executions") == []


async def test_names(host: Any, agent: Agent) -> None:
    for shell, name in itertools.product(("powershell", "ps", "pwsh"), ("exec_id", "job_id")):
        body = {
            "pc_id": "pc-1",
            "script": "x",
            "shell": shell,
            name: "e1",
            "jitter_secs": 3,
            "timeout_secs": 5,
        }
        assert (await host.post("/api/run", json=body)).status == 200
        command = agent.commands.pop()
        found = (command["shell"], command["exec_id"], command["jitter_secs"], command["timeout_secs"])
        assert found == ("powershell", "e1", 3, 5)


async def test_long_output_is_fetched(host: Any, agent: Agent) -> None:
    nc = await host.broker.client()
    store = await nc.jetstream().object_store("result_output")
    await store.put("r/stdout", b"long " * 100_000)
    agent.answer = {"stdout": "", "stdout_object": "r/stdout", "stderr_object": "r/stderr"}
    answer = (await host.post("/api/run", json={"pc_id": "pc-1", "script": "x"})).json()
    assert answer["stdout"] == "long " * 100_000
    assert "stdout_object" not in answer
    assert answer["stderr_object"] == "r/stderr"


async def test_a_result_that_is_none(host: Any, agent: Agent) -> None:
    agent.answer = b'{"request_id":1}'
    answer = await host.post("/api/run", json={"pc_id": "pc-1", "script": "x"})
    assert answer.status == 500
    assert answer.text.startswith("decode ExecResult: ")


async def test_nobody_answers(host: Any, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "GRACE_SECONDS", 0.2)
    agent.answer = None
    answer = await host.post("/api/run", json={"pc_id": "pc-1", "script": "x", "timeout_secs": 0})
    [command] = agent.commands
    assert answer.status == 408
    assert answer.text == f"timeout waiting for result on results.{command['request_id']}"


JSON_SHAPE = "Failed to deserialize the JSON body into the target type: "


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"script": "x"}, 422, JSON_SHAPE + "missing field `pc_id`"),
    ({"pc_id": "a"}, 422, JSON_SHAPE + "missing field `script`"),
    ({"pc_id": "a", "script": 1}, 422, JSON_SHAPE + "script: invalid type: integer `1`, expected a string"),
    ({"pc_id": "a", "script": "x", "exec_id": "e", "job_id": "f"}, 422, JSON_SHAPE + "duplicate field `exec_id`"),
    ({"pc_id": "a", "script": "x", "timeout_secs": -1}, 422, JSON_SHAPE + "timeout_secs: "),
    ({"pc_id": "a", "script": "x", "timeout_secs": 2**64}, 422, JSON_SHAPE + "timeout_secs: "),
    ({"pc_id": "a", "script": "x", "timeout_secs": 86_401}, 400, "timeout_secs: 86401 is more than 86400, a day"),
    ({"pc_id": "a", "script": "x", "shell": "bash"}, 400, 'unknown shell "bash" (use powershell or cmd)'),
    ({"pc_id": "a", "script": "x", "shell": 'b"'}, 400, 'unknown shell "b\\"" (use powershell or cmd)'),
    ({"pc_id": "a", "script": "x", "shell": "CMD"}, 400, 'unknown shell "CMD" (use powershell or cmd)'),
    ({"pc_id": "", "script": "x"}, 400, 'pc_id: "" can be no part of a subject'),
    ({"pc_id": "a b", "script": "x"}, 400, 'pc_id: "a b" can be no part of a subject'),
    ({"pc_id": ">", "script": "x"}, 400, 'pc_id: ">" can be no part of a subject'),
    ({"pc_id": "a", "script": "x", "exec_id": "a.*"}, 400, 'exec_id: "a.*" can be no part of a subject'),
    ({"pc_id": "a", "script": "x" * 1_048_500}, 413, "max payload size exceeded: Payload size limit of 1048576 "),
]  # fmt: skip


async def test_what_is_refused(host: Any) -> None:
    for body, status, text in REFUSED:
        answer = await host.post("/api/run", json=body)
        assert answer.status == status, body
        assert answer.headers["content-type"] == "text/plain; charset=utf-8", body
        assert answer.text.startswith(text), body
    assert await host.stream_messages("EXEC") == []


async def test_without_the_stream(host: Any) -> None:
    nc = await host.broker.client()
    await nc.jetstream().delete_stream("EXEC")
    answer = await host.post("/api/run", json={"pc_id": "a", "script": "x"})
    assert answer.status == 500
    assert answer.text.startswith("publish to a: ")
