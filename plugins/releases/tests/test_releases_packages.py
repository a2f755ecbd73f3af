"""App packages and script objects (http-fleet.md 10.5 to 10.9)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest

from kanade_host.plugin.testing.host import decoded

pytestmark = pytest.mark.kanade(plugins=["releases"])

Form = Callable[..., dict[str, Any]]
BROKEN = "Error parsing `multipart/form-data` request"
KINDS = {
    "/api/app-packages": ("app_packages", "app package", "app_package"),
    "/api/script-objects": ("scripts", "script object", "script_object"),
}
BARE = "failed to get Object Store: jetstream error: stream not found (code 404, error code 10059)"

both = pytest.mark.parametrize("path", KINDS)


def digest(body: bytes) -> str:
    return "SHA-256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode()


async def chunks_in(host: Any, store: str) -> int:
    client = await host.broker.client()
    state = (await client.jetstream().stream_info(f"OBJ_{store}", subjects_filter="$O.*.C.>")).state
    return sum((state.subjects or {}).values())


async def no_chunks(host: Any, store: str) -> None:
    async def gone() -> bool:
        return await chunks_in(host, store) == 0

    await host.until(gone, what=f"the end of the chunks in {store}")


@both
async def test_upload_list_download_delete(host: Any, form: Form, path: str) -> None:
    _, noun, action = KINDS[path]
    assert (await host.get(path, role="viewer")).json() == []
    body = bytes(range(256)) * 1500
    answer = await host.post(f"{path}/my%20tool/1.0", role="operator", **form(("file", body), ("more", b"x")))
    stored = {"name": "my tool", "version": "1.0", "size": len(body), "digest": digest(body)}
    assert (answer.status, answer.json()) == (200, stored)
    [row] = (await host.get(path)).json()
    assert row == stored | {"modified": row["modified"]}
    assert row["modified"].endswith("+00:00")
    answer = await host.get(f"{path}/my%20tool/1.0", role="viewer")
    assert (answer.status, answer.body) == (200, body)
    wanted = {
        "content-type": "application/octet-stream",
        "content-length": str(len(body)),
        "accept-ranges": "bytes",
        "content-disposition": 'attachment; filename="my tool-1.0"',
        "etag": f'"{digest(body)}"',
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    head = await host.request("HEAD", f"{path}/my%20tool/1.0")
    assert (head.status, head.body) == (200, b"")
    assert {name: head.headers[name] for name in wanted} == wanted
    assert (await host.delete(f"{path}/my%20tool/1.0", role="operator")).status == 204
    answer = await host.delete(f"{path}/my%20tool/1.0", role="operator")
    assert (answer.status, answer.text) == (404, f"{noun} 'my tool/1.0' not in Object Store")
    answer = await host.get(f"{path}/my%20tool/1.0")
    assert (answer.status, answer.text) == (404, f"{noun} 'my tool/1.0' not found")
    await host.settle()
    said = [
        message for _, message in decoded(await host.stream_messages("AUDIT")) if action in message["action"]
    ]
    named = {"name": "my tool", "version": "1.0", "sub": "kit-operator"}
    assert [(one["action"], one["target"], one["payload"]) for one in said] == [
        (f"{action}_publish", "my tool/1.0", named | {"size": len(body), "digest": digest(body)}),
        (f"{action}_delete", "my tool/1.0", named),
    ]


@both
async def test_the_list_is_split_and_ordered(host: Any, path: str) -> None:
    client = (await host.kv("agent_config"))._js
    store = await client.object_store(KINDS[path][0])
    for name in ("b/2", "no-slash", "a/b/c", "b/1"):
        await store.put(name, b"x")
    rows = (await host.get(path)).json()
    assert [(row["name"], row["version"]) for row in rows] == [("b", "1"), ("a/b", "c"), ("b", "2")]
    found = (await host.get(f"{path}?q=B/")).json()
    assert [(row["name"], row["version"]) for row in found] == [("b", "1"), ("a/b", "c"), ("b", "2")]
    assert [row["version"] for row in (await host.get(f"{path}?q=b/2")).json()] == ["2"]
    assert (await host.get(f"{path}?q=no-slash")).json() == []


@both
async def test_the_list_ends_somewhere(host: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kanade_host_releases.packages.MOST_LISTED", 2)
    client = (await host.kv("agent_config"))._js
    store = await client.object_store(KINDS[path][0])
    for version in ("1", "2", "3"):
        await store.put(f"a/{version}", b"x")
    assert [row["version"] for row in (await host.get(path)).json()] == ["3", "2"]


SEGMENTS = {
    "a%2Fb/1": "name must not contain '/'",
    "a/1%2F": "version must not contain '/'",
    "%E2%80%8B/1": r"name must be ASCII-printable (rejected non-ASCII character '\u{200b}')",
    "a/%C3%A9": "version must be ASCII-printable (rejected non-ASCII character 'é')",
    "%C3%A9%2F/1": "name must not contain '/'",
    "a%00/1": "name must not contain control characters",
    "a/%7F": "version must not contain control characters",
    "a%22/1": "name must not contain '\"' or '\\\\'",
    "a/1%5C": "version must not contain '\"' or '\\\\'",
    "%22%01/%C3%A9": "name must not contain '\"' or '\\\\'",
}


@both
async def test_names_that_may_not_be(host: Any, form: Form, path: str) -> None:
    for segments, text in SEGMENTS.items():
        for answer in (
            await host.get(f"{path}/{segments}"),
            await host.delete(f"{path}/{segments}"),
            await host.post(f"{path}/{segments}", **form(("file", b"x"))),
        ):
            assert (answer.status, answer.text) == (400, text)
    answer = await host.post(f"{path}/a%2Fb/1", data=b"x")
    assert answer.text == "Invalid `boundary` for `multipart/form-data` request"
    for segments in ("a%20.*/%3E", "x/..."):
        assert (await host.post(f"{path}/{segments}", **form(("file", b"x")))).status == 200
        assert (await host.get(f"{path}/{segments}")).body == b"x"


LATE = f"error while reading the buffer: {BROKEN}"
Refusals = dict[str, tuple[list[tuple[str, bytes]], dict[str, Any], int, str]]
PACKAGES_REFUSED: Refusals = {
    "no file": ([("other", b"x")], {}, 400, "missing 'file' field"),
    "empty": ([("file", b"")], {}, 400, "'file' field is empty"),
    "garbage": ([], {"end": b"garbage"}, 400, f"read multipart field: {BROKEN}"),
    "garbage after the file": ([("file", b"x" * 300_000)], {"end": b"--x"}, 500, LATE),
    "cut within the file": ([("file", b"x" * 300_000)], {"cut": 100}, 500, LATE),
    "cut before its first byte": ([("file", b"")], {"cut": 13}, 400, f"read file field: {BROKEN}"),
    "cut within another field": (
        [("file", b"x" * 300_000), ("more", b"y" * 99)], {"cut": 50}, 400, f'drain field "more": {BROKEN}',
    ),
    "two files": (
        [("file", b"x" * 300_000), ("file", b"y")], {}, 400, "multipart body has more than one 'file' field",
    ),
}  # fmt: skip
SCRIPTS_REFUSED: Refusals = {
    "no file": ([("other", b"x")], {}, 400, "missing 'file' field"),
    "empty": ([("file", b"")], {}, 400, "'file' field is empty"),
    "garbage": ([], {"end": b"garbage"}, 400, f"read multipart field: {BROKEN}"),
    "cut within the file": ([("file", b"x" * 300_000)], {"cut": 100}, 400, f"read file field: {BROKEN}"),
}


@pytest.mark.parametrize(
    "path, case",
    [
        *(("/api/app-packages", case) for case in PACKAGES_REFUSED),
        *(("/api/script-objects", case) for case in SCRIPTS_REFUSED),
    ],
)
async def test_what_is_no_upload(host: Any, form: Form, path: str, case: str) -> None:
    """What was there stays, nothing of the upload stays, nothing is audited."""
    fields, options, status, text = (PACKAGES_REFUSED if "packages" in path else SCRIPTS_REFUSED)[case]
    store = KINDS[path][0]
    answer = await host.post(f"{path}/a/1", **form(*fields, **options))
    assert (answer.status, answer.text) == (status, text)
    assert (await host.get(path)).json() == []
    await no_chunks(host, store)
    await host.post(f"{path}/a/1", **form(("file", b"before")))
    assert (await host.post(f"{path}/a/1", **form(*fields, **options))).status == status
    assert (await host.get(f"{path}/a/1")).body == b"before"
    await host.settle()
    published = [subject for subject, _ in await host.stream_messages("AUDIT") if "_publish" in subject]
    assert len(published) == 1


async def test_the_last_script_wins(host: Any, form: Form) -> None:
    await host.post("/api/script-objects/a/1", **form(("file", b"one"), ("x", b""), ("file", b"two")))
    assert (await host.get("/api/script-objects/a/1")).body == b"two"


async def test_a_script_beyond_4_mib(host: Any, form: Form) -> None:
    request = form(("file", b"x" * 4_194_304))
    answer = await host.post("/api/script-objects/a/1", **request | {"data": io.BytesIO(request["data"])})
    assert (answer.status, answer.text) == (413, "Failed to buffer the request body: length limit exceeded")
    request = form(("file", b"x" * 4_194_000))
    answer = await host.post("/api/script-objects/a/1", **request | {"data": io.BytesIO(request["data"])})
    assert answer.status == 200


async def test_a_client_that_leaves(host: Any, form: Form) -> None:
    """Half an upload of a package is removed."""
    body = form(("file", b"x" * 3_000_000))["data"]
    _, writer = await asyncio.open_connection("127.0.0.1", int(host.base.rpartition(":")[2]))
    writer.write(
        b"POST /api/app-packages/a/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer operator"
        b"\r\ncontent-type: multipart/form-data; boundary=xXx\r\ncontent-length: %d\r\n\r\n"
        % len(body)
        + body[:2_000_000]
    )
    await writer.drain()
    await host.until(lambda: chunks_in(host, "app_packages"), what="the first chunks")
    writer.transport.abort()
    await no_chunks(host, "app_packages")
    assert (await host.get("/api/app-packages")).json() == []


@both
async def test_without_the_store(host: Any, form: Form, path: str) -> None:
    store = KINDS[path][0]
    await (await host.kv("agent_config"))._js.delete_stream(f"OBJ_{store}")
    missing = f"Object Store '{store}' missing — run `kanade jetstream setup`"
    for answer in (await host.get(path), await host.post(f"{path}/a/1", **form(("file", b"x")))):
        assert (answer.status, answer.text) == (503, missing)
    for answer in (await host.get(f"{path}/a/1"), await host.delete(f"{path}/a/1")):
        assert (answer.status, answer.text) == (503, BARE)
    answer = await host.post(f"{path}/a/1", **form(end=b"garbage"))
    assert answer.status == (503 if "packages" in path else 400)  # scripts are read first


@both
async def test_the_broker_away(host: Any, form: Form, path: str) -> None:
    await host.broker.stop()
    for answer in (
        await host.get(path),
        await host.get(f"{path}/a/1"),
        await host.delete(f"{path}/a/1"),
        await host.post(f"{path}/a/1", **form(("file", b"x"))),
    ):
        assert answer.status == 503


@both
async def test_who_may(host: Any, form: Form, path: str) -> None:
    assert (await host.get(path, role=None)).status == 401
    assert (await host.post(f"{path}/a/1", role="viewer", **form(("file", b"x")))).status == 403
    assert (await host.delete(f"{path}/a/1", role="viewer")).status == 403
    answer = await host.put(f"{path}/a/1", data=b"x", role="operator")
    assert (answer.status, answer.headers["allow"]) == (405, "GET,HEAD,POST,DELETE")
