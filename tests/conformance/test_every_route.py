"""The whole host, walked along its own OpenAPI document: who may what, which methods, which routes.

A route that somebody adds is checked without a line here; what the contract promises and nobody built is
missed by name.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CONTRACT = Path(__file__).with_name("contract_routes.txt")
INSTALLED = sorted(found.name for found in entry_points(group="kanade_host.plugins"))
ROLES = ("viewer", "operator", "admin")
METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")
ENDLESS = {"/api/live"}

pytestmark = [pytest.mark.timeout(180), pytest.mark.kanade(plugins=INSTALLED)]


class Walked(NamedTuple):
    """One operation, and a path that matches it."""

    method: str
    template: str
    path: str
    role: str | None
    details: dict[str, Any]


async def walk(host: Any) -> list[Walked]:
    """All operations of the running host."""
    document = (await host.get("/api/openapi.json", role="viewer")).json()
    return [
        Walked(method.upper(), template, re.sub(r"\{\w+\}", "nobody", template), one.get("x-role"), one)
        for template, methods in document["paths"].items()
        for method, one in methods.items()
    ]


def by_path(walked: list[Walked]) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Each path with its methods and their roles; HEAD comes with GET."""
    paths: dict[str, dict[str, str | None]] = {}
    for one in walked:
        methods = paths.setdefault(one.path, {})
        methods[one.method] = one.role
        if one.method == "GET":
            methods["HEAD"] = one.role
    yield from paths.items()


async def asked(host: Any, method: str, path: str, role: str | None) -> Any:
    """One request without a body. Streams that never end are only asked for their head."""
    if method == "GET" and path in ENDLESS:
        method = "HEAD"
    async with asyncio.timeout(20):
        return await host.request(method, path, role=role)


async def test_every_route_asks_for_its_role(host: Any) -> None:
    wrong = []
    for one in await walk(host):
        for role in (None, *ROLES):
            answer = await asked(host, one.method, one.path, role)
            got = (answer.status, answer.text if answer.status in (401, 403) else "")
            where = f"{one.method} {one.path} as {role}"
            if one.role is None:
                if answer.status in (401, 403):
                    wrong.append(f"{where}: public, but {got}")
            elif role is None:
                text = "" if one.path in ENDLESS else "missing bearer token"  # HEAD has no body
                if got != (401, text) or "content-type" in answer.headers:
                    wrong.append(f"{where}: {got}")
            elif ROLES.index(role) < ROLES.index(one.role):
                if got != (403, f"{one.role} role required (caller is {role})"):
                    wrong.append(f"{where}: {got}")
            elif answer.status in (401, 403, 405) or answer.status == 500:
                wrong.append(f"{where}: {answer.status} {answer.text[:200]}")
    assert wrong == []


async def test_every_answer_carries_the_headers_of_security(host: Any) -> None:
    for one in await walk(host):
        for role in (None, "admin"):
            answer = await asked(host, one.method, one.path, role)
            where = f"{one.method} {one.path} as {role}"
            assert answer.headers.get("x-content-type-options") == "nosniff", where
            assert answer.headers.get("referrer-policy") == "no-referrer", where
            assert "frame-ancestors 'none'" in answer.headers.get("content-security-policy", ""), where
            assert answer.headers.get("cache-control") in ("no-store", "private, no-cache"), where
            assert "server" not in answer.headers, where


async def test_head_is_get_without_a_body(host: Any) -> None:
    moving = {
        "/metrics",
        "/api/live",
        "/api/projections",
        "/api/health/fleet",
        "/api/plugins",
        "/health/ready",
    }
    for one in await walk(host):
        if one.method != "GET" or one.path in moving:
            continue
        get, head = [await asked(host, method, one.path, "admin") for method in ("GET", "HEAD")]
        assert (head.status, head.body) == (get.status, b""), one.path
        for name in ("content-type", "content-length"):
            assert head.headers.get(name) == get.headers.get(name), f"{name} of {one.path}"


async def test_other_methods_are_405_after_401_and_403(host: Any) -> None:
    for path, methods in by_path(await walk(host)):
        allow = ",".join(name for name in METHODS if name in methods)
        roles = [role for role in methods.values() if role is not None]
        needed = max(map(ROLES.index, roles)) if roles and None not in methods.values() else None
        # By the contract the gate is as high as the path's highest role, but paths of viewers only are open.
        for method in ("OPTIONS", *METHODS):
            if method in methods:
                continue
            for role in (None, *ROLES):
                answer = await asked(host, method, path, role)
                if needed is None:
                    expected = 405
                elif role is None:
                    expected = 401
                else:
                    expected = 403 if ROLES.index(role) < needed else 405
                assert answer.status == expected, f"{method} {path} as {role}: {answer.status}"
                assert answer.headers.get("allow") == allow, f"{method} {path} as {role}"
                assert "content-type" not in answer.headers, f"{method} {path} as {role}"


async def test_the_contract_s_routes_are_there(host: Any) -> None:
    """`contract/http-fleet.md` 1, and the host's own; clients are shown the parameters' names in errors."""
    lines = [line.split() for line in CONTRACT.read_text().splitlines()]
    built = ("host", *INSTALLED)
    promised = {(method, path, role) for owner, method, path, role in lines if owner in built}
    there = {(one.method, one.template, one.role or "public") for one in await walk(host)}
    assert sorted(promised - there) == []


BOUNDED_OTHERWISE = {
    "/api/accounts": "the first 10,000",
    "/api/jobs": "promised whole: a bucket that people fill",
    "/api/schedules": "promised whole: a bucket that people fill",
    "/api/inventory/jobs": "jobs of the catalogue, which is promised whole",
    "/api/inventory/{manifest_id}/history/first_seen": "an untyped query with a limit of at most 5,000",
    "/api/inventory/{manifest_id}/search/{field}": "an untyped query with a limit of at most 5,000",
    "/api/inventory/{manifest_id}/history/search": "an untyped query with a limit of at most 5,000",
    "/api/inventory/{pc_id}": "one row for each inventory job, the first 10,000",
    "/api/agents/releases": "the newest 10,000",
    "/api/app-packages": "the newest 10,000",
    "/api/script-objects": "the newest 10,000",
    "/api/health/scan_durations": "one row for each job, the slowest 10,000",
    "/api/auth/tokens": "at most 50 of an account",
    "/api/views": "at most 1,000 views",
    "/api/tokens": "at most 50 of each account",
    "/api/fleet/pcs/{pc_id}/attributes": "at most 50 of a PC",
}
"""Lists whose description names no `limit`, and why they stay short. That of `/api/agents` may be absent."""


async def test_every_list_of_rows_has_a_limit(host: Any) -> None:
    for one in await walk(host):
        answers = one.details["responses"].get("200", {}).get("content", {}).get("application/json", {})
        if answers.get("schema", {}).get("type") != "array" or one.template in BOUNDED_OTHERWISE:
            continue
        names = {parameter["name"] for parameter in one.details["parameters"]}
        assert "limit" in names, f"{one.method} {one.template} answers a list that nothing bounds"


MANY = 10_050
ROWS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) "
CAPPED = {
    "/api/accounts": (
        "INSERT INTO users (username, role, password_hash, disabled, must_change_pw)"
        " SELECT 'u' || i, 'viewer', '', 0, 0 FROM n"
    ),
    "/api/health/scan_durations": (
        "INSERT INTO execution_results (result_id, request_id, pc_id, job_id, started_at, finished_at)"
        " SELECT 'd' || i, 'q' || i, 'pc', 'j' || i, strftime('%Y-%m-%dT%H:%M:%S', 'now') || '+00:00',"
        " strftime('%Y-%m-%dT%H:%M:%S', 'now') || '+00:00' FROM n"
    ),
    "/api/inventory/pc-1": (
        "INSERT INTO inventory_facts (pc_id, job_id, facts_json, display_json, collected_at)"
        " SELECT 'pc-1', 'j' || i, '{}', '[]', '2026-11-24T12:00:00+00:00' FROM n"
    ),
    "/api/executions": (
        "INSERT INTO executions (exec_id, job_id, version, initiated_by, target_count)"
        " SELECT 'e' || i, 'j', '1', 'operator', 1 FROM n"
    ),
    "/api/results": (
        "INSERT INTO execution_results (result_id, request_id, pc_id, started_at)"
        " SELECT 'r' || i, 'q' || i, 'pc', '2026-11-24T12:00:00+00:00' FROM n"
    ),
    "/api/audit": (
        "INSERT INTO audit_log (actor, action, payload, occurred_at)"
        " SELECT 'operator', 'a' || i, '{}', '2026-11-24T12:00:00+00:00' FROM n"
    ),
    "/api/dead-letters": (
        "INSERT INTO host_dead_letters"
        " (projection, plugin, stream, stream_created, sequence, subject, time_ns)"
        " SELECT 'p.p', 'p', 'S', '', i, 's', 1 FROM n"
    ),
}


UNLIMITED = ("/api/accounts", "/api/health/scan_durations", "/api/inventory/pc-1")
"""They know no `limit`, and end at their cap all the same."""


async def test_the_greatest_limit_is_no_way_to_ask_for_everything(host: Any) -> None:
    """Each list ends at its cap, whatever the client asks for."""
    await host.stop()
    with contextlib.closing(sqlite3.connect(host.database)) as db, db:
        for statement in CAPPED.values():
            db.execute(ROWS + statement)
    await host.start()
    for path in CAPPED:
        answer = (await host.get(f"{path}?limit=4294967295")).json()
        rows = answer["dead_letters"] if isinstance(answer, dict) else answer
        assert 0 < len(rows) <= 10_000, path
        assert path in UNLIMITED or (await host.get(f"{path}?limit=4294967296")).status == 400, path


HOSTILE = {
    "a name that no line of the broker's protocol holds": "a" * 5_000,
    "a zero byte": "%00",
    "a line end": "a%0D%0APUB%20x",
    "wildcards": "*.%3E",
    "a slash": "a%2Fb",
    "dots": "..",
    "the greatest character": "%F4%8F%BF%BF",
    "no UTF-8": "%FF",
    "markup": "%3Cscript%3E",
    "SQL": "'%20OR%201=1--",
}


async def test_hostile_names_hurt_nobody(host: Any) -> None:
    """In each parameter of each route: no 500, and no lost broker."""
    walked = [one for one in await walk(host) if "{" in one.template]
    for kind, text in HOSTILE.items():
        for one in walked:
            where = f"{kind} in {one.method} {one.template}"
            answer = await asked(host, one.method, re.sub(r"\{\w+\}", text, one.template), "admin")
            assert answer.status != 500, f"{where}: {answer.text[:200]}"
            if text == "%FF":
                assert answer.text.startswith("Invalid URL: Invalid UTF-8 in `"), where
            assert host.running.app.broker.bus.connected, where
    assert (await host.put("/api/agents/pc-1/groups", json={"groups": ["a"]})).status == 200


async def test_a_record_of_a_very_long_name_arrives(host: Any) -> None:
    """The subject is cut to what the broker takes; the record has the whole name."""
    name = "Ä" * 4_000
    made = await host.post(
        "/api/accounts", json={"username": name, "password": "long enough", "role": "viewer"}
    )
    assert made.status == 201
    await host.settle()
    [record] = (await host.get("/api/audit?action=account.create")).json()
    assert record["target"] == name
    assert (await host.get("/health/ready", role=None)).json()["ready"]


JOB = {"id": "hello", "version": "1", "execute": {"shell": "powershell", "script": "echo", "timeout": "1m"}}


async def test_a_key_that_nobody_knows_is_refused_where_the_contract_does_not_say_otherwise(
    host: Any,
) -> None:
    """A misspelt `expires_in_days` made a token that lasted for the default time, and nobody was told."""
    promised = {tuple(line.split()[1:3]) for line in CONTRACT.read_text().splitlines()}
    document = (await host.get("/api/openapi.json", role="viewer")).json()
    lenient = []
    for one in await walk(host):
        body = one.details.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or (one.method, one.template) in promised:
            continue
        schema = body["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if schema.get("additionalProperties") is not False:
            lenient.append(f"{one.method} {one.template}")
    assert lenient == ["POST /api/exec/{job_id}/preview"]  # it takes the contract's body of an exec


AWAY = [
    ("GET", "/api/jobs", None),
    ("GET", "/api/jobs/hello/yaml", None),
    ("POST", "/api/jobs", JOB),
    ("DELETE", "/api/jobs/hello", None),
    ("POST", "/api/exec/hello", {"target": {"all": True}}),
    ("POST", "/api/exec/hello/preview", {"target": {"all": True}}),
    ("POST", "/api/emergency/clear", {"reason": "test"}),
    ("POST", "/api/schedules/s/enable", None),
    ("POST", "/api/schedules/s/run", None),
    ("GET", "/api/schedules/s/next", None),
    ("POST", "/api/run", {"pc_id": "pc-1", "shell": "powershell", "script": "echo", "timeout_secs": 60}),
    ("POST", "/api/agents/pc-1/ping", None),
    ("GET", "/api/agents/pc-1/logs", None),
    ("GET", "/api/health/fleet", None),
    ("GET", "/api/schedules", None),
    ("GET", "/api/schedules/s/yaml", None),
    ("DELETE", "/api/schedules/s", None),
    ("POST", "/api/schedules/s/disable", None),
    ("GET", "/api/inventory/jobs", None),
    ("GET", "/api/inventory/hello/search/apps", None),
    ("GET", "/api/scripts/status", None),
    ("POST", "/api/scripts/hello/revoke", None),
    ("GET", "/api/agents/pc-1/groups", None),
    ("PUT", "/api/agents/pc-1/groups", {"groups": ["a"]}),
    ("GET", "/api/groups", None),
    ("GET", "/api/config", None),
    ("PUT", "/api/config", {}),
    ("GET", "/api/agents/pc-1/effective_config", None),
]
"""What needs the broker: 503 while it is away (`contract/http-jobs.md` 13)."""

WELL = [
    *("/api/agents", "/api/results", "/api/executions", "/api/audit", "/api/obs_events", "/api/accounts"),
    *("/api/perf/top?metric=cpu_pct", "/api/health/scan_durations", "/api/jetstream/status", "/api/plugins"),
]
"""What the database alone can answer, or what says by itself that the broker is away."""


async def test_nothing_hangs_and_nothing_breaks_while_the_broker_is_away(host: Any) -> None:
    walked = await walk(host)
    await host.broker.stop()
    for method, path, body in AWAY:
        async with asyncio.timeout(20):
            answer = await host.request(method, path, json=body)
        assert answer.status == 503, f"{method} {path}: {answer.status} {answer.text[:200]}"
    for path in WELL:
        assert (await asked(host, "GET", path, "admin")).status == 200, path
    for one in walked:
        answer = await asked(host, one.method, one.path, "admin")
        assert answer.status not in (500, 504), f"{one.method} {one.path}: {answer.text[:200]}"
        assert (await asked(host, one.method, one.path, None)).status in (401, 503) or one.role is None
    await host.broker.start()
    await host.until(lambda: ready(host), what="the host's recovery")


async def ready(host: Any) -> bool:
    """Writing to the broker works again."""
    return bool((await host.put("/api/config", json={})).status == 200)
