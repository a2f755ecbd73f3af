"""Malformed requests for every route of the fleet plugin, each with the promised answer."""

from __future__ import annotations

import io
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["fleet"])

GROUPS, GLOBAL = "/api/agents/pc-01/groups", "/api/config"
SHAPE = "Failed to deserialize the JSON body into the target type: "
SYNTAX = "Failed to parse the request body as JSON: "
TYPE = "Expected request with `Content-Type: application/json`"
KEY = "key cannot be empty or start/end with `.`"
QUERY = "Failed to deserialize query string: "
JSON = {"Content-Type": "application/json"}

BODIES = [
    ("PUT", GROUPS, b"{}", 422, "missing field `groups` at line 1 column 2"),
    (
        "PUT",
        GROUPS,
        b'{"groups":null}',
        422,
        "groups: invalid type: null, expected a sequence at line 1 column 14",
    ),
    (
        "PUT",
        GROUPS,
        b'{"groups":["a",1]}',
        422,
        "groups[1]: invalid type: integer `1`, expected a string at line 1 column 16",
    ),
    ("PUT", GROUPS, b'{"groups":[],"groups":[]}', 422, "duplicate field `groups` at line 1 column 21"),
    ("PUT", GROUPS, b'{"groups":[" "]}', 400, "group name must not be empty"),
    ("PUT", GROUPS, b'{"groups":["a b"]}', 400, "group name `a b` cannot be used: "),
    ("PUT", GROUPS, b"", 400, "EOF while parsing a value at line 1 column 0"),
    (
        "PUT",
        GROUPS,
        b'{"groups":["' + b"g" * 1025 + b'"]}',
        400,
        "group name `" + "g" * 40 + "…` cannot be used: ",
    ),
    ("POST", GROUPS, b"{}", 422, "missing field `group` at line 1 column 2"),
    (
        "POST",
        GROUPS,
        b'{"group":5}',
        422,
        "group: invalid type: integer `5`, expected a string at line 1 column 10",
    ),
    ("POST", GROUPS, b'{"group":"  "}', 400, "group name must not be empty"),
    ("POST", GROUPS, b'{"group":"a*"}', 400, "group name `a*` cannot be used: "),
    ("POST", GROUPS, b'{"group":".a"}', 400, "group name `.a` cannot be used: "),
    ("POST", GROUPS, b'{"group":"a..b"}', 400, "group name `a..b` cannot be used: "),
    ("POST", GROUPS, b'{"group":"a"', 400, "EOF while parsing an object at line 1 column 12"),
    ("PUT", GLOBAL, b"", 400, "EOF while parsing a value at line 1 column 0"),
    ("PUT", GLOBAL, b"nope", 400, "expected ident at line 1 column 2"),
    ("PUT", GLOBAL, b"\xef\xbb\xbf{}", 400, "expected value at line 1 column 1"),
    ("PUT", GLOBAL, b"{} x", 400, "trailing characters at line 1 column 4"),
    (
        "PUT",
        GLOBAL,
        b'{"heartbeat_interval":30}',
        422,
        "heartbeat_interval: invalid type: integer `30`, expected a string at line 1 column 24",
    ),
    (
        "PUT",
        GLOBAL,
        b'{"process_perf_top_n":-1}',
        422,
        "process_perf_top_n: invalid value: integer `-1`, expected u32 at line 1 column 24",
    ),
    (
        "PUT",
        GLOBAL,
        b'{"process_perf_top_n":1.5}',
        422,
        "process_perf_top_n: invalid type: floating point `1.5`, expected u32 at line 1 column 25",
    ),
    (
        "PUT",
        GLOBAL,
        b'{"process_perf_enabled":"yes"}',
        422,
        'process_perf_enabled: invalid type: string "yes", expected a boolean at line 1 column 29',
    ),
    (
        "PUT",
        GLOBAL,
        b'{"process_perf_expires_at":"2026-05-20"}',
        422,
        "process_perf_expires_at: premature end of input at line 1 column 39",
    ),
    (
        "PUT",
        GLOBAL,
        b'{"target_version":"1","target_version":"2"}',
        422,
        "duplicate field `target_version` at line 1 column 38",
    ),
    ("PUT", "/api/groups/g/config", b"[1]", 422, "invalid type: sequence, expected struct ConfigScope"),
    (
        "PUT",
        "/api/pcs/p/config",
        b'"x"',
        422,
        'invalid type: string "x", expected struct ConfigScope at line 1 column 3',
    ),
]


async def test_bodies(host: Any) -> None:
    for method, path, body, status, core in BODIES:
        answer = await host.request(method, path, data=body, headers=JSON)
        text = {422: SHAPE, 400: "" if core.startswith("group name") else SYNTAX}[status] + core
        assert (answer.status, answer.text[: len(text)]) == (status, text), (method, path, body)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert (await host.get(path)).json() in ({}, {"groups": []})


PATHS = [
    ("GET", "/api/groups/a%20b/config", None, 400, f"read ConfigScope at groups.a b: {KEY}"),
    ("GET", "/api/groups/%E6%97%A5/config", None, 400, f"read ConfigScope at groups.日: {KEY}"),
    ("GET", "/api/pcs/a./config", None, 400, f"read ConfigScope at pcs.a.: {KEY}"),
    ("PUT", "/api/pcs/a*/config", b"{}", 400, f"write ConfigScope at pcs.a*: {KEY}"),
    ("DELETE", "/api/pcs/a%3E/config", None, 400, f"delete KV key pcs.a>: {KEY}"),
    ("GET", "/api/agents/a%20b/groups", None, 400, f"read agent_groups for a b: {KEY}"),
    ("PUT", "/api/agents/.a/groups", b'{"groups":[]}', 400, f"write agent_groups for .a: {KEY}"),
    ("POST", "/api/agents/a%20b/groups", b'{"group":"g"}', 400, f"read agent_groups for a b: {KEY}"),
    ("DELETE", "/api/agents/a%20b/groups/g", None, 400, f"read agent_groups for a b: {KEY}"),
    ("GET", "/api/agents/a%20b/effective_config", None, 400, f"read ConfigScope at pcs.a b: {KEY}"),
    ("GET", "/api/groups/%ff/config", None, 400, "Invalid URL: Invalid UTF-8 in `name`"),
    ("GET", "/api/agents/pc/logs?tail=abc", None, 400, QUERY + "tail: invalid digit found in string"),
    ("GET", "/api/agents/pc/logs?tail=", None, 400, QUERY + "tail: cannot parse integer from empty string"),
    ("GET", "/api/agents/pc/logs?tail=1&tail=2", None, 400, QUERY + "duplicate field `tail`"),
    (
        "POST",
        "/api/agents/pc/ping?wait_secs=-1",
        None,
        400,
        QUERY + "wait_secs: invalid digit found in string",
    ),
    ("DELETE", "/api/config", None, 405, ""),
    ("PATCH", "/api/agents/pc/groups", None, 405, ""),
    ("POST", "/api/groups", None, 405, ""),
    ("GET", "/api/agents/pc/ping", None, 405, ""),
    ("POST", "/api/health/fleet", None, 405, ""),
    ("PUT", "/api/jetstream/status", None, 405, ""),
]


async def test_paths_and_queries(host: Any) -> None:
    for method, path, body, status, text in PATHS:
        answer = await host.request(method, path, data=body, headers=JSON if body is not None else None)
        assert (answer.status, answer.text) == (status, text), (method, path)


WRITES = [
    ("PUT", GLOBAL, b"{}"),
    ("PUT", "/api/groups/g/config", b"{}"),
    ("DELETE", "/api/groups/g/config", None),
    ("PUT", "/api/pcs/p/config", b"{}"),
    ("DELETE", "/api/pcs/p/config", None),
    ("PUT", GROUPS, b'{"groups":[]}'),
    ("POST", GROUPS, b'{"group":"g"}'),
    ("DELETE", f"{GROUPS}/g", None),
    ("POST", "/api/agents/pc-01/ping", None),
]
READS = [
    GLOBAL,
    "/api/groups/g/config",
    "/api/pcs/p/config",
    GROUPS,
    "/api/groups",
    "/api/agents/p/effective_config",
    "/api/agents/p/logs",
    "/api/health/fleet",
    "/api/jetstream/status",
]


async def test_viewers_only_read(host: Any) -> None:
    for method, path, body in WRITES:
        answer = await host.request(method, path, data=body, role="viewer")
        assert (answer.status, answer.text) == (403, "operator role required (caller is viewer)"), path


async def test_a_log_in_is_needed(host: Any) -> None:
    for path in READS:
        assert (await host.get(path, role=None)).status == 401, path
    for method, path, body in WRITES:
        assert (await host.request(method, path, data=body, role=None)).status == 401, path


async def test_other_content_types_and_sizes(host: Any) -> None:
    for method, path, body in WRITES:
        if body is None:
            continue
        for headers in (None, {"Content-Type": "text/json"}):
            answer = await host.request(method, path, data=body, headers=headers)
            assert (answer.status, answer.text) == (415, TYPE), path
        answer = await host.request(method, path, data=io.BytesIO(b" " * (2 * 1024 * 1024 + 1)), headers=JSON)
        text = "Failed to buffer the request body: length limit exceeded"
        assert (answer.status, answer.text) == (413, text), path


async def test_the_broker_is_away(host: Any) -> None:
    await host.broker.stop()
    away = "KV bucket unavailable: failed to get the bucket"
    for path in (GLOBAL, "/api/groups/g/config", "/api/pcs/p/config", GROUPS):
        answer = await host.get(path)
        bucket = "agent_groups" if path == GROUPS else "agent_config"
        assert answer.status == 503, path
        assert answer.text.startswith(f"{bucket} {away}"), path
    for path in ("/api/groups", "/api/agents/p/effective_config"):
        assert (await host.get(path)).status == 503, path
    for method, path, body in WRITES:
        answer = await host.request(method, path, data=body, headers=JSON if body is not None else None)
        assert answer.status == 503, path


async def test_a_bucket_is_missing(host: Any) -> None:
    await host.broker.api("STREAM.DELETE.KV_agent_config")
    answer = await host.get(GLOBAL)
    if answer.status == 200:  # the host has made it anew already
        return
    text = "failed to get the bucket: jetstream error: stream not found (code 404, error code 10059)"
    assert (answer.status, answer.text) == (503, f"agent_config KV bucket unavailable: {text}")
