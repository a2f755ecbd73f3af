"""Paths, methods, roles, and the order in which they are decided (http-fleet.md 1.1, 3.1; host.md 13)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kanade_host.plugin import (
    Credentials,
    HttpError,
    NotMine,
    Permission,
    Refusal,
    Response,
    Role,
    Route,
    StoreUnavailable,
)

V = Permission("a.view", Role.VIEWER)
O = Permission("a.operate", Role.OPERATOR)  # noqa: E741
A = Permission("a.administer", Role.ADMIN)
TEXT = "text/plain; charset=utf-8"


def routes(handler: Any) -> list[Route]:
    table = [
        ("GET", "/api/agents", V),
        ("GET", "/api/agents/{pc_id}", V),
        ("GET", "/api/agents/{pc_id}/groups", V),
        ("PUT", "/api/agents/{pc_id}/groups", O),
        ("POST", "/api/agents/{pc_id}/groups", O),
        ("DELETE", "/api/agents/{pc_id}/groups/{group}", O),
        ("GET", "/api/agents/releases", V),
        ("POST", "/api/agents/publish", O),
        ("GET", "/api/config", V),
        ("PUT", "/api/config", O),
        ("GET", "/api/accounts", A),
        ("POST", "/api/accounts", A),
        ("PATCH", "/api/accounts/{username}", A),
        ("DELETE", "/api/accounts/{username}", A),
        ("GET", "/api/things/{id}", V),
        ("POST", "/api/things/{id}", O),
        ("DELETE", "/api/things/{id}", O),
        ("GET", "/api/inventory/jobs", V),
        ("GET", "/api/inventory/{pc_id}", V),
        ("GET", "/api/inventory/{manifest_id}/search/{field}", V),
        ("POST", "/api/auth/login", None),
    ]
    return [Route(method, path, handler, need, "x") for method, path, need in table]  # type: ignore[arg-type]


@pytest.fixture
def served(site: Any, echo_handler: Any) -> Any:
    site.serve(routes(echo_handler))
    return site


@pytest.mark.parametrize(
    "path, captured",
    [
        ("/api/agents", {}),
        ("/api/agents/releases", {}),
        ("/api/agents/pc-1", {"pc_id": "pc-1"}),
        ("/api/agents/a%2Fb", {"pc_id": "a/b"}),
        ("/api/agents/a+b", {"pc_id": "a+b"}),
        ("/api/agents/a%2Bb%20c", {"pc_id": "a+b c"}),
        ("/api/agents/%E6%97%A5", {"pc_id": "日"}),
        ("/api/agents/%zz", {"pc_id": "%zz"}),
        ("/api/agents/a%00b", {"pc_id": "a\x00b"}),
        ("/api/agents/..", {"pc_id": ".."}),
        ("/api/agents/releases/groups", {"pc_id": "releases"}),
        ("/api/inventory/jobs", {}),
        ("/api/inventory/jobs/search/name", {"manifest_id": "jobs", "field": "name"}),
        ("/api/agents?x=/api/config", {}),
        ("http://elsewhere/api/agents/pc-1", {"pc_id": "pc-1"}),
    ],
)
async def test_matches(served: Any, path: str, captured: dict[str, str]) -> None:
    answer = await served.get(path)
    assert (answer.status, json.loads(answer.body)["path"]) == (200, captured)


@pytest.mark.parametrize(
    "path", ["/api/agents/", "/api/agents/X/", "/api/%61gents", "/api/agents//groups", "/api/"]
)
async def test_api_paths_without_a_route_are_404_for_every_method(served: Any, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = await served.ask(method, path)
        assert (answer.status, answer.headers["content-type"], bool(answer.body)) == (404, TEXT, True)
        assert (await served.ask(method, path, role=None)).status == 401


@pytest.mark.parametrize("path", ["//api/agents", "/api", "/API/agents", "/%61pi/agents", "/x/../api/agents"])
async def test_other_paths_are_pages_for_everybody(served: Any, path: str) -> None:
    answer = await served.get(path, role=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html")
    refused = await served.ask("POST", path, role=None)
    assert (refused.status, refused.headers["allow"], refused.body) == (405, "GET,HEAD", b"")


@pytest.mark.parametrize(
    "path, name",
    [
        ("/api/agents/%FF", "pc_id"),
        ("/api/agents/x/groups", None),
        ("/api/inventory/a/search/%C0%80", "field"),
    ],
)
async def test_captured_bytes_must_be_utf8(served: Any, path: str, name: str | None) -> None:
    answer = await served.get(path)
    if name is None:
        assert answer.status == 200
    else:
        assert (answer.status, answer.headers["content-type"]) == (400, TEXT)
        assert answer.text == f"Invalid URL: Invalid UTF-8 in `{name}`"


@pytest.mark.parametrize(
    "method, path, role, status, body, allow",
    [
        ("GET", "/api/config", None, 401, "missing bearer token", None),
        ("PATCH", "/api/config", None, 401, "missing bearer token", "GET,HEAD,PUT"),
        ("PATCH", "/api/config", "viewer", 403, "operator role required (caller is viewer)", "GET,HEAD,PUT"),
        ("PATCH", "/api/config", "operator", 405, "", "GET,HEAD,PUT"),
        ("PUT", "/api/config", "viewer", 403, "operator role required (caller is viewer)", None),
        ("GET", "/api/config", "viewer", 200, None, None),
        ("GET", "/api/agents/publish", "viewer", 403, "operator role required (caller is viewer)", "POST"),
        ("GET", "/api/agents/publish", "admin", 405, "", "POST"),
        ("PUT", "/api/accounts", "viewer", 403, "admin role required (caller is viewer)", "GET,HEAD,POST"),
        (
            "PUT",
            "/api/accounts",
            "operator",
            403,
            "admin role required (caller is operator)",
            "GET,HEAD,POST",
        ),
        ("PUT", "/api/accounts", "admin", 405, "", "GET,HEAD,POST"),
        ("GET", "/api/accounts/%FF", "admin", 405, "", "PATCH,DELETE"),
        ("PATCH", "/api/accounts/%FF", "operator", 403, "admin role required (caller is operator)", None),
        ("OPTIONS", "/api/things/1", "admin", 405, "", "GET,HEAD,POST,DELETE"),
        ("DELETE", "/api/agents/x/groups", "admin", 405, "", "GET,HEAD,PUT,POST"),
        ("POST", "/api/agents", "viewer", 405, "", "GET,HEAD"),
        ("POST", "/api/agents", None, 401, "missing bearer token", "GET,HEAD"),
        ("PROPFIND", "/api/agents", "viewer", 405, "", "GET,HEAD"),
        ("GET", "/api/auth/login", None, 405, "", "POST"),
        ("GET", "/api/auth/login/", None, 401, "missing bearer token", None),
        ("PATCH", "/api/version", None, 405, "", "GET,HEAD"),
        ("GET", "/api/version/", None, 401, "missing bearer token", None),
        ("POST", "/health", None, 405, "", "GET,HEAD"),
    ],
)
async def test_order(
    served: Any, method: str, path: str, role: str, status: int, body: str, allow: str
) -> None:
    answer = await served.ask(method, path, role=role)
    assert (answer.status, answer.headers.get("allow")) == (status, allow)
    if body is not None:
        assert answer.text == body
        assert "content-type" not in answer.headers
        assert "www-authenticate" not in answer.headers


async def test_head_is_get_without_the_body(served: Any) -> None:
    whole, head = await served.get("/api/agents"), await served.ask("HEAD", "/api/agents")
    assert head.status == 200
    assert head.headers["content-type"] == whole.headers["content-type"] == "application/json"
    assert int(head.headers["content-length"]) == len(whole.body) + 1  # the echo says HEAD


async def test_head_lines_are_lower_case_and_ours_alone(served: Any) -> None:
    answer = await served.get("/api/agents")
    names = [name for name, _ in answer.lines]
    assert names == [name.lower() for name in names]
    assert len(set(names)) == len(names)
    assert {"date", "content-length", "x-request-id", "x-content-type-options", "x-kanade-commit"} <= set(
        names
    )
    assert "server" not in names
    assert answer.headers["cache-control"] == "no-store"
    assert answer.phrase == "OK"


async def test_request_ids_are_taken_over_when_they_are_harmless(served: Any) -> None:
    assert (await served.get("/health", "X-Request-Id: abc-1")).headers["x-request-id"] == "abc-1"
    assert (await served.get("/health", "X-Request-Id: a b")).headers["x-request-id"] != "a b"
    first, second = await served.get("/health"), await served.get("/health")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


class Told:
    """Answers what it was told to."""

    def __init__(self, verdict: Any) -> None:
        self.name, self.verdict = "told", verdict

    async def authenticate(self, _: Any) -> Any:
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


@pytest.mark.parametrize(
    "verdicts, status, text",
    [
        ([], 401, "missing bearer token"),
        ([NotMine(), NotMine()], 401, "missing bearer token"),
        ([Refusal("unknown account")], 401, "unknown account"),
        ([NotMine(), Refusal("account disabled")], 401, "account disabled"),
        ([StoreUnavailable("locked")], 503, "auth backend unavailable"),
        ([RuntimeError("a bug")], 401, "authenticator 'told' failed"),
        ([None], 401, "authenticator 'told' failed"),
        ([Refusal("slow down", 429, retry_after=7)], 429, "slow down"),
    ],
)
async def test_closed_unless_somebody_says_who(
    site: Any, echo_handler: Any, verdicts: list[Any], status: int, text: str
) -> None:
    site.serve(routes(echo_handler), authenticators=[Told(one) for one in verdicts])
    for path in ("/api/agents", "/api/nothing"):
        answer = await site.get(path, role="whoever")
        assert (answer.status, answer.text) == (status, text)
        assert "content-type" not in answer.headers
    assert (await site.ask("POST", "/api/auth/login", role="whoever")).status == 200
    if status == 429:
        assert answer.headers["retry-after"] == "7"


async def test_an_authenticator_whose_plugin_is_down_is_503(site: Any, echo_handler: Any) -> None:
    plugin = site.serve(routes(echo_handler))
    plugin.serves, plugin.reason = False, "it broke"
    answer = await site.get("/api/agents")
    assert (answer.status, answer.text) == (503, "auth backend unavailable")


async def test_routes_of_a_plugin_that_is_down_name_it(
    site: Any, echo_handler: Any, fake_plugin: Any
) -> None:
    auth = fake_plugin("auth", [], [site.tokens])
    shop = fake_plugin("shop", routes(echo_handler))
    site.server.open({"auth": auth, "shop": shop})
    assert (await site.get("/api/agents")).status == 200
    shop.serves, shop.reason = False, "its task failed"
    answer = await site.get("/api/agents")
    assert (answer.status, answer.text) == (503, "plugin 'shop' is not running: its task failed")
    assert (await site.get("/api/agents", role=None)).status == 401
    assert (await site.get("/api/plugins")).status == 200


async def test_before_the_plugins_are_open_api_is_503_and_health_starting(site: Any) -> None:
    site.host.starting = "the database is migrated"
    for path in ("/api/agents", "/api/plugins", "/health"):
        answer = await site.get(path, role=None)
        assert (answer.status, answer.text) == (503, "starting")
    assert (await site.get("/api/version", role=None)).status == 200
    assert (await site.get("/", role=None)).status == 200


async def bug(_: Any) -> Any:
    raise KeyError("a secret")


async def teapot(_: Any) -> Any:
    raise HttpError(418, "short and stout", {"x-more": "1"})


async def status_only(_: Any) -> Any:
    raise HttpError(404)


async def nothing(_: Any) -> Any:
    return None


async def created(_: Any) -> Any:
    return Response(status=201)


async def pdf(_: Any) -> Any:
    headers = {
        "Content-Disposition": "attachment",
        "Content-Length": "999",
        "Server": "x",
        "Connection": "close",
    }
    return Response(b"%PDF", content_type="application/pdf", headers=headers)


async def injected(_: Any) -> Any:
    return Response(b"", headers={"x-a": "b\r\nset-cookie: evil=1"})


async def unencodable(_: Any) -> Any:
    return {"x": object()}


async def locked(_: Any) -> Any:
    raise StoreUnavailable("database is locked")


@pytest.mark.parametrize(
    "handler, status, kind, body",
    [
        (bug, 500, TEXT, None),
        (unencodable, 500, TEXT, None),
        (injected, 500, TEXT, None),
        (locked, 503, TEXT, "database is locked"),
        (teapot, 418, TEXT, "short and stout"),
        (status_only, 404, None, ""),
        (nothing, 204, None, ""),
        (created, 201, None, ""),
        (pdf, 200, "application/pdf", "%PDF"),
    ],
)
async def test_kinds_of_answers(site: Any, handler: Any, status: int, kind: str, body: str | None) -> None:
    site.serve([Route("POST", "/api/x", handler, V, "x")])
    answer = await site.ask("POST", "/api/x")
    assert (answer.status, answer.headers.get("content-type")) == (status, kind)
    if body is not None:
        assert answer.text == body
    assert "secret" not in answer.text
    assert "server" not in answer.headers
    assert ("content-length" in answer.headers) == (status != 204)
    if handler is teapot:
        assert answer.headers["x-more"] == "1"


async def test_long_targets_are_taken(served: Any) -> None:
    assert (await served.get("/api/agents?q=" + "x" * 60_000)).status == 200


async def test_connections_are_kept_and_pipelined(served: Any) -> None:
    wire = await served.wire()
    one = b"GET /api/agents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer viewer\r\n\r\n"
    await wire.send(one * 3)
    assert [(await wire.answer()).status for _ in range(3)] == [200, 200, 200]
    await wire.send(one.replace(b"1.1", b"1.0"))
    answer = await wire.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")


@pytest.mark.parametrize(
    "rubbish", [b"GET\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"]
)
async def test_no_http_is_400_and_the_end(served: Any, rubbish: bytes) -> None:
    wire = await served.wire()
    await wire.send(rubbish)
    answer = await wire.answer()
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert "server" not in answer.headers
    assert await wire.reader.read() == b""


class Hangs:
    """Never says anything."""

    name = "hangs"

    async def authenticate(self, _: Any) -> Any:
        await asyncio.Event().wait()


async def test_an_authenticator_that_hangs_is_503(
    site: Any, echo_handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = site.server.authentication.ask_within
    monkeypatch.setattr(
        site.server.authentication, "ask_within", lambda shown, seconds=0.05: ask(shown, 0.05)
    )
    site.serve(routes(echo_handler), authenticators=[Hangs()])
    answer = await site.get("/api/agents")
    assert (answer.status, answer.text) == (503, "auth backend unavailable")
    assert (await site.ask("POST", "/api/auth/login")).status == 200, "who it is does not matter there"


async def test_what_an_authenticator_is_shown(site: Any, echo_handler: Any) -> None:
    seen: list[Credentials] = []

    class Looks:
        name = "looks"

        async def authenticate(self, credentials: Credentials) -> Any:
            seen.append(credentials)
            return NotMine()

    site.serve(routes(echo_handler), authenticators=[Looks()])
    await site.get("/api/agents?token=x", "X-Kanade-Source: cli", "Authorization: Bearer b", role="a")
    [shown] = seen
    assert (shown.authorization, shown.method, shown.path) == ("Bearer b", "GET", "/api/agents")
    assert shown.remote == "127.0.0.1"
    assert shown.headers["x-kanade-source"] == "cli"
    assert {"host", "authorization", "x-kanade-source"} == set(shown.headers)
    assert len(shown.headers) == 3
