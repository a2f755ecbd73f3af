"""What somebody tries who may send, but not break: bodies, names, markup, paths. See docs/threat-model.md."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import socket
from typing import Any
from urllib.parse import quote

import pytest

PLUGINS = ["results", "jobs", "obs", "heartbeat", "fleet", "releases", "inventory", "audit", "auth"]
MARKUP = "<script>alert(1)</script>\r\nx-evil: 1"
QUOTES = "' OR 1=1; DROP TABLE execution_results; --\"`]"
LISTS = {
    "/api/results": ["pc_id", "job_id", "exec_id", "stdout", "stderr"],
    "/api/executions": ["job_id", "status"],
    "/api/obs_events": ["pc_id", "kind", "source"],
    "/api/agents": ["search", "sort", "filter"],
    "/api/audit": ["actor", "action", "target"],
}
PATHS = (
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/assets/..%5c..%5cbackend.db",
    "/api/agents/releases/..%2f..%2fbackend.db",
    "/api/app-packages/..%2f..%2fbackend.db",
)
pytestmark = [pytest.mark.kanade(plugins=PLUGINS), pytest.mark.timeout(90)]


async def test_a_compressed_body_is_not_unpacked(host: Any) -> None:
    """A kilobyte that becomes a gigabyte is a kilobyte here."""
    bomb = gzip.compress(b'{"id": "' + b"a" * 50_000_000 + b'"}')
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = await host.post("/api/jobs", data=bomb, headers=headers)
    assert answer.status == 415


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
async def test_an_oversized_body_is_refused(host: Any) -> None:
    body, headers = b'{"a": "' + b"x" * 3_000_000 + b'"}', {"content-type": "application/json"}
    for path in ("/api/jobs", "/api/accounts", "/api/exec/x", "/api/auth/login"):
        answer = await host.post(path, data=body, headers=headers)
        assert (path, answer.status) in ((path, 413), (path, 400)), answer.text
        assert "limit" in answer.text.lower(), (path, answer.text)


async def test_a_deep_body_is_refused(host: Any) -> None:
    for shape in ("[" * 50_000, '{"a":' * 50_000, "[" * 200 + "]" * 200):
        answer = await host.post("/api/jobs", data=shape, headers={"content-type": "application/json"})
        assert 400 <= answer.status < 500, answer.text


async def test_sql_in_a_filter_is_text(host: Any) -> None:
    values = (QUOTES, "%", "\\", "x' UNION SELECT password_hash FROM users --")
    asked = [f"{path}?{name}=" for path, names in LISTS.items() for name in names]
    for question, value in itertools.product(asked, values):
        answer = await host.get(question + quote(value, safe=""))
        assert answer.status in (200, 400), (question, answer.status, answer.text)
        assert "$argon2" not in answer.text
    assert await host.rows("SELECT count(*) FROM execution_results")


async def test_sql_in_an_identifier_of_a_manifest_makes_nothing(host: Any) -> None:
    for number, field in enumerate(("table", "field", "primary_key", "columns"), start=1):
        await _scan_with_evil(host, field)
        assert len(await host.rows("SELECT 1 FROM execution_results")) == number
    made = await host.rows("SELECT name FROM sqlite_master WHERE name LIKE '%DROP%' OR name = 'x'")
    assert [row["name"] for row in made] == []


async def _scan_with_evil(host: Any, field: str) -> None:
    evil = 'x" (a); DROP TABLE execution_results; --'
    spec: dict[str, Any] = {
        "field": "apps", "table": "inv_evil", "primary_key": ["name"], "columns": [{"field": "name"}],
    }  # fmt: skip
    spec[field] = {"primary_key": [evil], "columns": [{"field": evil}]}.get(field, evil)
    manifest = {
        "id": "evil", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "30s"},
        "inventory": {"display": [{"field": "a", "label": "A"}], "explode": [spec]},
    }  # fmt: skip
    await host.post("/api/jobs", json=manifest)
    body = {
        "result_id": field, "request_id": "q", "pc_id": "pc-1", "exit_code": 0, "stderr": "",
        "stdout": json.dumps({"apps": [{"name": "a", evil: "b"}], evil: [{"name": "a"}]}),
        "started_at": "2026-11-23T10:00:00Z", "finished_at": "2026-11-23T10:00:01Z", "manifest_id": "evil",
    }  # fmt: skip
    await host.publish("results.q", body)
    await host.settle()


async def test_markup_of_agents_is_data(host: Any) -> None:
    """It comes back as JSON that nobody takes for a page, and in no header."""
    body = {
        "result_id": "r", "request_id": MARKUP, "pc_id": MARKUP, "exit_code": 1, "stdout": MARKUP,
        "stderr": MARKUP, "exec_id": MARKUP, "manifest_id": MARKUP,
        "started_at": "2026-11-23T10:00:00Z", "finished_at": "2026-11-23T10:00:01Z",
    }  # fmt: skip
    await host.publish("results.q", body)
    event = {"pc_id": MARKUP, "at": "2026-11-23T10:00:00Z", "kind": MARKUP, "source": MARKUP}
    await host.publish("obs.pc", event | {"payload": {MARKUP: MARKUP}})
    await host.publish("results.bad", MARKUP)
    await host.settle()
    for path in ("/api/results", "/api/results/r", "/api/obs_events", "/api/dead-letters"):
        answer = await host.get(path)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "x-evil" not in answer.headers
        assert "script" in answer.text or path == "/api/dead-letters"  # whose bodies are asked one by one


async def test_a_path_leads_nowhere_else(host: Any) -> None:
    """Sent as it stands: clients would tidy it up."""
    for path in PATHS:
        reader, writer = await _raw(host, path)
        answer = await reader.read()
        writer.close()
        assert b"root:" not in answer
        assert b"SQLite format" not in answer
        assert answer.split(b" ", 2)[1] in (b"200", b"400", b"401", b"404"), answer[:200]


async def _raw(host: Any, path: str) -> Any:
    port = int(host.base.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    return reader, writer


async def test_what_is_for_administrators_only(host: Any) -> None:
    for path in ("/api/dead-letters", "/api/dead-letters/1", "/api/rebuilds", "/api/accounts"):
        for role in ("viewer", "operator", None):
            answer = await host.get(path, role=role)
            assert answer.status == (401 if role is None else 403), (path, role)


async def test_the_broker_of_our_own_is_reached_with_its_token_on_loopback_alone(host: Any) -> None:
    port = int(host.broker.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await reader.readline()).startswith(b"INFO ")
    writer.write(b'CONNECT {"verbose": false}\r\nPING\r\n')
    assert b"Authorization Violation" in await asyncio.wait_for(reader.readline(), 30)
    writer.close()
    outside = _address()
    if outside is None:
        pytest.skip("this computer has no address but loopback")
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex((outside, port)) != 0


def _address() -> str | None:
    """An address of this computer that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            found = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if found.startswith("127.") else found
