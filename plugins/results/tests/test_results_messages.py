"""Results and started events over a real broker: what is refused, what overflows, what waits."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["results"])

GOOD = (
    b'{"result_id":"R1","request_id":"q1","pc_id":"pc1","exit_code":0,"stdout":"","stderr":"",'
    b'"started_at":"2026-11-23T10:00:00Z","finished_at":"2026-11-23T10:00:01Z"}'
)
REFUSED_RESULTS = {
    "not json": b"not json",
    "empty": b"",
    "array": b"[]",
    "exit_code out of range": GOOD.replace(b'"exit_code":0', b'"exit_code":2147483648'),
    "exit_code float": GOOD.replace(b'"exit_code":0', b'"exit_code":0.0'),
    "exit_code text": GOOD.replace(b'"exit_code":0', b'"exit_code":"0"'),
    "no zone": GOOD.replace(b"10:00:01Z", b"10:00:01"),
    "no pc_id": GOOD.replace(b'"pc_id":"pc1",', b""),
    "result_id null": GOOD.replace(b'"R1"', b"null"),
    "result_id twice": GOOD.replace(b'"result_id":"R1"', b'"result_id":"R1","result_id":"R2"'),
    "raw byte": GOOD.replace(b'"stdout":""', b'"stdout":"\xff"'),
    "lone surrogate": GOOD.replace(b'"stdout":""', b'"stdout":"\\ud800"'),
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "trailing": GOOD + b"x",
    "NaN in an unknown key": GOOD.replace(b"{", b'{"x":NaN,', 1),
    "too deep": GOOD.replace(b"{", b'{"x":' + b"[" * 127 + b"]" * 127 + b",", 1),
}
STARTED = (
    b'{"result_id":"E1","request_id":"q1","exec_id":"X","pc_id":"pc1","manifest_id":"m","version":"1",'
    b'"started_at":"2026-11-23T10:00:00Z"}'
)
REFUSED_STARTED = {
    "text": b"zzz",
    "version null": STARTED.replace(b'"version":"1"', b'"version":null'),
    "no exec_id": STARTED.replace(b'"exec_id":"X",', b""),
    "exec_id number": STARTED.replace(b'"X"', b"7"),
}


async def test_r16_e1_what_does_not_decode_is_set_aside_alone(host: Any) -> None:
    for body in REFUSED_RESULTS.values():
        await host.publish("results.q", body)
    for body in REFUSED_STARTED.values():
        await host.publish("events.started.X.pc1", body)
    await host.publish("events.other", STARTED.replace(b"E1", b"E9"))
    await host.publish("results.q", GOOD)
    await host.publish(
        "results.q",
        GOOD.replace(b'"R1"', b'"deep"').replace(b"{", b'{"x":' + b"[" * 126 + b"]" * 126 + b",", 1),
    )
    await host.publish("events.started.X.pc1", STARTED)
    await host.settle()
    rows = await host.rows("SELECT result_id FROM execution_results ORDER BY result_id")
    assert [row[0] for row in rows] == ["E1", "R1", "deep"]
    letters = await host.dead_letters()
    by_projection: dict[str, list[bytes]] = {}
    for letter in letters:
        by_projection.setdefault(letter["projection"], []).append(bytes(letter["body"]))
    assert by_projection == {
        "results.results": list(REFUSED_RESULTS.values()),
        "results.started": list(REFUSED_STARTED.values()),
    }


async def put(host: Any, name: str, data: bytes) -> None:
    js = (await host.broker.client()).jetstream()
    store = await js.object_store("result_output")
    await store.put(name, data)


async def texts(host: Any, result_id: str) -> tuple[str, str]:
    row = (await host.get(f"/api/results/{result_id}")).json()
    return row["stdout"], row["stderr"]


async def test_r18_r20_r21_overflow(host: Any, res: Any) -> None:
    await put(host, "ov1/stdout", b"x" * 300_008)
    await put(host, "ov1/stderr", b"err\xff\xe3\x81end")
    await host.publish(
        "results.a", res(result_id="R18", stdout_object="ov1/stdout", stderr_object="ov1/stderr")
    )
    await host.publish(
        "results.b", res(result_id="R20", stdout_object="ov1/stdout", stderr_object="nope", stderr="inline")
    )
    await host.publish(
        "results.c", res(result_id="R21", stdout_object="nope", stderr_object="ov1/stderr", stderr="zz")
    )
    await host.settle()
    assert await texts(host, "R18") == ("x" * 300_008, "err\ufffd\ufffdend")
    assert await texts(host, "R20") == ("x" * 300_008, "inline")
    assert await texts(host, "R21") == ("", "err\ufffd\ufffdend")
    detail = (await host.get("/api/results/R20")).json()
    assert detail["stderr_object"] == "nope"
    assert "stdout_object" not in (await host.get("/api/results/R18")).json()
    listed = {row["result_id"]: row for row in (await host.get("/api/results")).json()}
    assert len(listed["R18"]["stdout"]) == 4096


async def test_r19_no_object(host: Any, res: Any) -> None:
    await host.publish("results.a", res(stdout_object="nope/stdout", stderr="inline"))
    await host.settle()
    assert await texts(host, "R1") == ("", "inline")


async def test_an_object_that_is_late_is_waited_for(host: Any, res: Any) -> None:
    await host.publish("results.a", res(stdout_object="late/stdout"))
    await asyncio.sleep(0.3)
    await put(host, "late/stdout", b"there")
    await host.settle()
    assert await texts(host, "R1") == ("there", "")


async def test_an_object_that_is_too_large_stays_where_it_is(host: Any, res: Any) -> None:
    await put(host, "big/stdout", b"x" * (16 * 1024 * 1024 + 1))
    await host.publish("results.a", res(stdout_object="big/stdout", stdout="inline"))
    await host.settle()
    detail = (await host.get("/api/results/R1")).json()
    assert (detail["stdout"], detail["stdout_object"]) == ("inline", "big/stdout")


async def test_r22_a_locked_database_loses_nothing(host: Any, res: Any, evt: Any) -> None:
    lock = sqlite3.connect(host.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        await host.publish("results.a", res())
        await host.publish("events.started.X1.pc1", evt(result_id="E"))
        await asyncio.sleep(6.5)
    finally:
        lock.execute("COMMIT")
        lock.close()
    await host.settle()
    rows = await host.rows("SELECT result_id FROM execution_results ORDER BY result_id")
    assert [row[0] for row in rows] == ["E", "R1"]
    assert await host.dead_letters() == []


async def test_a_replay_of_everything_changes_nothing(host: Any, res: Any, evt: Any) -> None:
    """As after a restore: the position is lost, the rows are there."""
    for number in range(30):
        await host.publish("results.a", res(result_id=f"r{number}", exec_id="X", exit_code=number % 2))
        await host.publish("events.started.X.pc1", evt(result_id=f"r{number}", exec_id="X"))
    await host.settle()
    before = [tuple(row) for row in await host.rows("SELECT * FROM execution_results ORDER BY result_id")]
    await host.stop()
    with sqlite3.connect(host.database) as db:
        db.execute(
            "INSERT INTO executions (exec_id, job_id, version, initiated_by, target_count)"
            " VALUES ('X', 'j', '1', 'o', 9)"
        )
        db.execute("DELETE FROM host_positions")
    db.close()
    await host.start()
    await host.settle()
    assert [
        tuple(row) for row in await host.rows("SELECT * FROM execution_results ORDER BY result_id")
    ] == before
    row = (await host.rows("SELECT success_count, failure_count FROM executions"))[0]
    assert tuple(row) == (0, 0)  # the results were finished before: a replay counts nothing


@pytest.mark.kanade(start=False)
async def test_what_prepare_does_about_each_failure(res: Any, tmp_path: Any) -> None:
    from kanade_host_results import overflow
    from kanade_host_results.messages import ExecResult
    from kanade_host_results.settings import ResultsSettings

    from kanade_host.plugin import (
        ApiError,
        BrokerUnavailable,
        Decoder,
        Instant,
        Message,
        Meta,
        NoResponders,
        ObjectDamaged,
        ObjectInfo,
        ResourceMissing,
        Retry,
        encode,
    )

    class Store:
        def __init__(self, failure: Exception) -> None:
            self.failure, self.asked = failure, 0

        async def info(self, name: str) -> ObjectInfo:
            self.asked += 1
            raise self.failure

    class Bare:
        def __init__(self, store: Store) -> None:
            self.store = store
            self.bus = self.log = self
            self.settings = ResultsSettings()

        def objects(self, name: str) -> Store:
            return self.store

        def warning(self, event: str, **fields: Any) -> None:
            """Nothing is looked at here."""

    body = Decoder(ExecResult).decode(encode(res(stdout_object="a", stderr="inline")))
    batch = [Message(body, Meta("x", 1, Instant.from_ns(1)))]
    waits = [BrokerUnavailable("away"), NoResponders("none"), TimeoutError(), ApiError(503, 10008, "busy")]
    for failure in waits:
        with pytest.raises(Retry):
            await overflow.resolve(Bare(Store(failure)), batch)  # type: ignore[arg-type]
    gives_up = [
        ResourceMissing("gone"),
        ObjectDamaged("bad"),
        ApiError(400, 10003, "bad"),
        ValueError("record"),
    ]
    stores = [Store(failure) for failure in gives_up]
    resolved = await asyncio.gather(
        *(overflow.resolve(Bare(store), batch) for store in stores)  # type: ignore[arg-type]
    )
    assert [one[0].body.stdout_object for one in resolved] == ["a"] * len(gives_up)
    assert all(store.asked > 2 for store in stores)
