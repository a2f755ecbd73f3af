"""The routes of the host itself, and the description that is made from all routes."""

from __future__ import annotations

import json
import sqlite3
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import msgspec
import pytest
from openapi_spec_validator import validate

import kanade_host
from kanade_host.observe.health import Reason
from kanade_host.plugin import U32, HttpErrorText, Instant, Permission, Role, Route
from kanade_host.web.host_routes import from_here

V = Permission("h.view", Role.VIEWER)
O = Permission("h.operate", Role.OPERATOR)  # noqa: E741
SCHEMA = Path(kanade_host.__file__).parent / "store/migrations/sqlite/0001_host.sql"
NOON = Instant("2026-11-24T12:00:00+00:00")


@pytest.fixture
def served(site: Any) -> Any:
    site.serve([])
    return site


async def test_health(served: Any) -> None:
    answer = await served.get("/health", role=None)
    assert (answer.status, answer.headers["content-type"], answer.text) == (
        200,
        "text/plain; charset=utf-8",
        "ok",
    )
    served.host.starting = "the broker is waited for"
    assert (await served.get("/health", role=None)).text == "starting"
    assert (await served.get("/api/plugins")).status == 200, "what is there is served all the same"


async def test_readiness_names_its_reasons(served: Any) -> None:
    assert json.loads((await served.get("/health/ready", role=None)).body) == {
        "ready": True, "starting": None, "reasons": [],
    }  # fmt: skip
    served.host.not_well = [
        Reason("broker", "it is away", NOON),
        Reason("plugin x", "slow", NOON, blocking=False),
    ]
    answer = await served.get("/health/ready", role=None)
    assert answer.status == 503
    assert json.loads(answer.body)["reasons"] == [
        {"part": "broker", "text": "it is away", "since": "2026-11-24T12:00:00Z", "blocking": True},
        {"part": "plugin x", "text": "slow", "since": "2026-11-24T12:00:00Z", "blocking": False},
    ]
    assert (await served.get("/health/live", role=None)).status == 200
    served.host.dead = "the writer does not come back"
    assert (await served.get("/health/live", role=None)).status == 503


@pytest.mark.parametrize("path", ["/health/ready", "/metrics"])
async def test_figures_are_for_this_computer_and_administrators(served: Any, path: str) -> None:
    proxied = "X-Forwarded-For: 203.0.113.7"
    assert (await served.get(path, role=None)).status == 200
    assert (await served.get(path, proxied, role=None)).status == 401
    assert (await served.get(path, proxied, role="operator")).status == 403
    assert (await served.get(path, proxied, role="admin")).status == 200


@pytest.mark.parametrize(
    "remote, here",
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False),
     ("fe80::1%eth0", False), ("", False)],
)  # fmt: skip
def test_loopback(remote: str, here: bool) -> None:
    assert from_here(SimpleNamespace(headers={}, remote=remote)) is here  # type: ignore[arg-type]


async def test_what_runs(served: Any) -> None:
    version = json.loads((await served.get("/api/version", role=None)).body)
    assert version == {"version": "0.43.25", "kanade_host": "1.2.3"}
    assert json.loads((await served.get("/api/plugins", role="viewer")).body)["plugins"][0]["name"] == "shop"
    assert json.loads((await served.get("/api/projections", role="viewer")).body)["projections"]
    assert (await served.get("/api/plugins", role=None)).status == 401


async def test_http_figures(served: Any) -> None:
    from prometheus_client import CollectorRegistry, generate_latest

    await served.get("/health")
    await served.get("/api/nothing/secret-name")
    registry = CollectorRegistry()
    registry.register(served.server.metrics)
    text = generate_latest(registry).decode()
    assert (
        'kanade_http_requests_total{method="GET",plugin="host",route="GET /health",status="200"} 1.0' in text
    )
    assert 'kanade_http_request_duration_seconds_count{plugin="host",route="GET /health"} 1.0' in text
    assert "kanade_live_clients 0.0" in text
    assert "secret-name" not in text


# -- dead letters ------------------------------------------------------------------------------


@pytest.fixture
def letters(served: Any) -> Any:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.row_factory = sqlite3.Row
    database.executescript(SCHEMA.read_text())
    for number, body in enumerate([b'{"a":1', b"\xff\xfe", b"x"], start=1):
        projection = "shop.sales" if number < 3 else "shop.other"
        database.execute(
            "INSERT INTO host_dead_letters(projection, plugin, stream, stream_created, sequence, subject,"
            " time_ns, body, error, traceback)"
            " VALUES (?, 'shop', 'EVENTS', 'c', ?, 'events.x', 1000000000, ?, 'bad', 'tb')",
            (projection, number, body),
        )
    served.host.database = database
    yield served
    database.close()


async def listed(site: Any, query: str = "") -> Any:
    answer = await site.get(f"/api/dead-letters{query}")
    assert answer.status == 200, answer.text
    return json.loads(answer.body)


async def test_dead_letters_are_listed_newest_first_in_pages(letters: Any) -> None:
    assert [one["id"] for one in (await listed(letters))["dead_letters"]] == [3, 2, 1]
    page = await listed(letters, "?limit=2")
    assert ([one["id"] for one in page["dead_letters"]], page["next"]) == ([3, 2], 2)
    page = await listed(letters, "?limit=2&before=2")
    assert ([one["id"] for one in page["dead_letters"]], page["next"]) == ([1], None)
    assert len((await listed(letters, "?projection=shop.other"))["dead_letters"]) == 1
    assert (await listed(letters, "?status=replay"))["dead_letters"] == []
    assert (await letters.get("/api/dead-letters", role="operator")).status == 403


async def test_one_dead_letter(letters: Any) -> None:
    one = json.loads((await letters.get("/api/dead-letters/1")).body)
    assert (one["body"], one["encoding"], one["traceback"]) == ('{"a":1', "utf-8", "tb")
    assert (one["subject"], one["time"], one["size"]) == ("events.x", "1970-01-01T00:00:01Z", 6)
    two = json.loads((await letters.get("/api/dead-letters/2")).body)
    assert (two["body"], two["encoding"]) == ("//4=", "base64")
    for wrong in ("9", "x", "-1", "9" * 30):
        assert (await letters.get(f"/api/dead-letters/{wrong}")).status == 404


async def test_replay_and_discard(letters: Any) -> None:
    answer = await letters.ask("POST", "/api/dead-letters/1/replay")
    assert json.loads(answer.body) == {"id": 1, "status": "replay"}
    assert letters.host.replays == 1
    assert (await listed(letters, "?status=replay"))["dead_letters"][0]["id"] == 1
    record = json.loads(letters.host.sent[0][1])
    assert (record["action"], record["target"], record["payload"]["sub"]) == (
        "dead_letter_replay",
        "1",
        "a admin",
    )
    gone = await letters.ask("POST", "/api/dead-letters/1/discard")
    assert (gone.status, gone.body) == (204, b"")
    assert (await letters.ask("POST", "/api/dead-letters/1/discard")).status == 404
    assert (await letters.ask("POST", "/api/dead-letters/1/replay", role="operator")).status == 403


async def test_before_there_is_a_database(served: Any) -> None:
    assert (await served.get("/api/dead-letters")).status == 503


# -- the description ---------------------------------------------------------------------------


class Target(msgspec.Struct):
    """Where to."""

    group: str | None = None
    at: Instant | None = None


class Order(msgspec.Struct, kw_only=True):
    target: Target
    count: U32 = 1


class Level(Enum):
    LOW = "low"
    HIGH = "high"


class Search(msgspec.Struct):
    limit: Annotated[U32, msgspec.Meta(description="Most rows")] = 50
    order: Literal["asc", "desc"] = "asc"
    since: Instant | None = None
    tag: list[str] = []
    level: Level | None = None


class NoSchema:
    pass


@pytest.fixture
def described(site: Any, echo_handler: Any) -> Any:
    many, one = "/api/orders", "/api/orders/{id}"
    gone = {409: "sold out"}
    up = "/api/files/{name}/{version}"
    site.serve(
        [
            Route("GET", many, echo_handler, V, "All", query=Search, response=list[Order], fresh=("o",)),
            Route(
                "POST",
                many,
                echo_handler,
                O,
                "New",
                request=Order,
                status=201,
                audits=("order",),
                errors=gone,
            ),
            Route("GET", one, echo_handler, V, "One", response=Order),
            Route("DELETE", "/api/orders/{order_id}", echo_handler, O, "Away", status=204),
            Route("POST", up, echo_handler, O, "Up", body="stream", too_large=HttpErrorText(400, "x")),
            Route("GET", "/api/odd", echo_handler, V, "Odd", response=NoSchema),
            Route("GET", "/api/free", echo_handler, V, "Free", response=dict[str, object]),
        ]
    )
    return site


async def test_the_description_is_valid_and_complete(described: Any) -> None:
    answer = await described.get("/api/openapi.json", role="viewer")
    found = json.loads(answer.body)
    validate(found)
    assert found["openapi"].startswith("3.1")
    post = found["paths"]["/api/orders"]["post"]
    assert (post["x-permission"], post["x-role"], post["x-plugin"]) == ("h.operate", "operator", "shop")
    assert post["tags"] == ["shop"]
    assert post["x-audits"] == ["order"]
    assert "409" in post["responses"]
    assert post["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Order"
    }
    parameters = {one["name"]: one for one in found["paths"]["/api/orders"]["get"]["parameters"]}
    assert set(parameters) == {"limit", "order", "since", "tag", "level"}
    assert parameters["limit"]["description"] == "Most rows"
    assert set(found["components"]["schemas"]) >= {"Order", "Target", "Level"}
    free = found["paths"]["/api/free"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert free["type"] == "object"
    assert "Search" not in found["components"]["schemas"]
    assert {"type": "string", "format": "date-time"} in parameters["since"]["schema"]["anyOf"]
    assert set(found["paths"]["/api/orders/{id}"]) == {"get", "delete"}
    assert found["paths"]["/api/version"]["get"]["security"] == []
    routes = {(one.route.method.lower(), one.route.path) for one in described.server.mounts}
    ours = {(method, path) for path, item in found["paths"].items() for method in item}
    assert len(ours) == len(routes)


async def test_it_is_kept_until_the_routes_change(described: Any) -> None:
    first = await described.get("/api/openapi.json")
    assert (await described.get("/api/openapi.json", f"If-None-Match: {first.headers['etag']}")).status == 304
    described.serve([])
    again = await described.get("/api/openapi.json", f"If-None-Match: {first.headers['etag']}")
    assert again.status == 200
    assert "/api/orders" not in json.loads(again.body)["paths"]
