"""Every operation as every role, asked by a generator: no answer is a fault.

`./run pytest tests/conformance/test_fuzzed_api.py --fuzz-examples 200` is the long form.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import entry_points
from typing import Any

import pytest
from fuzzing.running import fuzz
from fuzzing.world import make

INSTALLED = sorted(found.name for found in entry_points(group="kanade_host.plugins"))
LONG = 10
"""Below so many examples, who may do less is not asked what each value of each type does."""

pytestmark = [pytest.mark.timeout(0), pytest.mark.kanade(plugins=INSTALLED, process=True)]


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_no_request_is_a_fault(host: Any, role: str, pytestconfig: pytest.Config) -> None:
    examples = pytestconfig.getoption("--fuzz-examples")
    found = await make(host)
    phases = "fuzzing,stateful" if examples < LONG and role != "admin" else "coverage,fuzzing,stateful"
    async with asyncio.timeout(300 + 60 * examples):
        outcome = await fuzz(host, found, role, examples=examples, seed=20261128, phases=phases)
    print(outcome.printed)
    assert outcome.status == 0, outcome.printed
    assert (await host.get("/health/ready", role=None)).json()["ready"]
