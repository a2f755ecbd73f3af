"""A file that kanade-backend filled: its facts, history and derived tables are served and go on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
import upstream_database

from kanade_host.plugin import encode

pytestmark = pytest.mark.kanade(plugins=["inventory"], start=False)
DERIVED = """
CREATE TABLE "inv_apps" (pc_id TEXT NOT NULL, job_id TEXT NOT NULL, collected_at TIMESTAMP, "source" TEXT,
    "name" TEXT, "version" TEXT, PRIMARY KEY (pc_id, job_id, "name", "source"));
INSERT INTO inv_apps VALUES ('pc1', 'inv-sw', '2026-11-22T00:00:00+00:00', 'msi', 'Old', '1');
INSERT INTO inventory_facts (pc_id, job_id, facts_json, display_json, collected_at) VALUES
    ('pc1', 'inv-sw', '{"os":"9"}', '[]', '2026-11-22T00:00:00+00:00');
"""


async def test_rows_are_served_and_go_on(host: Any, manifest: Any, result: Any) -> None:
    upstream_database.build(host.database)
    with closing(sqlite3.connect(host.database)) as db, db:
        db.executescript(DERIVED)
        before = db.execute("SELECT count(*) FROM inventory_history").fetchone()[0]
    js = (await host.broker.client()).jetstream()
    await js.add_stream(name="RESULTS", subjects=["results.>"])
    await js.add_consumer("RESULTS", durable_name="backend_results_projector", ack_policy="explicit")
    puller = await js.pull_subscribe_bind("backend_results_projector", "RESULTS")
    await host.publish(
        "results.q", result({"os": "x"}, result_id="theirs", finished_at="2026-11-23T01:00:00Z")
    )
    (taken,) = await puller.fetch(1)
    await taken.ack_sync()
    await host.start()
    await (await host.kv("jobs")).put("inv-sw", encode(manifest()))
    element = {"name": "Old", "source": "msi", "version": "2"}
    await host.publish("results.q", result({"os": "10", "apps": [element]}, result_id="ours"))
    await host.settle()
    assert [dict(row) for row in await host.rows("SELECT name, version, size FROM inv_apps")] == [
        {"name": "Old", "version": "2", "size": None}
    ]
    rows = (await host.get("/api/inventory/inv-sw/history/pc/pc1")).json()
    assert [(row["before_json"], row["change_kind"]) for row in rows] == [
        ('{"name":"Old","score":null,"size":null,"source":"msi","version":"1"}', "changed"),
        ('{"value":"9"}', "changed"),
    ]
    assert len(await host.rows("SELECT 1 FROM inventory_history")) == before + 2
    assert not list(host.folder.glob("*.before-*"))
