"""When a PC sent no samples."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from kanade_host_perf.silences import GAPS

pytestmark = pytest.mark.kanade(plugins=["perf"])


async def test_gaps_between_samples_newest_first(host: Any) -> None:
    now = host.clock.now()
    ago = [7_200, 7_140, 3_600, 3_540, 3_480, 1_000, 30]
    with closing(sqlite3.connect(host.database, isolation_level=None, timeout=10)) as db:
        db.executemany(
            "INSERT INTO host_perf_samples (pc_id, at) VALUES (?, ?)",
            [("pc1", (now - seconds).stored) for seconds in ago] + [("pc2", (now - 99_999).stored)],
        )
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {GAPS}", ("p", "a", "b", 1, 1)))
    assert "SEARCH host_perf_samples USING" in plan, plan
    answer = (await host.get("/api/agents/pc1/silences", role="viewer")).json()
    assert [one["seconds"] for one in answer["silences"]] == [970, 2_480, 3_540]
    assert answer["last_sample"] == (now - 30).wire
    longer = (await host.get("/api/agents/pc1/silences?longer=45m")).json()
    assert [one["seconds"] for one in longer["silences"]] == [3_540]
    silent = (await host.get("/api/agents/nobody/silences")).json()
    assert (silent["last_sample"], silent["silences"]) == (None, [])


@pytest.mark.parametrize("query", ["longer=0s", "longer=x", "from=2020-01-01T00:00:00Z"])
async def test_bad_ranges_are_refused(host: Any, query: str) -> None:
    assert (await host.get(f"/api/agents/pc1/silences?{query}")).status == 400
