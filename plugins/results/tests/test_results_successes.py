"""The newest success of a job on each PC, as the scheduler asks for it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from kanade_host_results.api import SERVICE, Executions
from kanade_host_results.successes import LAST_SUCCESS

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["results"])


def executions(host: Any) -> Executions:
    found: Executions = host.running.app.running["results"].ctx.service(SERVICE)
    return found


async def report(host: Any, pc_id: str, finished_at: str, **keys: Any) -> None:
    body = {
        "request_id": str(uuid.uuid4()),
        "result_id": str(uuid.uuid4()),
        "pc_id": pc_id,
        "exit_code": 0,
        "stdout": "",
        "stderr": "",
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": finished_at,
        "manifest_id": "job",
    } | keys
    await host.publish(f"results.{body['request_id']}", body)


async def test_only_the_newest_success_of_that_job_counts(host: Any) -> None:
    await report(host, "a", "2026-03-01T07:00:00Z")
    await report(host, "a", "2026-03-01T08:45:00.123456789Z")
    await report(host, "a", "2026-03-01T06:00:00Z")
    await report(host, "b", "2026-03-01T09:00:00Z", exit_code=1)
    await report(host, "b", "2026-03-01T09:00:00Z", manifest_id="other")
    await report(host, "b", "2026-03-01T09:00:00Z", manifest_id=None)
    await report(host, "c", "2026-03-01T09:00:00Z", exit_code=125)
    await host.settle()
    found = await executions(host).last_success("job")
    assert found == {"a": Instant.parse("2026-03-01T08:45:00.123456789Z")}


async def test_a_result_that_replaces_a_running_row_counts(host: Any) -> None:
    ids = {"request_id": "r-1", "result_id": "s-1", "exec_id": "e-1"}
    started = {"pc_id": "a", "manifest_id": "job", "version": "1", "started_at": "2026-01-01T00:00:00Z"}
    await host.publish("events.started.e-1.a", ids | started)
    await host.settle()
    assert await executions(host).last_success("job") == {}
    await report(host, "a", "2026-03-01T07:00:00Z", **ids)
    await host.settle()
    assert list(await executions(host).last_success("job")) == ["a"]


async def test_the_question_is_one_search_of_the_key(host: Any) -> None:
    (row,) = await host.rows(f"EXPLAIN QUERY PLAN {LAST_SUCCESS}", ("job",))
    assert "USING PRIMARY KEY (job_id=?)" in row["detail"]
