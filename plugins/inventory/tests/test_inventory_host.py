"""Inventory in a whole host: which results are scans, where their output lies, who owns which table."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kanade_host.plugin import encode

pytestmark = pytest.mark.kanade(plugins=["results", "inventory"])


async def register(host: Any, body: dict[str, Any], key: str | None = None) -> None:
    """Put a job into the bucket, as a foreign client does."""
    await (await host.kv("jobs")).put(key or body["id"], encode(body))


async def facts(host: Any) -> dict[tuple[str, str], Any]:
    rows = await host.rows("SELECT * FROM inventory_facts")
    return {(row["pc_id"], row["job_id"]): json.loads(row["facts_json"]) for row in rows}


async def send(host: Any, *results: dict[str, Any]) -> None:
    for number, one in enumerate(results):
        await host.publish(f"results.{one['request_id']}", {"result_id": f"r{number}"} | one)
    await host.settle()


async def test_i10_the_result_row_stays(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest())
    await send(host, result("Not json", result_id="R"))
    assert len(await host.rows("SELECT 1 FROM execution_results")) == 1
    assert await facts(host) == {}
    assert await host.dead_letters() == []


async def test_i12_results_that_are_no_scans(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest())
    await register(host, manifest(id="strange") | {"tags": []})
    await register(host, manifest(id="plain") | {"inventory": None})
    await register(host, manifest({"summary": []}, id="no-display"))
    one = {"a": 1}
    await send(
        host,
        result(one, result_id="1", exit_code=1),
        result(one, result_id="2", manifest_id="absent"),
        result(one, result_id="3", manifest_id="bad key!"),
        result(one, result_id="4", manifest_id="strange"),
        result(one, result_id="5", manifest_id="plain"),
        result(one, result_id="6", manifest_id="no-display"),
        result(one, result_id="7", manifest_id=None),
        result(one, result_id="8", pc_id="good"),
    )
    assert await facts(host) == {("good", "inv-sw"): one}
    assert len(await host.rows("SELECT 1 FROM execution_results")) == 8


async def test_i13_of_a_doubled_result_the_first_counts(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest())
    await send(host, result({"v": 1}, result_id="DUP"), result({"v": 2}, result_id="DUP"))
    assert await facts(host) == {("pc1", "inv-sw"): {"v": 1}}


async def test_i15_facts_go_by_the_key(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest(id="id-inner"), key="k-other")
    await send(host, result({"a": 1}, manifest_id="k-other"))
    assert await facts(host) == {("pc1", "k-other"): {"a": 1}}


def owned(table: str) -> dict[str, Any]:
    columns = [{"field": "stdout"}]
    return {
        "display": [],
        "explode": [{"field": "d", "table": table, "primary_key": ["stdout"], "columns": columns}],
    }


@pytest.mark.parametrize(
    "table",
    ["execution_results", "Executions", "users", "obs_events", "host_outbox", "HOST_new", "_sqlx_migrations",
     "_yoyo_migration", "yoyo_new", "result_objects", "inventory_facts", "sqlite_master"],
)  # fmt: skip
async def test_i22_tables_of_others(host: Any, manifest: Any, result: Any, table: str) -> None:
    await register(host, manifest(owned(table)))
    await send(host, result({"d": []}, result_id="a"), result({"d": [{"stdout": "x"}]}, result_id="b"))
    assert len(await host.rows("SELECT 1 FROM execution_results")) == 2
    assert list(await facts(host)) == [("pc1", "inv-sw")]
    assert await host.dead_letters() == []
    answer = await host.get("/api/inventory/inv-sw/search/d")
    assert (answer.status, answer.text[:40]) == (500, f"ensure derived table: create table {table}"[:40])
    made = {row[0].lower() for row in await host.rows("SELECT name FROM sqlite_master")}
    assert not {"users", "obs_events", "host_new", "yoyo_new"} & made


async def test_tables_are_made_when_a_job_is_saved_and_at_the_start(host: Any, manifest: Any) -> None:
    async def made(table: str) -> Any:
        return await host.rows("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))

    await register(host, manifest())
    await host.until(lambda: made("inv_apps"))
    await host.stop()
    await register(host, manifest(owned("made_at_start"), id="other"))
    await host.start()
    await host.until(lambda: made("made_at_start"))


async def test_d3_a_deleted_job_leaves_what_it_found(
    host: Any, manifest: Any, result: Any, apps_spec: dict[str, Any]
) -> None:
    await register(host, manifest())
    await send(host, result({"apps": [{"name": "a", "source": "s"}], "os": "1"}))
    path = f"/api/inventory/inv-sw/search/{apps_spec['field']}"
    assert len((await host.get(path)).json()) == 1
    await (await host.kv("jobs")).delete("inv-sw")

    async def gone() -> bool:
        return (await host.get(path)).status == 404

    await host.until(gone)
    assert (await host.get(path)).text == 'manifest "inv-sw" not registered'
    assert len(await host.rows("SELECT 1 FROM inv_apps")) == 1
    assert len((await host.get("/api/inventory/by-job/inv-sw")).json()["rows"]) == 1
    assert len((await host.get("/api/inventory/inv-sw/history/pc/pc1")).json()) == 2


async def put_object(host: Any, name: str, data: bytes) -> None:
    js = (await host.broker.client()).jetstream()
    await (await js.object_store("result_output")).put(name, data)


async def test_output_that_was_too_long_to_be_sent(host: Any, manifest: Any, result: Any) -> None:
    """5,000 elements are one scan, one transaction, and well within what the writer allows."""
    await register(host, manifest())
    apps = [
        {"name": f"application {i}", "source": "msi", "version": f"{i}.0", "size": i} for i in range(5_000)
    ]
    await put_object(host, "q1/stdout", json.dumps({"apps": apps}).encode())
    await send(host, result("", result_id="big", stdout_object="q1/stdout"))
    assert (await host.rows("SELECT count(*) FROM inv_apps"))[0][0] == 5_000
    assert (await host.rows("SELECT count(*) FROM inventory_history"))[0][0] == 5_000
    await send(host, result("", result_id="again", stdout_object="q1/stdout"))
    assert (await host.rows("SELECT count(*) FROM inventory_history"))[0][0] == 5_000
    assert (await host.rows("SELECT result_id FROM inventory_sources"))[0][0] == "again"


async def test_an_object_that_is_not_there_is_no_scan(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest())
    await send(host, result("", result_id="1", stdout_object="nope"), result({"a": 1}, result_id="2"))
    assert await facts(host) == {("pc1", "inv-sw"): {"a": 1}}


async def test_while_the_broker_is_away_nothing_is_given_up(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest())
    await send(host, result({"a": 1}))
    await host.broker.stop()
    await asyncio.sleep(0.1)
    answer = await host.get("/api/inventory/jobs")
    assert answer.status == 503
    assert answer.text.startswith("get KV jobs: ")
    miss = await host.get("/api/inventory/other/search/apps")
    assert miss.status == 503
    assert miss.text.startswith("jobs KV: ")
    assert (await host.get("/api/inventory/inv-sw/search/apps")).status == 200
    assert (await host.get("/api/inventory/pc1")).status == 200
    await host.broker.start()
    await send(host, result({"a": 2}, result_id="later"))
    assert await facts(host) == {("pc1", "inv-sw"): {"a": 2}}


async def test_a_missing_catalogue_is_waited_for(host: Any, manifest: Any, result: Any) -> None:
    js = (await host.broker.client()).jetstream()
    await js.delete_key_value("jobs")
    await host.publish("results.q1", result({"a": 1}, result_id="1"))

    async def waiting() -> bool:
        return "job catalogue" in ((await host.plugin_states())["inventory"]["reason"] or "")

    await host.until(waiting)
    await js.create_key_value(bucket="jobs", history=5)
    await register(host, manifest())
    await send(host, result({"a": 2}, result_id="2"))
    assert await facts(host) == {("pc1", "inv-sw"): {"a": 2}}
    assert await host.dead_letters() == []


@pytest.mark.kanade(plugins=["results"])
async def test_off_for_a_while_it_catches_up(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest())
    await send(host, result({"os": "1"}, result_id="1"), result({"os": "2"}, result_id="2"))
    host.running.enable("inventory")
    await host.restart()
    await host.settle()
    assert await facts(host) == {("pc1", "inv-sw"): {"os": "2"}}
    assert len(await host.rows("SELECT 1 FROM inventory_history")) == 2


@pytest.mark.kanade(plugins=["inventory"])
async def test_it_needs_no_other_plugin(host: Any, manifest: Any, result: Any) -> None:
    await register(host, manifest())
    await send(host, result({"os": "1"}))
    assert await facts(host) == {("pc1", "inv-sw"): {"os": "1"}}
