"""What is told of a result at a glance: which job's scan it may be, before anything else is decoded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kanade_host_inventory.preparing import _key

RESULT = {
    "result_id": "R1",
    "request_id": "q1",
    "pc_id": "pc1",
    "exit_code": 0,
    "stdout": "{}",
    "stderr": "",
    "started_at": "2026-11-23T10:00:00Z",
    "finished_at": "2026-11-23T10:00:01Z",
    "manifest_id": "inv-sw",
}
CASES: list[tuple[Any, str | None]] = [
    (RESULT, "inv-sw"),
    (RESULT | {"exit_code": 1}, ""),
    (RESULT | {"manifest_id": None}, ""),
    ({name: value for name, value in RESULT.items() if name != "manifest_id"}, ""),
    (b'{"exit_code": 0, "manifest\\u005fid": "inv-sw"}', "inv-sw"),
    # The exact decoder says what is wrong with these.
    (RESULT | {"exit_code": "0"}, None),
    (RESULT | {"manifest_id": 7}, None),
    (b"[1]", None),
    (b"\xff", None),
    (b"[" * 10_000, None),
]


@pytest.mark.parametrize("body, expected", CASES, ids=[str(number) for number in range(len(CASES))])
def test_a_glance(body: Any, expected: str | None) -> None:
    assert _key(body if isinstance(body, bytes) else json.dumps(body).encode()) == expected
