"""A fire that takes several transactions is sent whole and once, wherever the host is killed meanwhile."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from typing import Any

import aiohttp
import pytest

TARGETS = 6_000
ROUNDS = 4

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.kanade(plugins=["results", "jobs", "heartbeat", "fleet"], process=True),
]


async def test_killed_while_a_large_fire_is_sent(host: Any) -> None:
    job = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "echo hi", "timeout": "30s"}}
    assert (await host.post("/api/jobs", json=job)).status == 200
    await host.stop()
    host.running.environment["KANADE_FAULT"] = "sending:100"
    await host.start()
    pcs = [f"pc-{number:05d}" for number in range(TARGETS)]
    with contextlib.suppress(aiohttp.ClientError):  # it may end before it has answered
        await host.post("/api/exec/echo", json={"target": {"pcs": pcs}})
    assert await host.ended() == -9
    for round_ in range(ROUNDS):
        host.running.environment["KANADE_FAULT"] = f"sending:{1_000 + 150 * round_}"
        await host.running.start(ready=False)
        assert await host.ended() == -9, host.running.log.read_text()[-2000:]
    host.running.environment.pop("KANADE_FAULT")
    await host.start()

    async def released() -> bool:
        return not await host.rows("SELECT 1 FROM execution_fires UNION ALL SELECT 1 FROM execution_staged")

    await host.until(released, what="everything is in the outbox")
    await host.settle()
    fired = (await host.rows("SELECT count(*) FROM executions"))[0][0]
    sent = Counter(
        json.loads(body)["request_id"]
        for subject, body in await host.stream_messages("EXEC")
        if subject.startswith("commands.pc.")
    )
    assert set(sent.values()) == {1}
    assert len(sent) == fired * TARGETS == TARGETS
