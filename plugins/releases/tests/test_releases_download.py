"""Ranges and preconditions of downloads (http-fleet.md 10.8)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["releases"])

Form = Callable[..., dict[str, Any]]
PATH = "/api/app-packages/a/1"
BODY = bytes(range(256)) * 1200  # three chunks
SIZE = len(BODY)
ETAG = f'"SHA-256={base64.urlsafe_b64encode(hashlib.sha256(BODY).digest()).decode()}"'

PARTS = {
    "bytes=0-": (0, SIZE - 1),
    "bytes=0-0": (0, 0),
    "bytes=5-9": (5, 9),
    "bytes=131071-131072": (131_071, 131_072),
    "bytes=262144-": (262_144, SIZE - 1),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE - 1),
    f"bytes=0-{SIZE}": (0, SIZE - 1),
    f"bytes=7-{10**19}": (7, SIZE - 1),
}
NO_PARTS = [
    "bytes=-5", "bytes=1-2,4-5", "Bytes=0-1", "items=0-1", "bytes=a-b", "bytes= 0-1", "bytes=5-4", "bytes=",
    "", f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE}", "bytes=-", "bytes=+1-2", "bytes=\u0661-",
]  # fmt: skip


async def test_parts(host: Any, form: Form) -> None:
    await host.post(PATH, **form(("file", BODY)))
    for wanted, (start, end) in PARTS.items():
        for method in ("GET", "HEAD"):
            answer = await host.request(method, PATH, headers={"range": wanted})
            assert (wanted, answer.status) == (wanted, 206)
            assert answer.body == (BODY[start : end + 1] if method == "GET" else b"")
            assert answer.headers["content-range"] == f"bytes {start}-{end}/{SIZE}"
            assert answer.headers["content-length"] == str(end - start + 1)
            assert (answer.headers["etag"], answer.headers["accept-ranges"]) == (ETAG, "bytes")


async def test_what_is_no_part(host: Any, form: Form) -> None:
    await host.post(PATH, **form(("file", BODY)))
    for wanted in NO_PARTS:
        answer = await host.get(PATH, headers={"range": wanted})
        text = f"Range header invalid or out of bounds for object size {SIZE}\n"
        assert (wanted, answer.status, answer.text) == (wanted, 416, text)
        assert answer.headers["content-range"] == f"bytes */{SIZE}"
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "etag" not in answer.headers


CONDITIONS: list[tuple[dict[str, str], int]] = [
    ({"if-match": ETAG}, 200),
    ({"if-match": "*"}, 200),
    ({"if-match": f"{ETAG}, {ETAG}"}, 412),
    ({"if-match": ETAG[1:-1]}, 412),
    ({"if-none-match": ETAG}, 304),
    ({"if-none-match": f'"x", W/{ETAG}'}, 304),
    ({"if-none-match": "*"}, 304),
    ({"if-none-match": '"x"'}, 200),
    ({"if-match": '"x"', "if-none-match": ETAG}, 412),
    ({"if-match": '"x"', "range": "bytes=9-8"}, 412),
    ({"if-none-match": ETAG, "range": "bytes=9-8"}, 304),
    ({"if-range": ETAG, "range": "bytes=0-1"}, 206),
    ({"if-range": '"x"', "range": "bytes=0-1"}, 200),
    ({"if-range": f"W/{ETAG}", "range": "bytes=0-1"}, 200),
    ({"if-range": "Mon, 23 Nov 2026 10:00:00 GMT", "range": "bytes=0-1"}, 200),
]


async def test_conditions(host: Any, form: Form) -> None:
    await host.post(PATH, **form(("file", BODY)))
    for headers, status in CONDITIONS:
        for method in ("GET", "HEAD"):
            answer = await host.request(method, PATH, headers=headers)
            assert (headers, answer.status) == (headers, status)
            if status == 304:
                assert (answer.body, answer.headers["etag"]) == (b"", ETAG)
            if status == 200 and method == "GET":
                assert answer.body == BODY


async def test_the_text_of_a_mismatch(host: Any, form: Form) -> None:
    await host.post(PATH, **form(("file", BODY)))
    answer = await host.get(PATH, headers={"if-match": '"x\\'})
    shown = ETAG.replace('"', '\\"')
    assert answer.text == f'If-Match "\\"x\\\\" doesn\'t match current ETag "{shown}"'


async def test_an_empty_object_has_no_parts(host: Any) -> None:
    store = await (await host.kv("agent_config"))._js.object_store("app_packages")
    await store.put("a/1", b"")
    answer = await host.get(PATH)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert (await host.get(PATH, headers={"range": "bytes=0-"})).status == 416


async def test_an_object_without_a_digest(host: Any) -> None:
    await host.publish("$O.app_packages.C.n", b"abc")
    await host.publish(
        "$O.app_packages.M.YS8x", {"name": "a/1", "bucket": "app_packages", "nuid": "n", "size": 3}
    )
    answer = await host.get(PATH, headers={"if-match": '"anything"'})
    assert (answer.status, answer.body) == (200, b"abc")
    assert "etag" not in answer.headers
    [row] = (await host.get("/api/app-packages")).json()
    assert (row["digest"], row["modified"]) == (None, None)


async def test_a_part_whose_beginning_is_lost(host: Any) -> None:
    await host.publish(
        "$O.app_packages.M.YS8x", {"name": "a/1", "bucket": "app_packages", "nuid": "n", "size": 3}
    )
    answer = await host.get(PATH, headers={"range": "bytes=1-"})
    assert (answer.status, "the store holds 0" in answer.text) == (500, True)
