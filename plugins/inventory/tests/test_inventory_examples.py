"""The worked examples of `contract/projections.md` 13.2 that need no broker, under their names."""

from __future__ import annotations

import json
from typing import Any

import pytest


def app(name: Any, source: Any, version: Any, size: Any = 1, score: Any = 1.0) -> dict[str, Any]:
    return {"name": name, "source": source, "version": version, "size": size, "score": score}


CHROME = app("Chrome", "msi", "120", 5, 1.5) | {"zz": True, "aa": None}
EDGE = app("Edge", "x64", "121", 6, 2.0)
DECLARED_CHROME = app("Chrome", "msi", "120", 5, 1.5)
I1 = {"hostname": "A", "os": "10", "ram": 16, "apps": [CHROME, EDGE, app("Chrome", "msi", "999")]}
I2 = I1 | {"apps": [CHROME, EDGE]}
CHROME_121 = app("Chrome", "msi", "121", 5, 1.5)
ZED = app("Zed", "msi", "1", 1, 0.5)
I3 = {"os": "11", "apps": [CHROME_121, ZED]}


def test_i1_facts_rows_and_first_history(file: Any) -> None:
    file.scan(I1)
    fact = file.fact()
    assert fact["facts_json"] == json.dumps(I1)
    assert fact["display_json"] == (
        '[{"field":"hostname","label":"Host"},{"field":"apps","label":"Apps","type":"table",'
        '"columns":[{"field":"name","label":"N"}]}]'
    )
    assert fact["summary_json"] == '[{"field":"hostname","label":"Host"}]'
    assert fact["collected_at"] == "2026-11-23T10:00:01+00:00"
    assert fact["recorded_at"] == "2026-11-23 12:00:01"
    indexes = file.rows("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%inv_apps%'")
    assert indexes == [{"name": "idx_inv_apps_name"}]
    assert [(row["name"], row["version"]) for row in file.table()] == [("Chrome", "120"), ("Edge", "121")]
    assert file.history() == [
        ("os", "added", None, None, {"value": "10"}),
        ("ram", "added", None, None, {"value": 16}),
        ("apps", "added", {"name": "Chrome", "source": "msi"}, None, CHROME),
        ("apps", "added", {"name": "Edge", "source": "x64"}, None, EDGE),
    ]
    texts = [row["after_json"] for row in file.rows("SELECT * FROM inventory_history ORDER BY id")]
    assert texts[2] == (
        '{"aa":null,"name":"Chrome","score":1.5,"size":5,"source":"msi","version":"120","zz":true}'
    )
    assert file.topics == {"inventory": {"pc1"}}


def test_i2_an_identical_scan_is_no_history(file: Any) -> None:
    file.scan(I1)
    file.forget()
    file.scan(I2, "2026-11-23T10:30:00Z")
    assert file.history() == []
    assert file.fact()["facts_json"] == json.dumps(I2)
    collected = {row["collected_at"] for row in file.rows("SELECT collected_at FROM inv_apps")}
    assert collected == {"2026-11-23T10:30:00+00:00"}


def test_i3_changed_added_removed(file: Any) -> None:
    file.scan(I2)
    file.forget()
    file.scan(I3, "2026-11-23T11:00:00Z")
    assert file.history() == [
        ("os", "changed", None, {"value": "10"}, {"value": "11"}),
        ("apps", "changed", {"name": "Chrome", "source": "msi"}, DECLARED_CHROME, CHROME_121),
        ("apps", "added", {"name": "Zed", "source": "msi"}, None, ZED),
        ("apps", "removed", {"name": "Edge", "source": "x64"}, EDGE, None),
    ]
    assert [row["name"] for row in file.table()] == ["Chrome", "Zed"]
    assert file.rows("SELECT DISTINCT collected_at FROM inv_apps") == [
        {"collected_at": "2026-11-23T11:00:00+00:00"}
    ]


def test_i4_an_older_scan_is_ignored(file: Any) -> None:
    file.scan(I3, "2026-11-23T11:00:00Z")
    file.forget()
    file.scan({"os": "9", "apps": []}, "2026-11-01T00:00:00Z")
    assert file.fact()["facts_json"] == json.dumps(I3)
    assert file.history() == []
    assert len(file.table()) == 2


REPEATED = {
    "I5 other types": (
        app("T", 1, 120, "7", 5),
        {"source": "1", "version": "120", "size": 7, "score": 5.0},
    ),
    "I6 keys left out": (
        {"name": "M", "source": "s"},
        {"source": "s", "version": None, "size": None, "score": None},
    ),
    "I6 explicit nulls": (
        app("M", "s", None, None, None),
        {"source": "s", "version": None, "size": None, "score": None},
    ),
    "float in an integer column": (app("f", "s", "1", 5.0), {"size": None}),
    "integer text with blanks": (app("f", "s", "1", " 12 "), {"size": 12}),
    "real text in an integer column": (app("f", "s", "1", "2.0"), {"size": 2}),
    "boolean key": (app(True, "s", "1"), {"name": "true"}),
    "objects everywhere": (
        app({"b": 1, "a": [2]}, "s", [1, {"d": 1, "c": 2}], {"x": 1}, [True]),
        {"name": '{"a":[2],"b":1}', "version": '[1,{"c":2,"d":1}]', "size": '{"x":1}', "score": "[true]"},
    ),
}


@pytest.mark.parametrize("name", REPEATED)
def test_i5_i6_the_same_scan_twice_is_no_history(file: Any, name: str) -> None:
    element, expected = REPEATED[name]
    file.scan({"apps": [element]})
    (row,) = file.table()
    assert {key: row[key] for key in expected} == expected
    assert {key: type(row[key]) for key in expected} == {key: type(expected[key]) for key in expected}
    (added,) = file.history()
    assert added[4] == element
    file.forget()
    file.scan({"apps": [element]})
    assert file.history() == []
    assert file.table() == [row]


def test_i7_no_array_any_more(file: Any) -> None:
    file.scan({"apps": [{"name": "M", "source": "s"}]})
    file.forget()
    file.scan({"apps": {"name": "M"}})
    assert file.table() == []
    before = app("M", "s", None, None, None)
    assert file.history() == [("apps", "removed", {"name": "M", "source": "s"}, before, None)]


def test_i8_elements_that_are_no_objects(file: Any) -> None:
    odd = ["str", 5, None, ["name"], {"name": None}]
    for _ in range(2):
        file.scan({"apps": odd})
        assert file.table() == [dict.fromkeys(("source", "name", "version", "size", "score"))] * 5
        assert file.history() == [("apps", "added", {"name": None, "source": None}, None, "str")]


I9 = [
    ({"name": {"a": 1}, "source": [1, 2], "version": True, "size": True, "score": "x"},
     ('{"a":1}', "[1,2]", "true", "true", "x")),
    ({"name": "big", "size": 9223372036854775808, "score": 3}, ("big", None, None, None, 3.0)),
    ({"name": "f", "size": 1.5}, ("f", None, None, None, None)),
    ({"name": "f2", "size": 5.0}, ("f2", None, None, None, None)),
    ({"name": "f3", "size": "abc", "score": "2.5"}, ("f3", None, None, "abc", 2.5)),
    ({"name": "f4", "size": " 12 "}, ("f4", None, None, 12, None)),
    ({"name": "f5", "version": 0.1, "size": -1}, ("f5", None, "0.1", -1, None)),
]  # fmt: skip


def test_i9_cells(file: Any) -> None:
    file.scan({"apps": [element for element, _ in I9]})
    found = [
        tuple(row[key] for key in ("name", "source", "version", "size", "score")) for row in file.table()
    ]
    assert [[(value, type(value)) for value in row] for row in found] == [
        [(value, type(value)) for value in expected] for _, expected in I9
    ]


NO_JSON = {
    "text": b"Not json",
    "byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"a":NaN}',
    "infinite": b'{"a":1e400}',
    "empty": b"",
    "128 levels": b"[" * 128 + b"]" * 128,
    "two values": b"{} {}",
    "lone surrogate": b'{"a":"\\ud800"}',
}


@pytest.mark.parametrize("name", NO_JSON)
def test_i10_output_that_is_no_json(file: Any, name: str) -> None:
    file.scan(I1)
    history = file.history()
    file.scan(NO_JSON[name])
    assert file.fact()["facts_json"] == json.dumps(I1)
    assert file.history() == history
    assert len(file.table()) == 2
    assert "manifest 'inv-sw' stdout was not JSON" in file.log.lines[-1]


def test_i10_127_levels_are_fine(file: Any) -> None:
    file.scan(b"[" * 127 + b"]" * 127)
    assert file.fact()["facts_json"] == "[" * 127 + "]" * 127


@pytest.mark.parametrize("text", [b"[1,2]", b"5", b" null\n", b'"x"'])
def test_i11_any_json_is_a_fact(file: Any, text: bytes) -> None:
    file.scan(text)
    assert file.fact()["facts_json"] == text.decode()
    assert file.table() == []
    assert file.history() == []


def test_i13_a_result_counts_once(file: Any) -> None:
    file.scan({"v": 1}, result_id="DUP")
    file.scan({"v": 2}, result_id="DUP")
    assert json.loads(file.fact()["facts_json"]) == {"v": 1}


def test_i14_keys_that_stand_twice(file: Any) -> None:
    text = b'{"os":"1","os":"2","apps":[{"name":"a","name":"b","source":"s"}]}'
    file.scan(text)
    assert file.fact()["facts_json"] == text.decode()
    assert file.history()[0] == ("os", "added", None, None, {"value": "2"})
    assert file.table()[0]["name"] == "b"


def test_i16_scalars_compare_by_type(file: Any) -> None:
    file.inventory = {"display": [], "history_scalars": ["a", "b", "c"]}
    told = []
    for facts in (
        {"a": None, "b": 1},
        {"a": None, "b": 1},
        {"a": "x", "b": 1.0, "c": [1]},
        {"a": None, "b": True},
    ):
        file.forget()
        file.scan(facts)
        rows = file.rows("SELECT * FROM inventory_history ORDER BY id")
        told.append([(r["field_path"], r["change_kind"], r["before_json"], r["after_json"]) for r in rows])
    assert told == [
        [("a", "added", None, '{"value":null}'), ("b", "added", None, '{"value":1}')],
        [],
        [
            ("a", "changed", '{"value":null}', '{"value":"x"}'),
            ("b", "changed", '{"value":1}', '{"value":1.0}'),
            ("c", "added", None, '{"value":[1]}'),
        ],
        [
            ("a", "changed", '{"value":"x"}', '{"value":null}'),
            ("b", "changed", '{"value":1.0}', '{"value":true}'),
        ],
    ]


def spec(table: str, columns: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    key = [column["field"] for column in columns[:1]]
    return {"field": "d", "table": table, "primary_key": key, "columns": columns} | changes


def test_i17_a_spec_gains_a_column(file: Any) -> None:
    columns: list[dict[str, Any]] = [{"field": "k"}, {"field": "v", "type": "integer"}]
    file.inventory = {"display": [], "explode": [spec("grow", columns, track_history=True)]}
    file.scan({"d": [{"k": "a", "v": 1}]})
    file.forget()
    columns.append({"field": "newc", "index": True})
    file.scan({"d": [{"k": "a", "v": 1, "newc": "z"}]})
    assert file.table("grow") == [{"k": "a", "v": 1, "newc": "z"}]
    before, after = {"k": "a", "v": 1, "newc": None}, {"k": "a", "v": 1, "newc": "z"}
    assert file.history() == [("d", "changed", {"k": "a"}, before, after)]
    assert file.rows("SELECT 1 FROM sqlite_master WHERE name = 'idx_grow_newc'")


@pytest.mark.parametrize("count", [4_680, 4_681])
def test_i18_as_many_elements_as_there_are(file: Any, count: int) -> None:
    file.scan({"apps": [app(f"n{i}", "s", "1") for i in range(count)]})
    assert file.rows("SELECT count(*) AS n FROM inv_apps") == [{"n": count}]
    assert file.rows("SELECT count(*) AS n FROM inventory_history") == [{"n": count}]


def test_i19_two_specs_on_one_table(file: Any) -> None:
    both = [spec("shared", [{"field": "k"}], field=field) for field in ("d", "e")]
    file.inventory = {"display": [], "explode": both}
    file.scan({"d": [{"k": "1"}], "e": [{"k": "2"}]})
    assert file.table("shared") == [{"k": "2"}]


def test_i20_key_words_are_names(file: Any) -> None:
    file.inventory = {"display": [], "explode": [spec("order", [{"field": "group", "index": True}])]}
    file.scan({"d": [{"group": "g"}]})
    assert file.table("order") == [{"group": "g"}]


K = {"field": "k"}
DATABASE = "create table {}: error returned from database: (code: 1) {}"
OTHER = "create table {}: it exists and is no table of an inventory; choose another name"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "kind": (
        spec("t", [K | {"type": "int"}]),
        'unsupported explode column kind "int"; expected text|integer|real',
    ),
    "no key": (
        spec("t", [K], primary_key=[]),
        'explode spec for table "t" needs at least one primary_key column',
    ),
    "key is no column": (
        spec("t", [K], primary_key=["x"]),
        'primary_key entry "x" for table "t" is not in columns',
    ),
    "bad-name": (spec("bad-name", [K]), "identifier \"bad-name\" contains invalid character '-'"),
    "9x": (spec("9x", [K]), 'identifier "9x" must start with a letter or underscore'),
    "empty": (spec("", [K]), 'identifier "" must be 1..=64 chars'),
    "too long": (spec("t" * 65, [K]), f'identifier "{"t" * 65}" must be 1..=64 chars'),
    "quote": (spec("t", [{"field": 'k"k'}]), 'identifier "k"k" contains invalid character \'"\''),
    "column pc_id": (
        spec("t", [K, {"field": "pc_id"}]),
        DATABASE.format("t", "duplicate column name: pc_id"),
    ),
    "k and K": (spec("t", [K, {"field": "K"}]), DATABASE.format("t", "duplicate column name: K")),
    "sqlite_x": (
        spec("sqlite_x", [K]),
        DATABASE.format("sqlite_x", "object name reserved for internal use: sqlite_x"),
    ),
    "I22": (spec("inventory_history", [K]), OTHER.format("inventory_history")),
    "I22, other case": (spec("Inventory_Facts", [K]), OTHER.format("Inventory_Facts")),
    "an index": (spec("idx_inventory_history_pc", [K]), OTHER.format("idx_inventory_history_pc")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_i21_specs_that_can_be_no_table(file: Any, name: str) -> None:
    bad, reason = REFUSED[name]
    file.inventory = {"display": [], "explode": [bad, spec("fine", [K])]}
    tables = {row["name"] for row in file.rows("SELECT name FROM sqlite_master")}
    file.scan({"d": [{"k": "1"}]})
    made = {row["name"] for row in file.rows("SELECT name FROM sqlite_master")} - tables
    assert made == {"fine", "sqlite_autoindex_fine_1"}
    assert file.table("fine") == [{"k": "1"}]
    assert f"reason={reason}" in file.log.lines[0]
