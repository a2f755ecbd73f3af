"""All of a run's output, in parts or whole, from its row or from the object store."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["results"], settings={"results": {"store_output": 262_144}})
LONG = bytes(range(256)) * 2_000
SHORT = "héllo\n".encode()


async def run(host: Any, res: Any) -> None:
    """One run: a short stdout in its row, a long stderr in the store."""
    js = (await host.broker.client()).jetstream()
    await (await js.object_store("result_output")).put("q1/stderr", LONG)
    await host.publish("results.q1", res(stdout=SHORT.decode(), stderr_object="q1/stderr"))
    await host.settle()


RANGES: list[tuple[str, int | None, int | None]] = [
    ("bytes=0-0", 0, 1),
    ("bytes=2-4", 2, 5),
    ("bytes=5-", 5, None),
    ("bytes=-3", -3, None),
    ("bytes=-99999999", 0, None),
    ("bytes=3-99999999", 3, None),
]


async def test_whole_and_in_parts(host: Any, res: Any) -> None:
    await run(host, res)
    for stream, expected in (("stdout", SHORT), ("stderr", LONG)):
        path = f"/api/results/R1/output/{stream}"
        whole = await host.get(path, role="viewer")
        assert (whole.status, whole.body) == (200, expected)
        assert whole.headers["content-type"] == "text/plain; charset=utf-8"
        assert whole.headers["content-length"] == str(len(expected))
        for header, first, end in RANGES:
            part = await host.get(path, headers={"range": header})
            assert (part.status, part.body) == (206, expected[first:end]), (stream, header)
            start = max(first or 0, 0) if (first or 0) >= 0 else len(expected) + (first or 0)
            assert part.headers["content-range"].startswith(f"bytes {start}-"), (stream, header)
        for ignored in ("lines=1-2", "bytes=1-2,4-5", "bytes=-"):
            assert (await host.get(path, headers={"range": ignored})).status == 200, ignored
        beyond = await host.get(path, headers={"range": f"bytes={len(expected)}-"})
        assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(expected)}")


async def test_the_row_stays_small_and_says_where_the_rest_is(host: Any, res: Any) -> None:
    await run(host, res)
    detail = (await host.get("/api/results/R1")).json()
    assert (detail["stderr"], detail["stderr_object"]) == ("", "q1/stderr")


async def test_what_cannot_be_given(host: Any, res: Any) -> None:
    await run(host, res)
    js = (await host.broker.client()).jetstream()
    assert (await host.get("/api/results/none/output/stdout")).status == 404
    assert (await host.get("/api/results/R1/output/script")).status == 404
    await (await js.object_store("result_output")).delete("q1/stderr")
    gone = await host.get("/api/results/R1/output/stderr")
    assert (gone.status, "holds q1/stderr no more" in gone.text) == (410, True)
    await host.broker.stop()
    assert (await host.get("/api/results/R1/output/stderr")).status == 503
    assert (await host.get("/api/results/R1/output/stdout")).body == SHORT


async def test_empty_output(host: Any, res: Any) -> None:
    await host.publish("results.q1", res())
    await host.settle()
    empty = await host.get("/api/results/R1/output/stdout")
    assert (empty.status, empty.body) == (200, b"")
    assert (await host.get("/api/results/R1/output/stdout", headers={"range": "bytes=0-"})).status == 416
