"""Which subjects pass a filter, as the broker decides it."""

from __future__ import annotations

import pytest

from kanade_host.bus.address import subjects


@pytest.mark.parametrize(
    ("filter", "subject", "passes"),
    [
        ("events.started.>", "events.started.e1.pc-1", True),
        ("events.started.>", "events.started.e1", True),
        ("events.started.>", "events.started", False),
        ("events.started.>", "events.ended.e1.pc-1", False),
        ("events.*.e1", "events.started.e1", True),
        ("events.*.e1", "events.started.more.e1", False),
        ("a.b", "a.b", True),
        ("a.b", "aXb", False),
        (">", "a.b.c", True),
        ("$KV.jobs.>", "$KV.jobs.j+1", True),
        ("a.>", "a.line\nbreak", True),
    ],
)
def test_as_the_broker_decides(filter: str, subject: str, passes: bool) -> None:
    assert bool(subjects(filter)(subject)) is passes
