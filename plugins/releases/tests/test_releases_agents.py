"""Agent binaries and their rollout (http-fleet.md 10.1 to 10.4)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from kanade_host_releases.releases import NO_VERSION

from kanade_host.plugin.testing.host import decoded

pytestmark = pytest.mark.kanade(plugins=["releases"])

Form = Callable[..., dict[str, Any]]
Agent = Callable[..., bytes]
BROKEN = "Error parsing `multipart/form-data` request"
SHAPE = "Failed to deserialize the JSON body into the target type: "
MISSING = "Object Store 'agent_releases' missing — run `kanade jetstream setup`"
BARE = "failed to get Object Store: jetstream error: stream not found (code 404, error code 10059)"


def digest(body: bytes) -> str:
    return "SHA-256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode()


async def audits(host: Any) -> list[tuple[str, dict[str, Any]]]:
    await host.settle()
    return [
        (subject.removeprefix("audit.operator."), body["payload"])
        for subject, body in decoded(await host.stream_messages("AUDIT"))
        if "agent_" in subject
    ]


async def publish(host: Any, form: Form, body: bytes) -> Any:
    return await host.post("/api/agents/publish", role="operator", **form(("file", body)))


async def test_publish_list_delete(host: Any, form: Form, agent: Agent) -> None:
    body = agent("0.44.0", b"x" * 300_000)
    answer = await publish(host, form, body)
    stored = {"version": "0.44.0", "size": len(body), "digest": digest(body)}
    assert (answer.status, answer.json()) == (200, stored)
    [row] = (await host.get("/api/agents/releases", role="viewer")).json()
    assert row == stored | {"modified": row["modified"]}
    assert row["modified"].endswith("+00:00")
    assert (await host.delete("/api/agents/releases/0.44.0", role="operator")).status == 204
    assert (await host.get("/api/agents/releases")).json() == []
    answer = await host.delete("/api/agents/releases/0.44.0", role="operator")
    assert (answer.status, answer.text) == (404, "version '0.44.0' not in Object Store")
    assert await audits(host) == [
        ("agent_publish.0.44.0", {"digest": digest(body), "size": len(body), "sub": "kit-operator"}),
        ("agent_release_delete.0.44.0", {"sub": "kit-operator"}),
    ]


async def test_the_newest_first(host: Any, form: Form, agent: Agent) -> None:
    for version in ("1", "3", "2"):
        await publish(host, form, agent(version))
    assert [row["version"] for row in (await host.get("/api/agents/releases")).json()] == ["2", "3", "1"]


async def test_the_last_file_wins_and_other_fields_are_ignored(host: Any, form: Form, agent: Agent) -> None:
    fields = [("version", b"7"), ("file", agent("1") * 40), ("x", b""), ("file", agent("2")), ("y", b"z")]
    answer = await host.post("/api/agents/publish", **form(*fields))
    assert answer.json() == {"version": "2", "size": len(agent("2")), "digest": digest(agent("2"))}


REFUSED: dict[str, tuple[list[tuple[str, bytes]], dict[str, Any], str]] = {
    "no file": ([("version", b"1")], {}, "missing 'file' field"),
    "no field": ([], {}, "missing 'file' field"),
    "empty": ([("file", b"")], {}, "'file' field is empty"),
    "no binary": ([("file", b"MZ agent")], {}, NO_VERSION),
    "cut within the file": ([("file", b"x" * 1000)], {"cut": 100}, f"read file field: {BROKEN}"),
    "cut within a field": ([("other", b"x" * 1000)], {"cut": 100}, f"read multipart field: {BROKEN}"),
    "garbage": ([], {"end": b"garbage"}, f"read multipart field: {BROKEN}"),
    "nothing": ([], {"end": b""}, f"read multipart field: {BROKEN}"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_upload(host: Any, form: Form, case: str) -> None:
    fields, options, text = REFUSED[case]
    answer = await host.post("/api/agents/publish", **form(*fields, **options))
    assert (answer.status, answer.text) == (400, text)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data",
        "multipart/mixed; boundary=x",
        'multipart/form-data; boundary=""',
        None,
    ],
)
async def test_what_names_no_boundary(host: Any, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = await host.post("/api/agents/publish", data=b"x", headers=headers)
    assert (answer.status, answer.text) == (400, "Invalid `boundary` for `multipart/form-data` request")


async def test_more_than_64_mib(host: Any, form: Form) -> None:
    request = form(("file", b"x" * (64 * 1024 * 1024)))
    request["data"] = io.BytesIO(request["data"])
    answer = await host.post("/api/agents/publish", **request)
    assert (answer.status, answer.text) == (413, "Failed to buffer the request body: length limit exceeded")


async def test_a_version_of_spaces(host: Any, form: Form, agent: Agent) -> None:
    answer = await publish(host, form, agent("  "))
    assert (answer.status, answer.text) == (500, "invalid object name")


SCOPES = [
    ({"type": "global"}, "global", "global"),
    ({"type": "global", "value": None}, "global", "global"),
    ({"value": "canary", "type": "group"}, "groups.canary", "group:canary"),
    ({"type": "pc", "value": "pc-01"}, "pcs.pc-01", "pc:pc-01"),
]


@pytest.mark.parametrize("scope, key, label", SCOPES)
async def test_rollout(
    host: Any, form: Form, agent: Agent, scope: dict[str, Any], key: str, label: str
) -> None:
    await publish(host, form, agent("1.0"))
    bucket = await host.kv("agent_config")
    old = {
        "unknown": [1],
        "heartbeat_interval": "5m",
        "target_version_jitter": "1m",
        "host_perf_interval": None,
    }
    await bucket.put(key, json.dumps(old).encode())
    answer = await host.post("/api/agents/rollout", json={"version": "1.0", "scope": scope, "more": 1})
    assert answer.json() == {"version": "1.0", "scope_key": key, "scope_label": label, "jitter": None}
    stored = json.loads((await bucket.get(key)).value)
    assert list(stored.items()) == [
        ("target_version", "1.0"),
        ("target_version_jitter", "1m"),
        ("heartbeat_interval", "5m"),
        ("unknown", [1]),
    ]
    body = {"version": "1.0", "scope": scope, "jitter": "30m"}
    assert (await host.post("/api/agents/rollout", json=body)).json()["jitter"] == "30m"
    assert json.loads((await bucket.get(key)).value)["target_version_jitter"] == "30m"
    answer = await host.delete("/api/agents/releases/1.0")
    assert answer.status == 409
    assert answer.text == (
        f"version '1.0' is the current target_version of scope '{label}' — clear or change that scope first "
        "(kanade config unset target_version --… )"
    )
    said = {"jitter": None, "scope_label": label, "sub": "kit-admin", "version": "1.0"}
    assert (await audits(host))[1:] == [
        (f"agent_rollout.{key}", said),
        (f"agent_rollout.{key}", said | {"jitter": "30m"}),
    ]


async def test_an_empty_jitter_is_stored(host: Any, form: Form, agent: Agent) -> None:
    await publish(host, form, agent("1"))
    body = {"version": "1", "scope": {"type": "global"}, "jitter": ""}
    assert (await host.post("/api/agents/rollout", json=body)).status == 200
    assert json.loads((await (await host.kv("agent_config")).get("global")).value) == {
        "target_version": "1",
        "target_version_jitter": "",
    }


GLOBAL = {"type": "global"}
BAD_KEY = "key cannot be empty or start/end with `.`"
NO_VALUE = SHAPE + "scope: missing field `value`"
BAD_VARIANT = SHAPE + "scope.type: unknown variant `Pc`, expected one of `global`, `group`, `pc`"
BAD_ENUM = SHAPE + 'scope: invalid type: string "global", expected adjacently tagged enum RolloutScope'
NOT_THERE = "version '9' not found in agent_releases — run `kanade agent publish` first"
BAD_ROLLOUTS: list[tuple[dict[str, Any], int, str]] = [
    ({"version": "9", "scope": GLOBAL}, 404, NOT_THERE),
    ({"version": "1", "scope": {"type": "Pc", "value": "x"}}, 422, BAD_VARIANT),
    ({"version": "1", "scope": {"type": "pc"}}, 422, NO_VALUE),
    ({"version": "1", "scope": {"type": "group", "value": None}}, 422, NO_VALUE),
    ({"version": "1", "scope": "global"}, 422, BAD_ENUM),
    ({"version": "1"}, 422, SHAPE + "missing field `scope`"),
    ({"version": "1", "scope": {"type": "global", "value": "x"}}, 422, SHAPE + "scope: "),
    ({"version": "1", "scope": GLOBAL, "jitter": "soon"}, 400, "jitter: `soon` is no duration: "),
    ({"version": "1", "scope": {"type": "group", "value": ""}}, 400, BAD_KEY),
    ({"version": "1", "scope": {"type": "pc", "value": "a b"}}, 400, BAD_KEY),
]


@pytest.mark.parametrize("body, status, text", BAD_ROLLOUTS)
async def test_rollouts_that_cannot_be(
    host: Any, form: Form, agent: Agent, body: dict[str, Any], status: int, text: str
) -> None:
    await publish(host, form, agent("1"))
    answer = await host.post("/api/agents/rollout", json=body)
    assert answer.status == status
    assert answer.text.startswith(text)


async def test_a_scope_that_does_not_decode(host: Any, form: Form, agent: Agent) -> None:
    await publish(host, form, agent("1"))
    await (await host.kv("agent_config")).put("global", b"[1]")
    answer = await host.post("/api/agents/rollout", json={"version": "1", "scope": GLOBAL})
    assert answer.status == 500
    assert answer.text.startswith("decode existing agent_config.global: ")
    assert (await host.delete("/api/agents/releases/1")).status == 204  # such a scope has no target


async def test_a_deleted_release_cannot_be_rolled_out(host: Any, form: Form, agent: Agent) -> None:
    await publish(host, form, agent("1"))
    await host.delete("/api/agents/releases/1")
    answer = await host.post("/api/agents/rollout", json={"version": "1", "scope": GLOBAL})
    assert answer.status == 404


async def test_the_oldest_scope_is_named(host: Any) -> None:
    bucket = await host.kv("agent_config")
    for key in ("pcs.b", "groups.a", "odd", "target_version"):
        await bucket.put(key, b'{"target_version":"1"}')
    await bucket.put("pcs.b", b'{"target_version":"1"}')
    for key, label in (
        ("groups.a", "group:a"),
        ("odd", "odd"),
        ("target_version", "target_version"),
        ("pcs.b", "pc:b"),
    ):
        assert f"scope '{label}'" in (await host.delete("/api/agents/releases/1")).text
        await bucket.put(key, b"raw text")
    assert (await host.delete("/api/agents/releases/1")).status == 404


async def test_other_bytes_under_a_version_that_is_rolled_out(host: Any, form: Form, agent: Agent) -> None:
    await publish(host, form, agent("1"))
    assert (await publish(host, form, agent("1", b"other"))).status == 200
    await host.post("/api/agents/rollout", json={"version": "1", "scope": GLOBAL})
    answer = await publish(host, form, agent("1"))
    assert answer.status == 409
    assert answer.text.startswith(
        "version '1' is the current target_version of scope 'global' and is stored with"
    )
    assert (await publish(host, form, agent("1", b"other"))).status == 200


async def test_rollout_and_delete_at_once(host: Any, form: Form, agent: Agent) -> None:
    """Whichever comes first, no scope ends with a version that is not there."""
    await publish(host, form, agent("1"))
    deleted, rolled = await asyncio.gather(
        host.delete("/api/agents/releases/1"),
        host.post("/api/agents/rollout", json={"version": "1", "scope": GLOBAL}),
    )
    assert (deleted.status, rolled.status) in ((204, 404), (409, 200))


async def test_without_the_store(host: Any, form: Form, agent: Agent) -> None:
    client = await host.kv("agent_config")
    await client._js.delete_stream("OBJ_agent_releases")
    for answer in (await publish(host, form, agent("1")), await host.get("/api/agents/releases")):
        assert (answer.status, answer.text) == (503, MISSING)
    for answer in (
        await host.delete("/api/agents/releases/1"),
        await host.post("/api/agents/rollout", json={"version": "1", "scope": GLOBAL}),
    ):
        assert (answer.status, answer.text) == (503, BARE)


async def test_paths_that_are_no_agents(host: Any) -> None:
    for path in ("publish", "rollout"):
        answer = await host.get(f"/api/agents/{path}")
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
