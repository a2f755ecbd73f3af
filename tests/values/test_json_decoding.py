"""Strict decoding: the texts of http-fleet.md 2.4, http-jobs.md 1.2, manifest.md 5, projections.md 1.1."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanade_host.plugin import I32, U32, U64, BadJson, BadShape, Decoder, Instant, canonical, decode, encode


class Target(msgspec.Struct):
    groups: list[str] = []
    pcs: list[str] = []
    all: bool = False


class Wave(msgspec.Struct):
    group: str
    delay: str


class Rollout(msgspec.Struct):
    waves: list[Wave]
    strategy: Literal["wave"] = "wave"


class Plan(msgspec.Struct):
    target: Target = msgspec.field(default_factory=Target)
    rollout: Rollout | None = None
    deadline_at: Instant | None = None
    limit: U32 | None = None
    mode: Literal["every_tick", "once_per_pc", "once_per_target"] = "every_tick"


class Job(msgspec.Struct):
    id: str
    version: str
    shell: Literal["powershell", "cmd"] = "cmd"
    approve: bool = False


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    path: str | None = None


class Numbers(msgspec.Struct):
    i: I32 = 0
    u: U64 = 0
    f: float = 0.0
    plain: int = 0


class Named(msgspec.Struct):
    result: Annotated[str, msgspec.Meta(min_length=2)] = msgspec.field(name="result-id", default="xx")


class Free(msgspec.Struct):
    payload: Any
    at: Instant | None = None
    more: dict[str, Any] = {}
    numbers: dict[str, int] = {}


class Process(msgspec.Struct):
    pid: U32
    name: str
    cpu: float | None = None


class Perf(msgspec.Struct):
    pc_id: str
    processes: list[Process]


def depth(levels: int) -> bytes:
    return b'{"payload":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


SYNTAX: list[tuple[Any, bytes, str]] = [
    (Job, b"", "EOF while parsing a value at line 1 column 0"),
    (Job, b"  \n ", "EOF while parsing a value at line 2 column 1"),
    (Job, b"id: a", "expected value at line 1 column 1"),
    (Job, b"\xef\xbb\xbf{}", "expected value at line 1 column 1"),
    (Job, b"{bad}", "key must be a string at line 1 column 2"),
    (Job, b"{1:2}", "key must be a string at line 1 column 2"),
    (Job, b'{"id"', "EOF while parsing an object at line 1 column 5"),
    (Job, b'{"id":"a"', "EOF while parsing an object at line 1 column 9"),
    (Job, b'{"id" "a"}', "expected `:` at line 1 column 7"),
    (Job, b'{"id":"a" "version":"1"}', "expected `,` or `}` at line 1 column 11"),
    (Job, b'{"id":"a",}', "trailing comma at line 1 column 11"),
    (Job, b'{"id":"a",', "EOF while parsing a value at line 1 column 10"),
    (Job, b'{"id":"a","version":"1"} x', "trailing characters at line 1 column 26"),
    (Job, b'{"id":"a","version":"1"}\n{}', "trailing characters at line 2 column 1"),
    (Job, b'{"id":"a', "id: EOF while parsing a string at line 1 column 8"),
    (
        Job,
        b'{"id":"\x01"}',
        "id: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 8",
    ),
    (Job, b'{"id":"\\q"}', "id: invalid escape at line 1 column 9"),
    (Job, b'{"id":"\\ud800"}', "id: unexpected end of hex escape at line 1 column 14"),
    (Job, b'{"id":"\\udc00"}', "id: lone leading surrogate in hex escape at line 1 column 13"),
    (Job, b'{"id":"\\ud800\\u0041"}', "id: lone leading surrogate in hex escape at line 1 column 19"),
    (Job, b'{"id":"\xff"}', "id: invalid unicode code point at line 1 column 9"),
    (Job, b'{"x":"\xff","id":"a","version":"1"}', "invalid unicode code point at line 1 column 8"),
    (Job, b'{"x":"\\ud800","id":"a","version":"1"}', "unexpected end of hex escape at line 1 column 13"),
    (Job, b'{"x":1e400,"id":"a","version":"1"}', "number out of range at line 1 column 10"),
    (Job, b'{"x":NaN}', "expected value at line 1 column 6"),
    (Job, b'{"x":tru}', "expected ident at line 1 column 9"),
    (Job, b'{"x":01}', "invalid number at line 1 column 7"),
    (Job, b'{"x":-}', "invalid number at line 1 column 7"),
    (Job, b'{"x":1.}', "invalid number at line 1 column 8"),
    (Job, b'{"x":1e}', "invalid number at line 1 column 8"),
    (Job, b'{"shell":null}', "shell: expected value at line 1 column 10"),
    (Plan, b'{"limit":x}', "limit: expected value at line 1 column 10"),
    (Plan, b'{"target":{"groups":["a"', "target.groups: EOF while parsing a list at line 1 column 24"),
    (Plan, b'{"target":{"groups":["a" "b"]}}', "target.groups: expected `,` or `]` at line 1 column 26"),
    (Plan, b'{"target":{"groups":["a",]}}', "target.groups: trailing comma at line 1 column 26"),
    (Free, depth(128), "payload: recursion limit exceeded at line 1 column 138"),
    (
        Free,
        b'{"payload":1,"x":' + b"[" * 127 + b"]" * 127 + b"}",
        "recursion limit exceeded at line 1 column 144",
    ),
    (Free, b'{"payload":' + b"[" * 100_000, "payload: recursion limit exceeded at line 1 column 138"),
    (Free, b'{"payload":1e400}', "payload: number out of range at line 1 column 16"),
    (list[str], b'["a"', "EOF while parsing a list at line 1 column 4"),
]
SHAPE: list[tuple[Any, bytes, str]] = [
    (Job, b"{}", "missing field `id` at line 1 column 2"),
    (Job, b'{"id":"a"}', "missing field `version` at line 1 column 10"),
    (
        Job,
        b'{"id":"a","version":1',
        "version: invalid type: integer `1`, expected a string at line 1 column 21",
    ),
    (Job, b'{"id":null}', "id: invalid type: null, expected a string at line 1 column 10"),
    (Job, b'{"id":1.5}', "id: invalid type: floating point `1.5`, expected a string at line 1 column 9"),
    (Job, b'{"id":1e3}', "id: invalid type: floating point `1000.0`, expected a string at line 1 column 9"),
    (Job, b'{"id":true}', "id: invalid type: boolean `true`, expected a string at line 1 column 10"),
    (Job, b'{"id":[]}', "id: invalid type: sequence, expected a string at line 1 column 6"),
    (Job, b'{"id":{}}', "id: invalid type: map, expected a string at line 1 column 6"),
    (
        Job,
        b'{"approve":"yes"}',
        'approve: invalid type: string "yes", expected a boolean at line 1 column 16',
    ),
    (Job, b'{"approve":null}', "approve: invalid type: null, expected a boolean at line 1 column 15"),
    (
        Job,
        b'{"shell":"bash"}',
        "shell: unknown variant `bash`, expected `powershell` or `cmd` at line 1 column 15",
    ),
    (Job, b'{"id":"a","version":"1","id":"b"}', "duplicate field `id` at line 1 column 28"),
    (Job, b'{"id":"a" , "version":"1","id" :"b"}', "duplicate field `id` at line 1 column 31"),
    (Job, b'{"id":"a","version":"1","\\u0069d":"b"}', "duplicate field `id` at line 1 column 33"),
    (Job, b'"a"', 'invalid type: string "a", expected struct Job at line 1 column 3'),
    (Job, b"[]", "invalid type: sequence, expected struct Job at line 1 column 0"),
    (
        Plan,
        b'{"target":"all"}',
        'target: invalid type: string "all", expected struct Target at line 1 column 15',
    ),
    (Plan, b'{"target":null}', "target: invalid type: null, expected struct Target at line 1 column 14"),
    (
        Plan,
        b'{"target":{"pcs":"pc1"}}',
        'target.pcs: invalid type: string "pc1", expected a sequence at line 1 column 22',
    ),
    (
        Plan,
        b'{"target":{"pcs":["a",7]}}',
        "target.pcs[1]: invalid type: integer `7`, expected a string at line 1 column 23",
    ),
    (Plan, b'{"target":{"all":true,"all":true}}', "target: duplicate field `all` at line 1 column 27"),
    (Plan, b'{"rollout":{}}', "rollout: missing field `waves` at line 1 column 13"),
    (
        Plan,
        b'{"rollout":{"waves":[{"group":"g"}]}}',
        "rollout.waves[0]: missing field `delay` at line 1 column 34",
    ),
    (
        Plan,
        b'{"rollout":{"strategy":"linear"}}',
        "rollout.strategy: unknown variant `linear`, expected `wave` at line 1 column 31",
    ),
    (
        Plan,
        b'{"mode":"EveryTick"}',
        (
            "mode: unknown variant `EveryTick`,"
            " expected one of `every_tick`, `once_per_pc`, `once_per_target` at line 1 column 19"
        ),
    ),
    (Plan, b'{"deadline_at":"2026-05-20"}', "deadline_at: premature end of input at line 1 column 27"),
    (
        Plan,
        b'{"deadline_at":5}',
        (
            "deadline_at: invalid type: integer `5`, expected an RFC 3339 formatted date and time string"
            " at line 1 column 16"
        ),
    ),
    (Plan, b'{"limit":-1}', "limit: invalid value: integer `-1`, expected u32 at line 1 column 11"),
    (Plan, b'{"limit":1.0}', "limit: invalid type: floating point `1.0`, expected u32 at line 1 column 12"),
    (
        Plan,
        b'{"limit":4294967296}',
        "limit: invalid value: integer `4294967296`, expected u32 at line 1 column 19",
    ),
    (Closed, b'{"type":"a","bad":1}', "unknown field `bad`, expected `type` or `path` at line 1 column 17"),
    (
        Numbers,
        b'{"i":2147483648}',
        "i: invalid value: integer `2147483648`, expected i32 at line 1 column 15",
    ),
    (Numbers, b'{"i":"1"}', 'i: invalid type: string "1", expected i32 at line 1 column 8'),
    (
        Numbers,
        b'{"u":18446744073709551616}',
        "u: invalid type: floating point `1.8446744073709552e19`, expected u64 at line 1 column 25",
    ),
    (Numbers, b'{"u":-1}', "u: invalid value: integer `-1`, expected u64 at line 1 column 7"),
    (
        Numbers,
        b'{"plain":9223372036854775808}',
        "plain: invalid value: integer `9223372036854775808`, expected i64 at line 1 column 28",
    ),
    (Numbers, b'{"f":"1"}', 'f: invalid type: string "1", expected f64 at line 1 column 8'),
    (Numbers, b'{"f":true}', "f: invalid type: boolean `true`, expected f64 at line 1 column 9"),
    (Free, b"{}", "missing field `payload` at line 1 column 2"),
    (Free, b'{"payload":1,"payload":2}', "duplicate field `payload` at line 1 column 22"),
    (Free, b'{"payload":{"a":{}},"payload":{}}', "duplicate field `payload` at line 1 column 29"),
    (
        Free,
        b'{"payload":1,"numbers":{"a":1.0}}',
        "numbers.a: invalid type: floating point `1.0`, expected i64 at line 1 column 31",
    ),
    (
        Free,
        b'{"payload":1,"numbers":[]}',
        "numbers: invalid type: sequence, expected a map at line 1 column 23",
    ),
    (
        Perf,
        b'{"pc_id":"a","processes":[{"pid":1,"name":"x"},{"pid":1,"name":"x","pid":2}]}',
        "processes[1]: duplicate field `pid` at line 1 column 72",
    ),
    (
        Perf,
        b'{"pc_id":"a","processes":[{"pid":1,"name":"x","cpu":null},{"pid":1}]}',
        "processes[1]: missing field `name` at line 1 column 67",
    ),
    (Named, b'{"result-id":"ab","result-id":"cd"}', "duplicate field `result-id` at line 1 column 29"),
]
ACCEPTED: list[tuple[Any, bytes]] = [
    (Job, b' {"id":"a","version":"1"}\n'),
    (Job, b'{"id":"a","version":"1","x":1,"x":{"id":2,"id":3}}'),
    (Job, b'{"id":"say \\"id\\":","version":"C:\\\\"}'),
    (Job, '{"id":"日本","version":"\\ud83d\\ude00"}'.encode()),
    (Job, b'{"\\u0069d":"a","version":"1"}'),
    (Plan, b'{"rollout":null,"deadline_at":null,"limit":null}'),
    (Plan, b'{"target":{"groups":["a","b"],"bogus":1}}'),
    (Numbers, b'{"f":1,"u":18446744073709551615,"plain":-9223372036854775808}'),
    (Free, depth(127)),
    (Free, b'{"payload":{"a":1,"a":2},"more":{"b":{"c":[]}}}'),
    (Perf, b'{"pc_id":"a","processes":[{"pid":1,"name":"x"},{"pid":1,"name":"x"}]}'),
    (Perf, b'{"pc_id":"a","processes":[]}'),
]


@pytest.mark.parametrize(("kind", "data", "text"), SYNTAX, ids=range(len(SYNTAX)))
def test_no_json(kind: Any, data: bytes, text: str) -> None:
    with pytest.raises(BadJson) as caught:
        decode(kind, data)
    assert str(caught.value) == text


@pytest.mark.parametrize(("kind", "data", "text"), SHAPE, ids=range(len(SHAPE)))
def test_wrong_shape(kind: Any, data: bytes, text: str) -> None:
    with pytest.raises(BadShape) as caught:
        decode(kind, data)
    assert str(caught.value) == text
    error = caught.value
    assert text == (f"{error.path}: {error.message}" if error.path else error.message)


@pytest.mark.parametrize(("kind", "data"), ACCEPTED, ids=range(len(ACCEPTED)))
def test_accepted(kind: Any, data: bytes) -> None:
    assert isinstance(decode(kind, data), kind)


def test_the_first_fault_in_document_order_is_named() -> None:
    with pytest.raises(BadShape, match="id: invalid type"):
        decode(Job, b'{"id":1,"x":')
    with pytest.raises(BadJson, match="expected value"):
        decode(Job, b'{"x":!,"id":1}')


def test_rules_that_only_msgspec_knows_are_refused_too() -> None:
    with pytest.raises(BadShape, match="length >= 2"):
        decode(Named, b'{"result-id":"a"}')


LONG = b"1," * 30_000


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (b'{"payload":[' + LONG + b"}", BadJson, "invalid character at line 1 column 60013"),
        (b'{"payload":\n[' + LONG, BadJson, "Input data was truncated at line 2 column 60001"),
        (b'{"x":[' + LONG + b"1]}", BadShape, "Object missing required field `payload`"),
        (b'{"payload":1,"x":[' + LONG + b"1e400]}", BadShape, "a key stands twice in an object, or"),
        (
            b'{"payload":1,"payload":[' + LONG + b"1]}",
            BadShape,
            "duplicate field `payload` at line 1 column 22",
        ),
    ],
)
def test_faults_of_long_documents_cost_little(data: bytes, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        decode(Free, data)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    "data",
    [
        b'{"payload":[' + b'{"a":[{}]},' * 200 + b"1]}",
        b'{"payload":"\\ud83d\\ude00","x":"\\ud83d\\ude00"}',
        b'{"payload":1,"x":"12345678901234567890123 1e400 {{{{"}',
        b'{"payload":1,"x":[' + LONG + b"1]}",
        b'{"payload":' + b'[{"a":' * 63 + b"1" + b"}]" * 63 + b"}",
    ],
    ids=range(5),
)
def test_what_looks_odd_is_accepted(data: bytes) -> None:
    decode(Free, data)


def test_free_json_keeps_kinds_apart() -> None:
    found = decode(Free, b'{"payload":[1,1.0,true,"1",null,18446744073709551615,-0.5]}').payload
    assert [type(item) for item in found] == [int, float, bool, str, type(None), int, float]


def test_a_moment_is_decoded_with_nanoseconds() -> None:
    found = decode(Free, b'{"payload":null,"at":"2026-11-23T19:00:00.279181237+09:00"}')
    assert found.at == Instant.parse("2026-11-23T10:00:00.279181237Z")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'{"z":1,"a":[1.0],"source":"cli"}', '{"a":[1.0],"source":"cli","z":1}'),
        (b'{"b":{"d":1,"c":{"f":1,"e":2}},"a":1}', '{"a":1,"b":{"c":{"e":2,"f":1},"d":1}}'),
        (b'{"a":1,"a":2}', '{"a":2}'),
        ('{"é":"日","z":1,"😀":1,"｡":2}'.encode(), '{"z":1,"é":"日","｡":2,"😀":1}'),
        (b"[18446744073709551615,-9223372036854775808]", "[18446744073709551615,-9223372036854775808]"),
        (
            b'{"b":18446744073709551616,"a":[-9223372036854775809]}',
            '{"a":[-9.223372036854775808e18],"b":1.8446744073709552e19}',
        ),
        (b"null", "null"),
        (b'"s"', '"s"'),
    ],
)
def test_canonical(data: bytes, text: str) -> None:
    found = canonical(decode(Any, data))
    assert json.loads(found) == json.loads(text)
    if "e1" not in text:  # the spelling of floats is no part of the contract
        assert found == text


def test_encode() -> None:
    value = Free(payload={"b": 1, "a": "é"}, at=Instant.parse("2026-11-23T10:00:00.5Z"))
    assert (
        encode(value).decode()
        == '{"payload":{"b":1,"a":"é"},"at":"2026-11-23T10:00:00.500Z","more":{},"numbers":{}}'
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_what_is_written_is_read_back(value: Any, escaped: bool, indent: int | None) -> None:
    data = json.dumps({"payload": value, "more": {"x": value}}, ensure_ascii=escaped, indent=indent).encode(
        errors="replace"
    )
    found = Decoder(Free).decode(data)
    assert canonical(decode(Any, canonical(found.payload).encode())) == canonical(found.payload)


PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["request", "exec", "result", "pc", "other"]),
        st.none() | st.text(alphabet='a":\\{é ', max_size=6),
    ),
    max_size=7,
)


class Flat(msgspec.Struct):
    request: str
    pc: str
    exec: str | None = None
    result: str = ""


@settings(max_examples=500, deadline=None, derandomize=True)
@given(PAIRS, st.sampled_from([":", " :", ": ", "\n:\t"]), st.booleans())
def test_the_fast_way_judges_like_the_exact_one(
    pairs: list[tuple[str, str | None]], colon: str, escaped: bool
) -> None:
    body = ",".join(json.dumps(key) + colon + json.dumps(value, ensure_ascii=escaped) for key, value in pairs)
    data = ("{" + body + "}").encode()
    known = [key for key, _ in pairs if key != "other"]
    good = (
        {"request", "pc"} <= set(known)
        and len(set(known)) == len(known)
        and all(value is not None for key, value in pairs if key in {"request", "pc", "result"})
    )
    try:
        Decoder(Flat).decode(data)
    except BadShape:
        assert not good
    else:
        assert good
