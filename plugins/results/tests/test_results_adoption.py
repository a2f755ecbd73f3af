"""A file that kanade-backend filled is opened in place: its rows are served, its indexes stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
import upstream_database

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["results", "audit"], start=False)


async def test_rows_are_served_and_go_on(host: Any, res: Any) -> None:
    upstream_database.build(host.database)
    begun = Instant.from_ns(host.clock.now().ns // 1000 * 1000 + 789 - 60 * 10**9)
    with closing(sqlite3.connect(host.database)) as db, db:
        db.execute(
            "INSERT INTO execution_results (result_id, request_id, exec_id, pc_id, started_at, recorded_at)"
            " VALUES ('open', 'q', 'theirs', 'pc1', ?, ?)",
            (begun.stored, begun.sql),
        )
        db.execute(
            "INSERT INTO executions (exec_id, job_id, version, initiated_by, target_count)"
            " VALUES ('theirs', 'j', '1', 'operator', 1)"
        )
        count = db.execute("SELECT count(*) FROM execution_results").fetchone()[0]
        indexes = names(db)
    await host.start()
    assert len((await host.get("/api/results?limit=1000")).json()) == count
    found = (await host.get("/api/results/open")).json()
    assert (found["exit_code"], found["started_at"]) == (None, begun.wire)
    await host.publish("results.q", res(result_id="open", exec_id="theirs"))
    await host.settle()
    execution = (await host.get("/api/executions/theirs")).json()["execution"]
    assert (execution["success_count"], execution["status"], execution["states"]) == (1, "completed", None)
    assert (await host.get("/api/audit")).status == 200
    with closing(sqlite3.connect(host.database)) as db:
        assert indexes <= names(db)


def names(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
