"""No bytes at all make a decoder or a parser do more than refuse them; one that hangs meets its time-out.

The budget is fixed: the same examples every time (`--fuzz-examples` multiplies them in the long form).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kanade_host_audit.messages import AuditEvent
from kanade_host_heartbeat.messages import Heartbeat
from kanade_host_obs.messages import ObsEvent
from kanade_host_perf.messages import HostPerf, ProcessPerf
from kanade_host_results.messages import EventStarted, ExecResult

from kanade_host.plugin import BadDuration, BadJson, BadShape, Decoder, HttpError, Instant, parse_duration
from kanade_host.plugin.instants import BadInstant
from kanade_host.plugin.patterns import pattern
from kanade_host.web.query import pairs

BUDGET = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
KINDS = [ExecResult, EventStarted, AuditEvent, ObsEvent, Heartbeat, HostPerf, ProcessPerf]
DECODERS: dict[type, Decoder[Any]] = {kind: Decoder(kind) for kind in KINDS}

leaf = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(max_size=40)
    | st.sampled_from(["2026-11-28T10:00:00Z", "\ud800", "9" * 400, "'; DROP TABLE users; --"])
)
tree = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


def names_of(kind: type) -> list[str]:
    fields: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]
    return list(fields)


def reads_or_refuses(call: Callable[[], object], *refusals: type[Exception]) -> None:
    with contextlib.suppress(*refusals):
        call()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@BUDGET
@given(data=st.binary(max_size=400))
def test_any_bytes_as_a_message(kind: type, data: bytes) -> None:
    reads_or_refuses(lambda: DECODERS[kind].decode(data), BadJson, BadShape)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@BUDGET
@given(drawn=st.data())
def test_any_values_under_the_right_keys(kind: type, drawn: st.DataObject) -> None:
    body = drawn.draw(st.dictionaries(st.sampled_from(names_of(kind)), tree))
    data = json.dumps(body).encode("utf-8", "surrogatepass")
    reads_or_refuses(lambda: DECODERS[kind].decode(data), BadJson, BadShape)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("shape", ["[" * 100_000, '{"a":' * 100_000, '"' + "\\u0000" * 50_000, "9" * 100_000])
def test_deep_and_long(kind: type, shape: str) -> None:
    reads_or_refuses(lambda: DECODERS[kind].decode(shape.encode()), BadJson, BadShape)


@BUDGET
@given(text=st.text(max_size=80) | st.from_regex(r"[0-9TZ:+\-. ]{0,40}", fullmatch=True))
def test_any_text_as_a_moment(text: str) -> None:
    reads_or_refuses(lambda: Instant.parse(text), BadInstant)


@BUDGET
@given(text=st.text(max_size=80) | st.from_regex(r"[0-9 .µsmhdwy\-+]{0,40}", fullmatch=True))
def test_any_text_as_a_duration(text: str) -> None:
    reads_or_refuses(lambda: parse_duration(text), BadDuration)


@BUDGET
@given(source=st.text(max_size=60) | st.from_regex(r"[()*+?|a{}\[\]\\^$.0-9]{0,40}", fullmatch=True))
def test_any_text_as_a_pattern_of_a_filter(source: str) -> None:
    def use() -> None:
        made = pattern(source)
        if made is not None:
            made.found_in("a" * 5_000)

    reads_or_refuses(use, HttpError)


@pytest.mark.parametrize(
    "source", ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "^(([a-z])+.)+[A-Z]([a-z])+$", "a{1000}{1000}"]
)
def test_patterns_that_would_take_for_ever(source: str) -> None:
    def use() -> None:
        made = pattern(source)
        if made is not None:
            made.found_in("a" * 20_000 + "!")

    reads_or_refuses(use, HttpError)


@BUDGET
@given(text=st.text(max_size=200) | st.from_regex(r"[%&=+a-f0-9;]{0,60}", fullmatch=True))
def test_any_text_as_a_query(text: str) -> None:
    reads_or_refuses(lambda: pairs(text), ValueError)
