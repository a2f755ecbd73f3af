"""Wherever the host is killed, a scan leaves its history once, and its rows are whole."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin import encode

pytestmark = [pytest.mark.timeout(120), pytest.mark.kanade(plugins=["inventory"], process=True)]
SCANS = 40


@pytest.mark.parametrize("point", ["prepared", "applied", "before-commit", "after-commit", "before-ack"])
async def test_killed_while_scans_come_in(host: Any, manifest: Any, result: Any, point: str) -> None:
    await (await host.kv("jobs")).put("inv-sw", encode(manifest()))
    await host.stop()
    for number in range(SCANS):
        apps = [{"name": f"n{one}", "source": "s", "version": str(number)} for one in range(20)]
        body = result({"os": str(number), "apps": apps}, result_id=f"r{number}", pc_id=f"pc{number % 4}")
        for _ in range(1 + number % 2):  # some come twice
            await host.publish("results.q", body)
    host.running.environment["KANADE_FAULT"] = point
    await host.running.start(ready=False)
    assert await host.ended() == -9, host.running.log.read_text()[-2000:]
    host.running.environment.pop("KANADE_FAULT")
    await host.start()
    await host.settle()
    # Each of the 4 PCs: 10 scans, each a change of `os` and of 20 rows; the first adds them.
    kinds = await host.rows("SELECT change_kind, count(*) FROM inventory_history GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in kinds] == [("added", 4 * 21), ("changed", 4 * 9 * 21)]
    rows = await host.rows("SELECT pc_id, version, count(*) FROM inv_apps GROUP BY 1, 2 ORDER BY 1")
    assert [tuple(row) for row in rows] == [(f"pc{pc}", str(36 + pc), 20) for pc in range(4)]
    assert await host.dead_letters() == []
