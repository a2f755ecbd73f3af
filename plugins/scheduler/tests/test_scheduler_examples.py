"""Schedules of the table of worked examples in `contract/manifest.md` 14, each under its number."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["results", "jobs", "scheduler"])

BASE = {"id": "s", "cron": "0 0 9 * * *", "job_id": "j", "target": {"all": True}}
YAML = "id: s\ncron: 0 0 9 * * *\njob_id: j\n"
STORED: dict[str, tuple[Any, dict[str, Any]]] = {
    "21 unknown keys": (BASE | {"bogus": 2, "target": {"groups": ["a"], "bogus": 1}}, {"target": ["a"]}),
    "22 nulls": (BASE | {"rollout": None, "jitter": None, "cooldown": None}, {}),
    "25 plain texts": (YAML + "target: {pcs: [007, pc-1]}\n", {"pcs": ["007", "pc-1"]}),
    "26 a moment": (
        BASE | {"deadline_at": "2026-01-01T09:00:00.123456+09:00"},
        {"deadline_at": "2026-01-01T00:00:00.123456Z"},
    ),
}
REFUSED: dict[str, tuple[Any, str]] = {
    "20 no cron": ('{"id":"s","job_id":"j","when":{"per_pc":"once"}}',
                   "parse JSON body: missing field `cron` at line 1 column 48"),
    "22 null target": (BASE | {"target": None}, "invalid type: null, expected struct Target"),
    "23 null mode": (BASE | {"mode": None}, "parse JSON body: expected value"),
    "23 null enabled": (BASE | {"enabled": None}, "invalid type: null, expected a boolean"),
    "24 jitter": (YAML + "target: {all: true}\njitter: 30\n",
                  "parse YAML body: invalid type: integer `30`, expected a string"),
    "24 cooldown": (YAML + "target: {all: true}\nmode: once_per_pc\ncooldown: 60\n", "cooldown"),
    "25 a number": (YAML + "target: {pcs: [7]}\n", "parse YAML body: "),
    "27 five fields": (BASE | {"cron": "* * * * *"}, "cron"),
}  # fmt: skip


async def saved(host: Any, body: Any) -> Any:
    if not isinstance(body, str):
        return await host.post("/api/schedules", json=body)
    kind = "application/json" if body.startswith("{") else "application/yaml"
    return await host.post("/api/schedules", data=body, headers={"content-type": kind})


@pytest.mark.parametrize("name", STORED)
async def test_what_is_stored(host: Any, name: str) -> None:
    body, wanted = STORED[name]
    answer = await saved(host, body)
    assert answer.status == 200, answer.text
    [stored] = (await host.get("/api/schedules")).json()
    assert "bogus" not in stored
    found = {"target": stored["target"]["groups"], "pcs": stored["target"]["pcs"]} | {
        key: value for key, value in stored.items() if key not in ("target",)
    }
    assert {key: found[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused(host: Any, name: str) -> None:
    body, text = REFUSED[name]
    answer = await saved(host, body)
    assert (answer.status, text in answer.text) == (400, True), answer.text
    assert (await host.get("/api/schedules")).json() == []
