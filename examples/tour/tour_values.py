"""Moments, durations, JSON, and every error."""

from __future__ import annotations

from typing import assert_type

import msgspec

from kanade_host.plugin import (
    I32,
    I64,
    U32,
    U64,
    ApiError,
    BadDuration,
    BadInstant,
    BadJson,
    BadShape,
    BrokerUnavailable,
    Caller,
    Decoder,
    HttpError,
    Instant,
    InvalidKey,
    KanadeError,
    MessageTooLarge,
    NoResponders,
    ObjectDamaged,
    ObjectNotFound,
    OperatorError,
    PluginError,
    ResourceMissing,
    Retry,
    RevisionConflict,
    ServiceMissing,
    StoreUnavailable,
    Unavailable,
    canonical,
    decode,
    encode,
    parse_duration,
    whole_seconds,
)


class Numbers(msgspec.Struct):
    """Integers of a width."""

    a: I32
    b: I64
    c: U32
    d: U64


def values() -> None:
    """Moments, durations, JSON."""
    moment = Instant.parse("2026-11-23T10:00:00.000000001Z")
    assert_type((moment.ns, moment.wire, moment.stored), tuple[int, str, str])
    assert_type(Instant.from_ns(1), Instant)
    assert_type(whole_seconds("90s"), int)
    assert_type(parse_duration("1m30s"), int)
    assert_type(encode({"a": 1}), bytes)
    assert_type(canonical({"b": 1, "a": 2}), str)
    assert_type(decode(Numbers, b'{"a":1,"b":2,"c":3,"d":4}'), Numbers)
    assert_type(Decoder(Numbers).decode(b"{}"), Numbers)


def who(caller: Caller) -> tuple[str | None, str | None]:
    """Who is named in an audit record."""
    return caller.sub, caller.source


ERRORS: dict[type[Exception], str] = {
    ApiError: "JetStream refused",
    BadDuration: "no duration",
    BadInstant: "no moment",
    BadJson: "no JSON",
    BadShape: "JSON of another shape",
    BrokerUnavailable: "the broker is away",
    HttpError: "an answer that says no",
    InvalidKey: "no key of a bucket",
    KanadeError: "all that the host raises on purpose",
    MessageTooLarge: "larger than the broker takes",
    NoResponders: "nobody answers",
    ObjectDamaged: "its digest is wrong",
    ObjectNotFound: "no such object",
    OperatorError: "for whoever runs the host",
    PluginError: "for whoever wrote the plugin",
    ResourceMissing: "no such stream, bucket or store",
    Retry: "not the messages' fault: try again",
    RevisionConflict: "somebody wrote first",
    ServiceMissing: "nobody offers it",
    StoreUnavailable: "the database is away",
    Unavailable: "away for the moment",
}
