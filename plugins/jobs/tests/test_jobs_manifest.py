"""Decoding, checking and storing manifests: the test vectors of `contract/manifest.md` 14, and more."""

# ruff: noqa: E501 - the table reads best with one case a line

from __future__ import annotations

import json
from typing import Any

import pytest
from kanade_host_jobs.api import Manifest
from kanade_host_jobs.manifest import (
    check_saved,
    check_sources,
    decode_body,
    dumped,
    read_mirror,
    stored,
    warnings,
)

from kanade_host.plugin import HttpError, decode
from kanade_host.plugin.yaml import is_yaml

YAML = "application/yaml"
EXECUTE = {"shell": "cmd", "script": "x", "timeout": "1s"}


def as_json(**keys: Any) -> bytes:
    return json.dumps({"id": "a", "version": "1", "execute": EXECUTE} | keys).encode()


def as_yaml(more: str = "", script: str = "script: x") -> bytes:
    execute = f"execute:\n  shell: cmd\n  {script}\n  timeout: 1s\n"
    return f"id: a\nversion: '1'\n{execute}{more}\n".encode()


def hint(**keys: Any) -> dict[str, Any]:
    spec = {"field": "apps", "table": "t", "primary_key": ["name"], "columns": [{"field": "name"}]} | keys
    return {"display": [], "explode": [spec]}


STORED = (
    b'{"id":"a","version":"1.0.0","description":null,"execute":{"shell":"cmd","script":"x","timeout":"30s",'
    b'"run_as":"system"},"require_approval":false,"inventory":null,"emit":null,"staleness":{"mode":"cached"}}'
)


def test_the_stored_form_is_exactly_the_contracts() -> None:
    body = b'{"execute":{"timeout":"30s","script":"x","shell":"cmd"},"version":"1.0.0","id":"a"}'
    assert stored(decode_body("application/json", body).manifest) == STORED


def test_the_stored_form_of_everything() -> None:
    full = {
        "id": "a",
        "version": "1",
        "description": "d",
        "execute": {
            "shell": "powershell",
            "script": "",
            "script_object": "a/1",
            "timeout": "1h",
            "run_as": "system_gui",
            "cwd": "C:\\x",
        },
        "require_approval": True,
        "inventory": {
            "display": [
                {"field": "f", "label": "L", "type": "table", "columns": [{"field": "g", "label": "M"}]}
            ],
            "summary": [],
            "explode": [
                {
                    "field": "apps",
                    "table": "t",
                    "primary_key": ["name"],
                    "columns": [{"field": "name", "type": "text", "index": True}],
                    "track_history": True,
                }
            ],
            "history_scalars": ["os"],
        },
        "emit": {"type": "events", "watermark_path": "w"},
        "staleness": {"mode": "strict", "max_cache_age": "5m"},
    }
    compact = json.dumps(full, separators=(",", ":")).encode()
    assert stored(decode_body(None, compact).manifest) == compact
    assert read_mirror(dumped(decode(Manifest, compact))) == decode(Manifest, compact)


@pytest.mark.parametrize(
    "content_type, wanted",
    [
        ("application/yaml", True),
        ("text/yaml;charset=utf-8", True),
        (" text/x-yaml ; a=b", True),
        ("application/x-yaml", True),
        ("Application/YAML", False),
        ("application/vnd.yaml", False),
        ("text/plain", False),
        ("", False),
        (None, False),
    ],
)
def test_which_bodies_are_yaml(content_type: str | None, wanted: bool) -> None:
    assert is_yaml(content_type) is wanted


FAULTS: list[tuple[str, str, bytes, str]] = [
    ("2", "json", b'{"id":"a","version":1}', "parse JSON body: invalid type: integer `1`, expected a string at line 1 column 21"),
    ("3", YAML, as_yaml("target: {all: true}"), "parse YAML body: unknown field `target`, expected one of `id`, `version`, `description`, `execute`, `require_approval`, `inventory`, `emit`, `staleness` at line 7 column 1"),
    ("3j", "json", as_json(target={"all": True}), "parse JSON body: unknown field `target`, expected one of `id`, "),
    ("5", "json", as_json(staleness=None), "parse JSON body: invalid type: null, expected internally tagged enum Staleness at "),
    ("6", "json", as_json(staleness={"mode": "strict"}), "parse JSON body: missing field `max_cache_age`"),
    ("7", YAML, as_yaml("staleness: {mode: strict, max_cache_age: 5}"), "parse YAML body: invalid type: integer `5`, expected a string"),
    ("9", YAML, as_yaml("require_approval: yes"), 'parse YAML body: require_approval: invalid type: string "yes", expected a boolean at line '),
    ("10", "json", as_json(execute={"shell": "cmd", "timeout": "1s"}), "execute: one of `script`, `script_file`, `script_object` must be set"),
    ("10b", "json", as_json(execute=EXECUTE | {"script": ""}), "execute: one of `script`, `script_file`, `script_object` must be set"),
    ("10c", YAML, as_yaml(script="script: ~"), "execute: one of `script`, `script_file`, `script_object` must be set"),
    ("12", "json", as_json(execute=EXECUTE | {"script": "", "script_file": ""}), "execute.script_file: "),
    ("13", "json", as_json(execute=EXECUTE | {"script_object": "a/1"}), "execute: only one of `script` / `script_file` / `script_object` may be set (got script=true, script_file=false, script_object=true)"),
    ("14", "json", as_json(inventory={}), "parse JSON body: missing field `display`"),
    ("14y", YAML, as_yaml("inventory: {}"), "parse YAML body: inventory: missing field `display`"),
    ("16", "json", as_json(emit={"type": "events", "foo": 1}), "parse JSON body: unknown field `foo`, expected `type` or `watermark_path`"),
    ("16y", YAML, as_yaml("emit: {type: events, foo: 1}"), "parse YAML body: emit: unknown field `foo`, expected `type` or `watermark_path`"),
    ("17a", "json", as_json(id="a b"), "KV put: key cannot be empty or start/end with `.`"),
    ("17b", "json", as_json(id=""), "KV put: key cannot be empty or start/end with `.`"),
    ("17c", "json", as_json(id=".a"), "KV put: key cannot be empty or start/end with `.`"),
    ("17d", "json", as_json(id="a*b"), "KV put: key cannot be empty or start/end with `.`"),
    ("17e", "json", as_json(id="日本"), "KV put: key cannot be empty or start/end with `.`"),
    ("17f", "json", as_json(id="a\n"), "KV put: key cannot be empty or start/end with `.`"),
    ("17g", "json", as_json(id="a..b"), "KV put: ack error: no stream found for given subject"),
    ("19", "application/vnd.yaml", as_yaml(), "parse JSON body: expected value at line 1 column 1"),
    ("31", YAML, b"id: a\n---\nid: b\n", "parse YAML body: deserializing from YAML containing more than one document is not supported"),
    ("31b", YAML, b"- a\n", "parse YAML body: invalid type: sequence, expected struct Manifest"),
    ("32", "json", b'{"id":"a","id":"b"}', "parse JSON body: duplicate field `id` at line 1 column "),
    ("32y", YAML, b"id: a\nid: b\n", "parse YAML body: duplicate field `id`"),
    ("empty", "json", b"", "parse JSON body: EOF while parsing a value at line 1 column 0"),
    ("emptyy", YAML, b"", "parse YAML body: missing field `id`"),
    ("comment", YAML, b"# nothing\n", "parse YAML body: missing field `id`"),
    ("trailing", "json", as_json() + b" x", "parse JSON body: trailing characters at line 1 column "),
    ("bom", "json", b"\xef\xbb\xbf{}", "parse JSON body: expected value at line 1 column 1"),
    ("nan", "json", b'{"id":NaN}', "parse JSON body: expected value"),
    ("utf8", YAML, b"id: \xff\n", "YAML body must be UTF-8: invalid utf-8 sequence of 1 bytes from index 4"),
    ("enum", YAML, as_yaml().replace(b"cmd", b"bash"), "parse YAML body: execute.shell: unknown variant `bash`, expected `powershell` or `cmd`"),
    ("enumj", "json", as_json(execute=EXECUTE | {"run_as": "admin"}), "parse JSON body: unknown variant `admin`, expected "),
    ("mode", "json", as_json(staleness={"mode": "foo"}), "parse JSON body: unknown variant `foo`, expected one of `cached`, `strict`, `unchecked`"),
    ("modey", YAML, as_yaml("staleness: cached"), 'parse YAML body: invalid type: string "cached", expected internally tagged enum Staleness'),
    ("deep", YAML, b"[" * 200, "parse YAML body: recursion limit exceeded"),
    ("deeper", YAML, b"[" * 5000, "parse YAML body: recursion limit exceeded"),
    ("syntax", YAML, b"id: a\nversion: b: c\n", "parse YAML body: mapping values are not allowed in this context at line 2 column 11"),
    ("alias", YAML, b"id: a\nversion: * *\n", "parse YAML body: did not find expected alphabetic or numeric character at line 2 column 11, while scanning an alias at line 2 column 10"),
    ("merge", YAML, as_yaml("<<: {id: b}"), "parse YAML body: unknown field `<<`, expected one of "),
    ("timeout", "json", as_json(execute=EXECUTE | {"timeout": "5"}), "execute.timeout: time unit needed, for example 5sec or 5ms"),
    ("age", "json", as_json(staleness={"mode": "strict", "max_cache_age": "x"}), "staleness.max_cache_age: expected number at 0"),
    ("table", "json", as_json(inventory=hint(table="bad name")), "inventory.explode[0]: identifier \"bad name\" contains invalid character ' '"),
]  # fmt: skip


@pytest.mark.parametrize("content_type, body, text", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_what_is_refused(content_type: str, body: bytes, text: str) -> None:
    with pytest.raises(HttpError) as raised:
        check_saved(decode_body(content_type, body).manifest)
    assert raised.value.status == 400
    assert (raised.value.text or "").startswith(text)


@pytest.mark.parametrize(
    "content_type, body, stored_part",
    [
        (YAML, as_yaml().replace(b"version: '1'", b"version: 1.10"), '"version":"1.10"'),
        (YAML, as_yaml().replace(b"version: '1'", b"version: 0x10"), '"version":"0x10"'),
        (YAML, as_yaml().replace(b"version: '1'", b"version: null"), '"version":"null"'),
        (YAML, as_yaml().replace(b"version: '1'", b"version: 2024-01-01"), '"version":"2024-01-01"'),
        (YAML, as_yaml().replace(b"version: '1'", b"version:"), '"version":""'),
        (YAML, as_yaml().replace(b"id: a", b"id: 5"), '"id":"5"'),
        (YAML, as_yaml(script="script: true"), '"script":"true"'),
        (YAML, as_yaml("description: ~"), '"description":null'),
        (YAML, as_yaml("description: '~'"), '"description":"~"'),
        (YAML, as_yaml("description: Null"), '"description":null'),
        (YAML, as_yaml("require_approval: TRUE"), '"require_approval":true'),
        (
            YAML,
            as_yaml("staleness: {mode: cached, max_cache_age: 5m}"),
            '"staleness":{"mode":"cached"}',
        ),
        (YAML, as_yaml("staleness: {max_cache_age: '5m', mode: strict}"), '"max_cache_age":"5m"'),
        (YAML, as_yaml("staleness: {max_cache_age: !!str 5m, mode: strict}"), '"max_cache_age":"5m"'),
        (YAML, b"\xef\xbb\xbf---\n" + as_yaml() + b"...\n", '"id":"a"'),
        (YAML, as_yaml().replace(b"\n", b"\r\n"), '"script":"x"'),
        (YAML, as_yaml(script="script: |\n    a\n    b"), '"script":"a\\nb\\n"'),
        (YAML, as_yaml("description: &d text\nemit: null"), '"description":"text"'),
        ("json", as_json(description=None, inventory=None, emit=None), '"emit":null'),
        ("json", as_json(execute=EXECUTE | {"script": "", "script_object": "a/1"}), '"script":"","script_object"'),
        ("json", as_json(id="a.b"), '"id":"a.b"'),
        ("json", as_json(id="a/b"), '"id":"a/b"'),
        ("json", as_json(id="A_1="), '"id":"A_1="'),
        ("json", as_json(execute=EXECUTE | {"script": " "}), '"script":" "'),
        ("json", as_json(staleness={"max_cache_age": "1s", "mode": "unchecked"}), '{"mode":"unchecked"}'),
    ],
)  # fmt: skip
def test_what_is_stored(content_type: str, body: bytes, stored_part: str) -> None:
    manifest = decode_body(content_type, body).manifest
    check_saved(manifest)
    assert stored_part in stored(manifest).decode()


def test_dropped_keys_are_named() -> None:
    inventory = {"display": [{"field": "f", "label": "l", "more": 1}], "x": {"y": 1}}
    body = decode_body("json", as_json(inventory=inventory, emit={"type": "events"}))
    assert b"more" not in stored(body.manifest)
    assert warnings(body)[:2] == [
        "inventory.display[0].more: unknown key, ignored",
        "inventory.x: unknown key, ignored",
    ]
    assert warnings(body)[2].startswith("emit with inventory")
    same = decode_body(YAML, as_yaml("inventory: {display: [{field: f, label: l, more: 1}], x: {y: 1}}"))
    assert warnings(same) == warnings(body)[:2]


@pytest.mark.parametrize(
    "keys, text",
    [
        ({"table": ""}, 'identifier "" must be 1..=64 chars'),
        ({"table": "t" * 65}, "must be 1..=64 chars"),
        ({"table": "1t"}, 'identifier "1t" must start with a letter or underscore'),
        ({"table": "t-t"}, "identifier \"t-t\" contains invalid character '-'"),
        ({"table": "Execution_Results"}, 'table "Execution_Results" belongs to the backend'),
        ({"table": "execution_targets"}, "belongs to the backend"),
        ({"table": "sqlite_stat1"}, "belongs to the backend"),
        ({"table": "_sqlx_migrations"}, "belongs to the backend"),
        ({"table": "HOST_outbox"}, "belongs to the backend"),
        ({"table": "_yoyo_log"}, "belongs to the backend"),
        ({"table": "yoyo_lock"}, "belongs to the backend"),
        ({"primary_key": []}, 'explode spec for table "t" needs at least one primary_key column'),
        ({"primary_key": ["a b"]}, "identifier \"a b\" contains invalid character ' '"),
        ({"primary_key": ["other"]}, 'primary_key entry "other" for table "t" is not in columns'),
        ({"primary_key": ["name", "name"]}, "names a column twice"),
        ({"columns": [{"field": "name", "type": "blob"}]}, 'unsupported explode column kind "blob"; expected text|integer|real'),
        ({"columns": [{"field": "name"}, {"field": "PC_id"}]}, "duplicate column name: PC_id"),
        ({"columns": [{"field": "name"}, {"field": "NAME"}]}, "duplicate column name: NAME"),
        ({"columns": [{"field": "name"}, {"field": ""}]}, 'identifier "" must be'),
    ],
)  # fmt: skip
def test_explode_specs_that_are_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(HttpError) as raised:
        check_saved(decode_body("json", as_json(inventory=hint(**keys))).manifest)
    assert raised.value.status == 400
    assert (raised.value.text or "").startswith("inventory.explode[0]: ")
    assert text in (raised.value.text or "")


def test_two_specs_may_not_share_a_table() -> None:
    twice = hint()
    twice["explode"].append(twice["explode"][0] | {"table": "T"})
    with pytest.raises(
        HttpError, match=r'inventory.explode\[1\]: table "T" is that of inventory.explode\[0\]'
    ):
        check_saved(decode_body("json", as_json(inventory=twice)).manifest)


def test_what_lies_in_the_bucket_is_checked_no_further_than_upstream_does() -> None:
    manifest = decode(Manifest, as_json(execute=EXECUTE | {"timeout": "5"}, inventory=hint(table="bad name")))
    check_sources(manifest)
