"""The fuzz test forgives two answers; this says how exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fuzzing.promised import HEALTH, LOGS, is_promised


def health(**other: Any) -> str:
    known = {
        "status": "degraded",
        "agents": {"known": 2, "active": 1, "stale": 1},
        "jetstream": {"all_ok": True},
    }
    return json.dumps(known | other)


UNHEARD = 'logs.fetch. L"\n: invalid subject: invalid subject format'


@pytest.mark.parametrize(
    ("operation", "status", "body", "promised"),
    [
        (LOGS, 502, UNHEARD, True),
        (LOGS, 503, UNHEARD, False),
        (LOGS, 502, "logs.fetch.pc-1: no responders: no responders", False),
        (LOGS, 502, f"{UNHEARD}, and more", False),
        (LOGS, 504, "agent 'pc-1' didn't reply within 10s", False),
        ("GET /api/agents/{pc_id}", 502, UNHEARD, False),
        (HEALTH, 503, health(), True),
        (HEALTH, 502, health(), False),
        (HEALTH, 503, health(jetstream={"all_ok": False}), False),
        (HEALTH, 503, health(agents={"stale": 0}), False),
        (HEALTH, 503, health(status="ok"), False),
        (HEALTH, 503, "{}", False),
        (HEALTH, 503, "[]", False),
        (HEALTH, 503, "broker unavailable", False),
        ("GET /api/agents", 503, health(), False),
    ],
)
def test_only_the_exact_answer_is_promised(operation: str, status: int, body: str, promised: bool) -> None:
    assert is_promised(operation, status, body) is promised
