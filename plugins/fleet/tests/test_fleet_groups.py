"""Groups over HTTP (http-fleet.md 8) and the service that other plugins ask."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from kanade_host.plugin.testing.host import decoded

pytestmark = pytest.mark.kanade(plugins=["fleet"])

A = "/api/agents/pc-01/groups"


async def stored(host: Any, key: str = "pc-01") -> Any:
    return json.loads((await (await host.kv("agent_groups")).get(key)).value)


async def put_row(host: Any, key: str, value: bytes) -> int:
    revision: int = await (await host.kv("agent_groups")).put(key, value)
    return revision


async def audited(host: Any) -> list[tuple[str, Any]]:
    await host.settle()
    return [
        (subject, {k: v for k, v in body["payload"].items() if k not in ("sub", "source")})
        for subject, body in decoded(await host.stream_messages("AUDIT"))
    ]


async def test_a_pc_that_nobody_grouped(host: Any) -> None:
    answer = await host.get(A, role="viewer")
    assert (answer.status, answer.text, answer.headers.get("etag")) == (200, '{"groups":[]}', None)


async def test_groups_are_stored_sorted_and_once(host: Any) -> None:
    answer = await host.put(A, json={"groups": ["wave1", "canary", "canary", "Ä", "Z"]})
    assert (answer.status, answer.json()) == (200, {"groups": ["Z", "canary", "wave1", "Ä"]})
    assert await stored(host) == answer.json()
    assert (await host.get(A)).json() == answer.json()
    assert await audited(host) == [("audit.operator.groups_set.pc-01", answer.json())]


async def test_adding_and_removing(host: Any) -> None:
    assert (await host.post(A, json={"group": "lab"})).json() == {"groups": ["lab"]}
    assert (await host.post(A, json={"group": " canary "})).json() == {"groups": ["canary", "lab"]}
    assert (await host.post(A, json={"group": "lab"})).json() == {"groups": ["canary", "lab"]}
    assert (await host.delete(f"{A}/canary")).json() == {"groups": ["lab"]}
    assert (await host.delete(f"{A}/never")).json() == {"groups": ["lab"]}
    assert (await host.delete(f"{A}/lab")).json() == {"groups": []}
    assert await stored(host) == {"groups": []}
    assert await audited(host) == [
        ("audit.operator.group_add.pc-01", {"group": "lab"}),
        ("audit.operator.group_add.pc-01", {"group": "canary"}),
        ("audit.operator.group_remove.pc-01", {"group": "canary"}),
        ("audit.operator.group_remove.pc-01", {"group": "lab"}),
    ]


async def test_nothing_is_written_when_nothing_changes(host: Any) -> None:
    revision = await put_row(host, "pc-01", b'{"groups":["b","a","a"],"note":"kept"}')
    assert (await host.post(A, json={"group": "a"})).json() == {"groups": ["a", "b"]}
    assert (await host.delete(f"{A}/c")).json() == {"groups": ["a", "b"]}
    assert (await (await host.kv("agent_groups")).get("pc-01")).revision == revision


async def test_adding_at_the_same_time_loses_nothing(host: Any) -> None:
    names = [f"g{number}" for number in range(8)]
    answers = await asyncio.gather(*(host.post(A, json={"group": name}) for name in names))
    assert [answer.status for answer in answers] == [200] * len(names)
    assert await stored(host) == {"groups": names}


async def test_odd_names_that_are_stored_can_stay_and_go(host: Any) -> None:
    await put_row(host, "pc-01", json.dumps({"groups": ["my grp", ""]}).encode())
    answer = await host.put(A, json={"groups": ["my grp", "", "new"]})
    assert answer.json() == {"groups": ["", "my grp", "new"]}
    assert (await host.post(A, json={"group": "my grp"})).status == 200
    assert (await host.delete(f"{A}/my%20grp")).json() == {"groups": ["", "new"]}


async def test_a_broken_row_can_be_replaced_but_not_changed(host: Any) -> None:
    await put_row(host, "pc-01", b'{"groups":5}')
    text = "decode agent_groups for pc-01: invalid type: integer `5`, expected a sequence at line 1 column 11"
    for answer in (
        await host.get(A),
        await host.post(A, json={"group": "a"}),
        await host.delete(f"{A}/a"),
    ):
        assert (answer.status, answer.text) == (500, text)
    assert (await host.put(A, json={"groups": ["a"]})).json() == {"groups": ["a"]}


async def test_all_groups(host: Any) -> None:
    for pc_id, groups in {"pc-02": ["canary"], "pc-01": ["lab", "canary"], "pc-03": []}.items():
        await host.put(f"/api/agents/{pc_id}/groups", json={"groups": groups})
    await put_row(host, "pc-04", b"broken")
    config = await host.kv("agent_config")
    for key in ("groups.canary", "groups.only-config", "groups.gone", "pcs.pc-01", "global"):
        await config.put(key, b"{}")
    await config.delete("groups.gone")
    answer = await host.get("/api/groups", role="viewer")
    assert answer.json() == {
        "groups": [
            {"name": "canary", "members": ["pc-01", "pc-02"], "has_config": True},
            {"name": "lab", "members": ["pc-01"], "has_config": False},
            {"name": "only-config", "members": [], "has_config": True},
        ]
    }


async def test_the_list_shows_what_was_just_written(host: Any) -> None:
    for number in range(5):
        await host.put(A, json={"groups": [f"g{number}"]})
        found = (await host.get("/api/groups")).json()["groups"]
        assert [group["name"] for group in found] == [f"g{number}"]


async def test_two_people_who_edit_notice_each_other(host: Any) -> None:
    await host.put(A, json={"groups": ["a"]})
    etag = (await host.get(A)).headers["etag"]
    assert (await host.get(A, headers={"If-None-Match": etag})).status == 304
    first = await host.put(A, json={"groups": ["b"]}, headers={"If-Match": etag})
    assert first.status == 200
    second = await host.put(A, json={"groups": ["c"]}, headers={"If-Match": etag})
    assert second.status == 412
    assert await stored(host) == {"groups": ["b"]}
    assert (
        await host.put(A, json={"groups": ["c"]}, headers={"If-Match": first.headers["etag"]})
    ).status == 200


@pytest.mark.kanade(plugins=["fleet"], files=[str(Path(__file__).with_name("groups_probe.py"))])
async def test_the_service(host: Any) -> None:
    async def ask(call: str) -> Any:
        return (await host.get(f"/api/groups_probe/{call}")).json()

    await put_row(host, "pc-02", b'{"groups":["b","a"]}')
    await put_row(host, "pc-01", b'{"groups":["a"]}')
    assert await ask("members?of=a") == ["pc-01", "pc-02"]
    assert await ask("members?of=nobody") == []
    assert await ask("groups_of?of=pc-02") == ["a", "b"]
    assert await ask("groups_of?of=pc-09") == []
    assert await ask("snapshot") == {"pc-01": ["a"], "pc-02": ["a", "b"]}
    await put_row(host, "pc-01", b"broken")
    assert await ask("members?of=a") == ["pc-02"]
    await (await host.kv("agent_groups")).delete("pc-02")
    assert await ask("members?of=a") == []
    await host.broker.stop()
    assert (await host.get("/api/groups_probe/members?of=a")).status == 503
    assert await ask("snapshot") == {"pc-01": []}


async def test_a_pc_can_be_in_many_groups_but_not_in_any_number(host: Any) -> None:
    """Each is a filter subject; 20,000 of them held the broker, and comparing them the event loop."""
    most = [f"g{i:04}" for i in range(1_000)]
    assert (await host.put(A, json={"groups": most})).status == 200
    for answer in (
        await host.put(A, json={"groups": [f"h{i}" for i in range(100_000)]}),
        await host.post(A, json={"group": "one-more"}),
    ):
        assert (answer.status, answer.text.partition(": ")[2]) == (400, "a PC can be in at most 1000")
    bucket = await host.kv("agent_groups")
    await bucket.put("pc-many", json.dumps({"groups": [f"g{i}" for i in range(1_010)]}).encode())
    path = "/api/agents/pc-many/groups"
    assert (await host.delete(f"{path}/g1")).status == 200, "a longer list of another client may get shorter"
    assert len((await host.get(path)).json()["groups"]) == 1_009
