"""Filter directives: the grammar of host.md 7, and upstream's target names on our loggers."""

from __future__ import annotations

import logging

import pytest

from kanade_host.observe.directives import OFF, TRACE, Thresholds, choose, parse_lenient, parse_strict

E, W, I, D = logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG  # noqa: E741

CASES: list[tuple[str, str, int]] = [
    ("info", "kanade_host.web", I),
    ("WARN", "aiohttp.server", W),
    ("3", "kanade_host", I),
    ("off", "kanade_host", OFF),
    ("trace", "x", TRACE),
    ("info,kanade_host.bus=debug", "kanade_host.bus", D),
    ("info,kanade_host::bus=debug", "kanade_host.bus.kv", D),
    ("info,kanade_host.bus=debug", "kanade_host.busy", I),
    ("kanade_host=debug,kanade_host.bus=error", "kanade_host.bus", E),
    ("kanade_host.bus=error,kanade_host=debug", "kanade_host.bus", E),
    ("kanade_host=debug", "nats", OFF),
    ("kanade_host.bus", "kanade_host.bus", TRACE),
    ("nonsense", "kanade_host", OFF),
    ("warn,kanade_host[request{method=GET,x=1}]=debug", "kanade_host", D),
    # names that stand in operators' files
    ("warn,kanade_backend=debug", "kanade_host.web", D),
    ("warn,kanade_backend=debug", "kanade_host_results", D),
    ("warn,kanade_backend=debug", "nats", W),
    ("info,kanade_backend::projector::results=debug", "kanade_host.projection.results.results", D),
    ("info,kanade_backend::projector::results=debug", "kanade_host.plugins.results", D),
    ("info,kanade_backend::projector::results=debug", "kanade_host.projection.audit.audit", I),
    ("info,kanade_backend::projector=debug", "kanade_host.projection.audit.audit", D),
    ("info,kanade_backend::api::audit=debug", "kanade_host.plugins.audit", D),
    ("info,kanade_backend::cleanup=debug", "kanade_host.tasks", D),
    ("info,tower_http=debug", "kanade_host.web.access", D),
    ("info,async_nats=debug", "kanade_host.bus.connection", D),
    ("info,sqlx=error", "kanade_host.store.writer", E),
]


@pytest.mark.parametrize(("directives", "logger", "level"), CASES)
def test_threshold(directives: str, logger: str, level: int) -> None:
    parsed = parse_strict(directives)
    assert parsed is not None
    assert Thresholds(parsed).of(logger) == level


@pytest.mark.parametrize("bad", ["a=b=c", "kanade=loud", "in fo", "=="])
def test_bad_directives(bad: str) -> None:
    complaints: list[str] = []
    assert parse_strict(f"info,{bad}") is None
    assert Thresholds(parse_lenient(f"{bad},info", complaints.append)).of("x") == I
    assert len(complaints) == 1
    assert complaints[0].startswith(f"ignoring `{bad}`: ")


@pytest.mark.parametrize(
    ("rust_log", "level", "expected"),
    [
        (None, "debug", D),
        ("warn", "debug", W),
        ("warn,x=loud", "debug", D),  # invalid as a whole: [log] level counts
        ("", "debug", E),
    ],
)
def test_rust_log_over_level(rust_log: str | None, level: str, expected: int) -> None:
    assert Thresholds(choose(rust_log, level, lambda _: None)).of("kanade_host") == expected
