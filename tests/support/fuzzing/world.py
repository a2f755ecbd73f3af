"""What exists in the host that is asked; and somebody who answers as any PC."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from kanade_host_simulator.binary import agent_binary
from nats.aio.msg import Msg

from kanade_host.plugin import Instant

SPEC = {
    "field": "apps",
    "table": "inv_fuzz_apps",
    "primary_key": ["name"],
    "track_history": True,
    "columns": [{"field": "name", "index": True}, {"field": "size", "type": "integer"}],
}
JOBS = (
    {
        "id": "fuzz-plain",
        "version": "1",
        "execute": {"shell": "powershell", "script": "echo hello", "timeout": "1m"},
    },
    {
        "id": "fuzz-inventory",
        "version": "1",
        "execute": {"shell": "powershell", "script": "scan", "timeout": "1m"},
        "inventory": {
            "display": [{"field": "os", "label": "OS"}],
            "explode": [SPEC],
            "history_scalars": ["os"],
        },
    },
)
SCHEDULE = {"id": "fuzz-schedule", "cron": "0 0 9 * * *", "job_id": "fuzz-plain", "target": {"all": True}}
SILENT = "pc-silent"
"""Takes no command, so that something is left to be killed."""
SCAN = json.dumps({"os": "11", "apps": [{"name": "editor", "size": 5}, {"name": "browser", "size": 7}]})


def now() -> str:
    return Instant.from_ns(time.time_ns()).wire


def form(content: bytes, **fields: str) -> tuple[bytes, str]:
    """A multipart body and its content type."""
    parts = [
        f'--cut\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    ]
    head = b'--cut\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
    return b"".join([*parts, head, content, b"\r\n--cut--\r\n"]), "multipart/form-data; boundary=cut"


async def make(host: Any) -> Mapping[str, Sequence[str]]:
    """Make it; answers the ids that came to be, by the parameter that takes them."""
    await AnyPc(host).begin()
    for pc_id in ("pc-1", "pc-2"):
        await host.publish(f"heartbeat.{pc_id}", {"pc_id": pc_id, "at": now(), "agent_version": "1.0"})
        await host.publish(f"host_perf.{pc_id}", {"pc_id": pc_id, "at": now(), "cpu_pct": 5.0})
        busy = {"pid": 1, "name": "idle", "cpu_pct": 1.0, "rss_bytes": 1}
        await host.publish(f"process_perf.{pc_id}", {"pc_id": pc_id, "at": now(), "processes": [busy]})
        event = {"pc_id": pc_id, "kind": "boot", "source": "winlog:System", "at": now()}
        await host.publish(f"obs.{pc_id}.1", event)
        await expect(host, "PUT", f"/api/agents/{pc_id}/groups", {"groups": ["canary"]})
    await host.publish("results.broken", b"no JSON")
    for job in JOBS:
        await expect(host, "POST", "/api/jobs", job)
    await expect(host, "POST", "/api/schedules", SCHEDULE)
    person = {"username": "vera", "password": "long enough", "role": "viewer"}
    await expect(host, "POST", "/api/accounts", person)
    await expect(host, "PUT", "/api/groups/canary/config", {"heartbeat_interval": "1m"})
    for path in ("/api/app-packages/tool/1.0", "/api/script-objects/tool/1.0"):
        await upload(host, path, b"content")
    await upload(host, "/api/agents/publish", agent_binary("1.0"))
    await host.settle()
    await host.until(lambda: known(host), what="the PCs")
    for job in JOBS:
        await expect(host, "POST", f"/api/exec/{job['id']}", {"target": {"pcs": ["pc-1", "pc-2"]}})
    await host.until(lambda: ended(host), what="the runs")
    letters = (await host.get("/api/dead-letters")).json()["dead_letters"]
    return {
        "exec_id": [one["exec_id"] for one in (await host.get("/api/executions")).json()],
        "result_id": [one["result_id"] for one in (await host.get("/api/results")).json()],
        "letter_id": [str(one["id"]) for one in letters],
        "schedule_id": [SCHEDULE["id"]],
    }


async def known(host: Any) -> bool:
    return len((await host.get("/api/agents")).json()) == 2


async def ended(host: Any) -> bool:
    return len((await host.get("/api/results?status=success")).json()) == 4


async def upload(host: Any, path: str, content: bytes) -> None:
    body, kind = form(content)
    answer = await host.post(path, data=body, headers={"content-type": kind})
    assert answer.status == 200, f"{path}: {answer.status} {answer.text}"


async def expect(host: Any, method: str, path: str, body: Any) -> None:
    answer = await host.request(method, path, json=body)
    assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"


class AnyPc:
    """Takes every command, ping and question for a log, whatever PC is meant."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._nc: Any = None

    async def begin(self) -> None:
        self._nc = await self._host.broker.client()
        await self._nc.subscribe("commands.>", cb=self._run)
        await self._nc.subscribe("agents.>", cb=self._ping)
        await self._nc.subscribe("logs.fetch.>", cb=self._log)
        for _ in range(2):  # nats-py may send the first ping ahead of the subscriptions
            await self._nc.flush()

    async def _run(self, message: Msg) -> None:
        command = json.loads(message.data)
        pc_id = message.subject.removeprefix("commands.").partition(".")[2] or "pc-1"
        if pc_id == SILENT:
            return
        result = {
            "result_id": f"{command['request_id']}-{pc_id}",
            "request_id": command["request_id"],
            "exec_id": command.get("exec_id"),
            "manifest_id": command["id"],
            "pc_id": pc_id,
            "exit_code": 0,
            "stdout": SCAN,
            "stderr": "",
            "started_at": now(),
            "finished_at": now(),
        }
        await self._nc.publish(f"results.{command['request_id']}", json.dumps(result).encode())

    async def _ping(self, message: Msg) -> None:
        pc_id = message.subject.removeprefix("agents.").removesuffix(".ping")
        if message.reply:
            beat = {"pc_id": pc_id, "at": now(), "agent_version": "1.0"}
            await message.respond(json.dumps(beat).encode())

    async def _log(self, message: Msg) -> None:
        await message.respond(b"a line\n")
