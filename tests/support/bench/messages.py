"""Messages as agents send them, and how a stream is filled with them."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Made = tuple[str, dict[str, Any]]
PCS = 1_000


def _ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _id(number: int) -> str:
    """Random, as agents make them, and the same for the same number."""
    return str(uuid.UUID(int=random.Random(number).getrandbits(128), version=4))


def result(number: int) -> Made:
    body = {
        "result_id": _id(number), "request_id": f"req-{number}", "exec_id": f"exec-{number % 50}",
        "pc_id": f"pc-{number % PCS:05d}", "exit_code": 0 if number % 10 else 1, "stdout": "x" * 400,
        "stderr": "", "started_at": _ago(60 + number % 3000), "finished_at": _ago(50 + number % 3000),
        "manifest_id": f"job-{number % 20}",
    }  # fmt: skip
    return f"results.req-{number}", body


def started(number: int) -> Made:
    pc = f"pc-{number % PCS:05d}"
    body = {
        "result_id": _id(10**9 + number), "request_id": f"run-{number}", "exec_id": f"exec-{number % 50}",
        "pc_id": pc, "manifest_id": f"job-{number % 20}", "version": "1.0.0", "started_at": _ago(30),
    }  # fmt: skip
    return f"events.started.exec-{number % 50}.{pc}", body


def recorded(number: int) -> Made:
    body = {
        "actor": "operator", "action": "exec", "target": f"job-{number % 20}",
        "payload": {"exec_id": f"exec-{number}", "target_count": 3}, "occurred_at": _ago(number % 80000),
    }  # fmt: skip
    return f"audit.operator.exec.job-{number % 20}", body


def observed(number: int) -> Made:
    pc = f"pc-{number % PCS:05d}"
    body = {
        "pc_id": pc, "at": _ago(number % 80000), "kind": f"kind_{number % 9}", "source": "winlog",
        "event_record_id": str(number), "payload": {"user": f"u{number % 300}", "i": number},
    }  # fmt: skip
    return f"obs.{pc}", body


def heartbeat(number: int) -> Made:
    pc = f"hb-{number:05d}"
    body = {"pc_id": pc, "at": _ago(5), "agent_version": "0.43.25", "hostname": f"HOST-{number}"}
    return f"heartbeat.{pc}", body


SCANNED = {
    "id": "bench-software", "version": "1.0.0", "execute": {"shell": "cmd", "script": "x", "timeout": "1m"},
    "inventory": {
        "display": [{"field": "os", "label": "OS"}],
        "explode": [{
            "field": "apps", "table": "bench_apps", "primary_key": ["source", "name"], "track_history": True,
            "columns": [
                {"field": "source"}, {"field": "name", "index": True}, {"field": "version"},
                {"field": "size", "type": "integer"},
            ],
        }],
    },
}  # fmt: skip
"""The job whose results are scans of 200 programs."""


def scan(number: int) -> Made:
    """Of one of 500 PCs: 200 programs; since its last scan a tenth is new and a tenth is as before that."""
    pc, turn = number % 500, number // 500
    apps = [
        {
            "source": "hklm",
            "name": f"app-{n}",
            "version": f"1.{turn if n % 10 == turn % 10 else 0}",
            "size": n,
        }
        for n in range(200)
    ]
    body = {
        "result_id": _id(3 * 10**8 + number), "request_id": f"scan-{number}", "pc_id": f"pc-{pc:05d}",
        "exit_code": 0, "stdout": json.dumps({"os": "Windows", "apps": apps}), "stderr": "",
        "started_at": _ago(3600 - turn), "finished_at": _ago(3599 - turn), "manifest_id": SCANNED["id"],
    }  # fmt: skip
    return f"results.scan-{number}", body


async def fill(js: Any, make: Callable[[int], Made], first: int, count: int) -> None:
    """Publish so many, acknowledged."""
    for start in range(first, first + count, 2_000):
        waiting = []
        for number in range(start, min(start + 2_000, first + count)):
            subject, body = make(number)
            waiting.append(await js.publish_async(subject, json.dumps(body).encode()))
        await asyncio.gather(*waiting)


async def drained(js: Any, stream: str, seconds: float = 900) -> bool:
    """Wait until every consumer of the stream has everything, acknowledged."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while loop.time() < ends:
        consumers = await js.consumers_info(stream)
        if consumers and all(c.num_pending == 0 and c.num_ack_pending == 0 for c in consumers):
            return True
        await asyncio.sleep(0.02)
    return False
