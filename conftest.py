"""For all tests of the workspace: the process's logging is after each test as it was before.

Commands and hosts set logging up for their process; in a test that process is everybody's. And no test
fails because the machine is slow: hypothesis shall judge examples, not how long they took.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from kanade_host.observe import logs

settings.register_profile("kanade", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kanade")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-examples",
        type=int,
        default=2,
        metavar="N",
        help="How often tests/conformance/test_fuzzed_api.py asks each operation; the long form is 200.",
    )


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    root, before, config = logging.getLogger(), logs._current, structlog.get_config()
    handlers, level = list(root.handlers), root.level
    logs._current = None
    yield
    if logs._current is not None:
        logs._current.close()
        root.handlers[:] = [one for one in root.handlers if one in handlers]
        root.setLevel(level)
        structlog.configure(**config)
    logs._current = before
    structlog.contextvars.clear_contextvars()
