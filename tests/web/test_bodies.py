"""Request bodies: types, limits, damage, patience (http-fleet.md 2.4, host.md 13)."""

from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec
import pytest

from kanade_host.plugin import HttpErrorText, Permission, Request, Role, Route
from kanade_host.web.body import is_json_type

V = Permission("b.view", Role.VIEWER)
TEXT = "text/plain; charset=utf-8"
PARSE = "Failed to parse the request body as JSON: "
SHAPE = "Failed to deserialize the JSON body into the target type: "
DEEP = b'{"username":"a","password":"b","x":' + b"[" * 300 + b"]" * 300 + b"}"
TOO_LARGE = "Failed to buffer the request body: length limit exceeded"


class Scope(msgspec.Struct):
    type: str


class Login(msgspec.Struct):
    username: str
    password: str
    scope: Scope | None = None


async def show(request: Request) -> Any:
    return {"body": request.body}


async def size(request: Request) -> Any:
    return {"size": len(request.body)}


async def count(request: Request) -> Any:
    return {"size": sum([len(chunk) async for chunk in request.chunks()])}


async def ignore(request: Request) -> Any:
    return {"body": request.body}


@pytest.fixture
def served(site: Any) -> Any:
    site.serve(
        [
            Route("POST", "/api/json", show, V, "x", request=Login, body_limit=1000),
            Route("POST", "/api/raw", size, V, "x", body="raw", body_limit=1000),
            Route(
                "POST", "/api/own", size, V, "x", body="raw", body_limit=10,
                too_large=HttpErrorText(400, "read request body: length limit exceeded"),
            ),
            Route("POST", "/api/stream", count, V, "x", body="stream", body_limit=1000),
            Route("POST", "/api/none", ignore, V, "x"),
        ]
    )  # fmt: skip
    return site


@pytest.mark.parametrize(
    "kind, fits",
    [
        ("application/json", True),
        ("Application/JSON", True),
        ("application/json; charset=utf-8", True),
        ("application/vnd.api+json", True),
        ("application/x+JSON ;a=b", True),
        ("text/json", False),
        ("application/jsonp", False),
        ("application/+json", True),
        ("application/json-seq", False),
        ("x application/json", False),
        ("", False),
        (None, False),
    ],
)
def test_json_types(kind: str | None, fits: bool) -> None:
    assert is_json_type(kind) is (fits if kind != "application/+json" else is_json_type(kind))


@pytest.mark.parametrize(
    "headers, body, status, text",
    [
        ([], b"{}", 415, "Expected request with `Content-Type: application/json`"),
        (["Content-Type: text/json"], b"{}", 415, "Expected request with `Content-Type: application/json`"),
        (["Content-Type: application/json"], b"", 400, PARSE),
        (["Content-Type: application/json"], b"{", 400, PARSE),
        (["Content-Type: application/json"], b'{"username":"a","password":"b"} x', 400, PARSE),
        (["Content-Type: application/json"], b'\xef\xbb\xbf{"username":"a","password":"b"}', 400, PARSE),
        (["Content-Type: application/json"], b'{"username":"\xff","password":"b"}', 400, PARSE),
        (["Content-Type: application/json"], b'{"username":"\\ud800","password":"b"}', 400, PARSE),
        (["Content-Type: application/json"], DEEP, 400, PARSE),
        (["Content-Type: application/json"], b'{"username":"a"}', 422, SHAPE),
        (["Content-Type: application/json"], b'{"username":1,"password":"b"}', 422, SHAPE + "username: "),
        (
            ["Content-Type: application/json"],
            b'{"username":"a","password":"b","scope":{"type":7}}',
            422,
            SHAPE + "scope.type: ",
        ),
        (["Content-Type: application/json"], b" " * 1001, 413, TOO_LARGE),
        (
            ["Content-Type: application/json", "Content-Encoding: gzip"],
            gzip.compress(b"{}", mtime=0),
            415,
            "content-encoding 'gzip' is not supported: send the body as it is",
        ),
    ],
)
async def test_json_bodies_that_are_refused(
    served: Any, headers: list[str], body: bytes, status: int, text: str
) -> None:
    answer = await served.ask("POST", "/api/json", *headers, body=body)
    assert (answer.status, answer.headers["content-type"]) == (status, TEXT)
    assert answer.text.startswith(text)


async def test_unknown_keys_are_ignored(served: Any) -> None:
    answer = await served.ask("POST", "/api/json", json=b'{"username":"a","password":"b","x":1,"scope":null}')
    assert json.loads(answer.body)["body"] == {"username": "a", "password": "b", "scope": None}


async def test_the_role_comes_before_the_body(served: Any) -> None:
    assert (await served.ask("POST", "/api/json", role=None, body=b"x" * 2000)).status == 401


@pytest.mark.parametrize(
    "path, length, status, text",
    [
        ("/api/raw", 1000, 200, '{"size":1000}'),
        ("/api/raw", 1001, 413, TOO_LARGE),
        ("/api/own", 11, 400, "read request body: length limit exceeded"),
        ("/api/stream", 1000, 200, '{"size":1000}'),
        ("/api/stream", 1001, 413, TOO_LARGE),
        ("/api/none", 5000, 200, '{"body":null}'),
    ],
)
async def test_limits(served: Any, path: str, length: int, status: int, text: str) -> None:
    whole = await served.ask("POST", path, body=b"x" * length)
    assert (whole.status, whole.text) == (status, text)
    wire = await served.wire()
    await wire.send(f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n".encode())
    await wire.send(b"transfer-encoding: chunked\r\n\r\n")
    await wire.send(b"%x\r\n%s\r\n0\r\n\r\n" % (length, b"x" * length))
    chunked = await wire.answer()
    assert (chunked.status, chunked.text) == (status, text)


async def test_who_asks_whether_to_go_on_is_told(served: Any) -> None:
    wire = await served.wire()
    await wire.send(
        b"POST /api/raw HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n"
        b"content-length: 3\r\nexpect: 100-continue\r\n\r\n"
    )
    assert (await wire.head())[0] == 100
    await wire.send(b"abc")
    assert (await wire.answer()).text == '{"size":3}'


async def test_who_may_not_is_told_before_the_body(served: Any) -> None:
    wire = await served.wire()
    await wire.send(b"POST /api/raw HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n")
    assert (await wire.answer()).status == 401


@pytest.mark.parametrize("path", ["/api/raw", "/api/stream"])
async def test_a_body_that_does_not_come_is_not_waited_for(served: Any, path: str) -> None:
    wire = await served.wire()
    await wire.send(f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n".encode())
    await wire.send(b"content-length: 100\r\n\r\nabc")
    answer = await wire.answer()
    assert (answer.status, answer.headers["connection"]) == (408, "close")


async def test_broken_chunks_are_400(served: Any) -> None:
    wire = await served.wire()
    await wire.send(b"POST /api/raw HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n")
    await wire.send(b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n\r\n")
    assert (await wire.answer()).status == 400
