"""The fast decoder accepts exactly what the exact reader accepts, also for damaged and odd documents."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kanade_host.plugin import I64, U32, U64, BadJson, BadShape, Decoder, Instant
from kanade_host.plugin.json_exact import check


class Leaf(msgspec.Struct):
    pid: U32
    name: str
    cpu: float | None = None


class Tree(msgspec.Struct):
    pc_id: str
    leaves: list[Leaf]
    at: Instant | None = None
    kind: Literal["b", "a"] = "a"
    big: U64 = 0
    small: I64 | None = None
    label: str = ""
    free: Any = None
    words: dict[str, str] = {}
    flag: bool = False


_tree: Decoder[Tree] = Decoder(Tree)

LEAVES = st.fixed_dictionaries(
    {"pid": st.integers(-1, 5), "name": st.text(max_size=3)},
    optional={"cpu": st.none() | st.floats(0, 9), "extra": st.just({"pid": 1})},
)
FREE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
TREES = st.fixed_dictionaries(
    {"pc_id": st.text(max_size=4), "leaves": st.lists(LEAVES, max_size=3)},
    optional={
        "at": st.sampled_from(["2026-11-23T10:00:00Z", "2026-02-30T10:00:00Z", None]),
        "kind": st.sampled_from(["a", "b", "c"]),
        "big": st.sampled_from([0, 2**64 - 1, 2**64]),
        "small": st.sampled_from([None, -(2**63), 2**63]),
        "label": st.text(alphabet='":\\a', max_size=5),
        "free": FREE,
        "words": st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=3),
        "flag": st.booleans(),
        "other": FREE,
    },
)
# What is spliced into a document: other keys, escapes, brackets, bytes that are no UTF-8.
SPLICES = st.sampled_from(
    [
        b"",
        b'"',
        b",",
        b"\\",
        b'"pc_id":"x",',
        b'"pid":1,',
        b'"a":1,',
        b"\\ud800",
        b"\\u0061",
        b"\xff",
        b" ",
        b"1e400",
    ]
)


@settings(max_examples=700, deadline=None, derandomize=True)
@given(TREES, st.booleans(), SPLICES, st.integers(0, 200), st.integers(0, 2))
def test_both_judge_alike(value: Any, escaped: bool, splice: bytes, at: int, dropped: int) -> None:
    data = json.dumps(value, ensure_ascii=escaped, separators=(",", ":")).encode("utf-8", "replace")
    at %= len(data)
    data = data[:at] + splice + data[at + dropped :]
    fault = check(Tree, data)
    try:
        _tree.decode(data)
    except (BadJson, BadShape) as error:
        found: tuple[bool, str] | None = (isinstance(error, BadJson), str(error))
    else:
        found = None
    wanted = None
    if fault is not None:
        wanted = (fault.syntax, f"{fault.path}: {fault.message}" if fault.path else fault.message)
    assert found == wanted
