"""Layers of configuration over HTTP (http-fleet.md 7.2)."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from kanade_host.plugin.testing.host import decoded

pytestmark = pytest.mark.kanade(plugins=["fleet"])

PATHS = {
    "/api/config": "global",
    "/api/groups/canary/config": "groups.canary",
    "/api/pcs/pc-01/config": "pcs.pc-01",
}
FULL = {
    "target_version": "0.43.26",
    "target_version_jitter": "10m",
    "heartbeat_interval": "45s",
    "host_perf_interval": "1h 30m",
    "process_perf_enabled": True,
    "process_perf_expires_at": "2026-11-23T10:00:00.500Z",
    "process_perf_top_n": 5,
}


async def raw(host: Any, key: str) -> bytes:
    value: bytes = (await (await host.kv("agent_config")).get(key)).value
    return value


@pytest.mark.parametrize("path", PATHS)
async def test_a_scope_that_nobody_set(host: Any, path: str) -> None:
    answer = await host.get(path, role="viewer")
    assert (answer.status, answer.text) == (200, "{}")


@pytest.mark.parametrize("path", PATHS)
async def test_a_scope_is_replaced_as_a_whole(host: Any, path: str) -> None:
    answer = await host.put(path, json=FULL, role="operator")
    assert (answer.status, answer.json()) == (200, FULL)
    assert list(answer.json()) == list(FULL)
    assert await raw(host, PATHS[path]) == json.dumps(FULL, separators=(",", ":")).encode()
    answer = await host.put(
        path, json={"heartbeat_interval": "15s", "inventory_interval": "12h", "target_version": None}
    )
    assert answer.json() == {"heartbeat_interval": "15s"}
    assert (await host.get(path)).json() == {"heartbeat_interval": "15s"}
    assert (await host.put(path, json={})).json() == {}
    assert await raw(host, PATHS[path]) == b"{}"


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/api/config"])
async def test_removing_a_scope(host: Any, path: str) -> None:
    for _ in range(2):  # the second time there is nothing
        answer = await host.delete(path, role="operator")
        assert (answer.status, answer.text) == (204, "")
    await host.put(path, json=FULL)
    await host.delete(path)
    assert (await host.get(path)).json() == {}


async def test_a_moment_is_normalised(host: Any) -> None:
    answer = await host.put("/api/config", json={"process_perf_expires_at": "2026-11-23T19:00:00+09:00"})
    assert answer.json() == {"process_perf_expires_at": "2026-11-23T10:00:00Z"}


async def test_writes_are_audited(host: Any) -> None:
    await host.put("/api/config", json={"heartbeat_interval": "45s"})
    await host.delete("/api/pcs/pc-01/config")
    await host.settle()
    found = [(subject, body["payload"]) for subject, body in decoded(await host.stream_messages("AUDIT"))]
    assert [subject for subject, _ in found] == [
        "audit.operator.config_set.global",
        "audit.operator.config_clear.pcs.pc-01",
    ]
    assert found[0][1]["heartbeat_interval"] == "45s"


_ZERO = "would stop the agents'"
_BAD = "is no duration"


REFUSED = [
    ({"heartbeat_interval": "0s"}, f"heartbeat_interval: `0s` {_ZERO}"),
    ({"heartbeat_interval": "0"}, f"heartbeat_interval: `0` {_ZERO}"),
    ({"host_perf_interval": "0ms"}, f"host_perf_interval: `0ms` {_ZERO}"),
    ({"heartbeat_interval": ""}, f"heartbeat_interval: `` {_BAD}: value was empty"),
    ({"target_version_jitter": "soon"}, f"target_version_jitter: `soon` {_BAD}: expected number at 0"),
]


async def test_what_stops_agents_is_refused(host: Any) -> None:
    for body, text in REFUSED:
        for path in PATHS:
            answer = await host.put(path, json=body)
            assert (answer.status, answer.text[: len(text)]) == (400, text)
            assert (await host.get(path)).json() == {}


async def test_no_jitter_is_a_fine_jitter(host: Any) -> None:
    assert (await host.put("/api/config", json={"target_version_jitter": "0s"})).status == 200


async def test_what_is_stored_already_may_be_written_back(host: Any) -> None:
    await (await host.kv("agent_config")).put(
        "global", b'{"heartbeat_interval":"0s","host_perf_interval":"x"}'
    )
    stored = (await host.get("/api/config")).json()
    assert (await host.put("/api/config", json={**stored, "process_perf_top_n": 3})).status == 200
    assert (await host.put("/api/config", json={**stored, "heartbeat_interval": "0ms"})).status == 400


async def test_a_broken_scope_is_named_and_can_be_replaced(host: Any) -> None:
    await (await host.kv("agent_config")).put("global", b'{"process_perf_top_n":-1}')
    answer = await host.get("/api/config")
    text = "decode ConfigScope at global: invalid value: integer `-1`, expected u32 at line 1 column 24"
    assert (answer.status, answer.text) == (500, text)
    assert (await host.put("/api/config", json={"heartbeat_interval": "0s"})).status == 400
    assert (await host.put("/api/config", json={"heartbeat_interval": "5s"})).status == 200


async def test_two_people_who_edit_notice_each_other(host: Any) -> None:
    path = "/api/groups/canary/config"
    new = await host.put(path, json={"process_perf_top_n": 1}, headers={"If-None-Match": "*"})
    assert new.status == 200
    again = await host.put(path, json={"process_perf_top_n": 2}, headers={"If-None-Match": "*"})
    assert again.status == 412
    etag = (await host.get(path)).headers["etag"]
    assert (await host.get(path, headers={"If-None-Match": etag})).status == 304
    first = await host.put(path, json={"process_perf_top_n": 3}, headers={"If-Match": etag})
    assert (first.status, first.headers["etag"] != etag) == (200, True)
    for stale in (etag, '"999"', '"x"', "0", '""', f'"{"9" * 5_000}"'):
        answer = await host.put(path, json={"process_perf_top_n": 4}, headers={"If-Match": stale})
        assert answer.status == 412
        assert (await host.delete(path, headers={"If-Match": stale})).status == 412
    assert (await host.get(path)).json() == {"process_perf_top_n": 3}
    assert (await host.delete(path, headers={"If-Match": first.headers["etag"]})).status == 204
    assert (await host.delete(path, headers={"If-Match": "*"})).status == 412
    assert (await host.put(path, json={}, headers={"If-Match": "*"})).status == 412
    assert (await host.put(path, json={}, headers={"If-None-Match": "*"})).status == 200


async def test_too_large_for_the_broker(host: Any) -> None:
    body = io.BytesIO(json.dumps({"target_version": "x" * 1_200_000}).encode())
    answer = await host.put("/api/config", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 500
    assert answer.text.startswith(
        "write ConfigScope at global: failed to put key into store: max payload size"
    )
