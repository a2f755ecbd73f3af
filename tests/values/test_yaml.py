"""Reading YAML by expected type, and dumping what reads back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kanade_host_jobs.api import FanoutPlan

from kanade_host.plugin.yaml import BadYaml, dump_yaml, read_yaml

FLAT = ("target", "rollout", "jitter", "deadline_at")


class Texts(msgspec.Struct):
    a: str
    b: str | None = None
    c: list[str] = []


@pytest.mark.parametrize(
    "scalar, shown",
    [
        ("30", "integer `30`"),
        ("+5", "integer `5`"),
        ("-5", "integer `-5`"),
        ("0x1F", "integer `31`"),
        ("+0x1", "integer `1`"),
        ("0o17", "integer `15`"),
        ("0b11", "integer `3`"),
        ("1.5", "floating point `1.5`"),
        (".5", "floating point `0.5`"),
        ("5.", "floating point `5.0`"),
        ("1e3", "floating point `1000.0`"),
        ("1E5", "floating point `100000.0`"),
        (".inf", "floating point `inf`"),
        ("-.inf", "floating point `-inf`"),
        (".nan", "floating point `NaN`"),
        ("TRUE", "boolean `true`"),
        ("false", "boolean `false`"),
        ("~", "unit value"),
        ("null", "unit value"),
    ],
)
def test_buffered_scalars_that_are_no_text(scalar: str, shown: str) -> None:
    with pytest.raises(BadYaml) as raised:
        read_yaml(FanoutPlan, f"target: {{pcs: [{scalar}]}}", FLAT)
    assert str(raised.value) == f"invalid type: {shown}, expected a string"


@pytest.mark.parametrize(
    "scalar",
    [
        *("007", "00", "017", "1_000", "12:30", "1.2.3", "10.0.0.1", "2026-01-01", "yes", "no", "on", "1e"),
        *("0xZZ", "0X1F", "Infinity"),
    ],
)
def test_buffered_scalars_that_are_text(scalar: str) -> None:
    plan, _ = read_yaml(FanoutPlan, f"target: {{pcs: [{scalar}, '30', !!str 5]}}", FLAT)
    assert plan.target.pcs == [scalar, "30", "5"]


@pytest.mark.parametrize("scalar", ["30", "~", "null", "true", "1.10", "0x10", ".nan", "12:30:45", "010"])
def test_direct_texts_keep_their_source(scalar: str) -> None:
    assert read_yaml(Texts, f"a: {scalar}")[0].a == scalar


@pytest.mark.parametrize(
    "text, fault",
    [
        ("target: all", 'invalid type: string "all", expected struct Target'),
        ("target: {pcs: pc1}", 'invalid type: string "pc1", expected a sequence'),
        ("target: ~", "invalid type: unit value, expected struct Target"),
        ("jitter: 30", "invalid type: integer `30`, expected a string"),
        ("deadline_at: 2026-01-01", "premature end of input"),
        ("deadline_at: 5", "invalid type: integer `5`, expected an RFC 3339 formatted date and time string"),
        ("rollout: {waves: [{group: g, delay: 0}]}", "invalid type: integer `0`, expected a string"),
        ("rollout: {strategy: linear, waves: []}", "unknown variant `linear`, expected `wave`"),
    ],
)
def test_faults_in_buffered_parts_name_no_place(text: str, fault: str) -> None:
    with pytest.raises(BadYaml) as raised:
        read_yaml(FanoutPlan, text, FLAT)
    assert str(raised.value) == fault


def test_an_alias_bomb_is_refused_and_aliases_work() -> None:
    assert read_yaml(Texts, "a: &x text\nb: *x\nc: [*x, *x]")[0] == Texts("text", "text", ["text", "text"])

    class Deep(msgspec.Struct):
        a: list[list[list[list[list[list[str]]]]]]

    layers = ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
    layers += [
        f"{name}: &{name} [" + ",".join([f"*{below}"] * 10) + "]" for below, name in zip("abcd", "bcde")
    ]
    bomb = "\n".join(layers).replace("a: &a", "z: &a", 1) + "\na: [" + ",".join(["*e"] * 10) + "]"
    with pytest.raises(BadYaml, match="repetition limit exceeded"):
        read_yaml(Deep, bomb)


def test_an_alias_to_itself_ends() -> None:
    with pytest.raises(BadYaml):
        read_yaml(Texts, "a: x\nc: &c [*c]")


class Tree(msgspec.Struct):
    text: str
    maybe: str | None
    flag: bool
    items: list[str]
    inner: list[Texts]


AWKWARD = [
    *(
        "",
        "1.0",
        "1e3",
        "true",
        "null",
        "~",
        "- a",
        "a: b",
        "a #b",
        " lead",
        "trail ",
        "a\nb",
        "a\nb\n",
        "\n",
    ),
    *(
        "\ta",
        "a\r\nb",
        "  two\nlines",
        "# x",
        "&a",
        "*a",
        "!x",
        "'",
        '"',
        "0x1F",
        "日本 ✓",
        "a\n\n\n",
        "?",
        "|",
    ),
    *("\x85", "a\u2028b", "\ufeffa", "\x7f", "---", "...", "@a", "`a", "%a", "a:", "[a", "{a", ">", "😀\nb"),
]
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    AWKWARD
)


@settings(max_examples=300, deadline=None)
@given(text=texts, maybe=st.none() | texts, flag=st.booleans(), items=st.lists(texts, max_size=3))
def test_what_is_dumped_reads_back(text: str, maybe: str | None, flag: bool, items: list[str]) -> None:
    value: dict[str, Any] = {"text": text, "maybe": maybe, "flag": flag, "items": items}
    value["inner"] = [{"a": text, "b": maybe, "c": items}]
    assert msgspec.to_builtins(read_yaml(Tree, dump_yaml(value))[0]) == value


def test_the_style_of_a_dump() -> None:
    value = {
        "id": "nightly",
        "cron": "0 0 3 * * *",
        "version": "0.1.0",
        "number": "1.0",
        "big": "1e3",
        "word": "true",
        "none": None,
        "empty": "",
        "yes": True,
        "colon": "a: b",
        "hash": "a #b",
        "dash": "- a",
        "block": "one\ntwo\n",
        "strip": "one\ntwo",
        "indented": "  one\ntwo\n",
        "tab": "a\tb",
        "crlf": "a\r\nb",
        "blank": "a \nb",
        "long": "word " * 40 + "end",
        "list": ["a", "b"],
        "no_items": [],
        "deep": {"keys": [{"a": "b", "c": ["d"]}]},
        "kanji": "日本",
    }
    assert dump_yaml(value) == (
        "id: nightly\ncron: 0 0 3 * * *\nversion: 0.1.0\nnumber: '1.0'\nbig: '1e3'\nword: 'true'\n"
        "none: null\nempty: ''\nyes: true\ncolon: 'a: b'\nhash: 'a #b'\ndash: '- a'\n"
        "block: |\n  one\n  two\nstrip: |-\n  one\n  two\nindented: |2\n    one\n  two\n"
        'tab: "a\\tb"\ncrlf: "a\\r\\nb"\nblank: "a \\nb"\n'
        f"long: {'word ' * 40}end\nlist:\n- a\n- b\nno_items: []\n"
        "deep:\n  keys:\n  - a: b\n    c:\n    - d\nkanji: 日本\n"
    )
