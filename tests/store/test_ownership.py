"""What plugins own is learnt in scratch; who wants what another has fails, and the others do not."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.store.errors import MigrationFailed
from kanade_host.store.ownership import Owned, inspect


def test_everything_that_is_left_in_the_end_is_owned(folder: Any) -> None:
    item = folder.plugin(
        "a",
        "CREATE TABLE IF NOT EXISTS a_one (x); CREATE INDEX a_i ON a_one (x); CREATE TABLE a_gone (x);",
        "DROP TABLE a_gone; ALTER TABLE a_one RENAME TO a_two; CREATE VIEW a_v AS SELECT * FROM a_two;"
        "CREATE TRIGGER a_t AFTER INSERT ON a_two BEGIN SELECT 1; END;",
        kept=("a_two",),
    )
    owned = inspect([item])["a"]
    assert isinstance(owned, Owned)
    assert owned.tables == ("a_two",)
    assert owned.indexes == ("a_i",)
    assert owned.triggers == ("a_t",)
    assert owned.views == ("a_v",)
    assert owned.changes["0002_step"] == {"a_gone", "a_one"}


def test_shadow_tables_of_a_search_index_are_owned_too(folder: Any) -> None:
    owned = inspect([folder.plugin("a", "CREATE VIRTUAL TABLE a_text USING fts5(body)")])["a"]
    assert isinstance(owned, Owned)
    assert {"a_text", "a_text_data", "a_text_idx"} <= set(owned.tables)


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ("CREATE TABLE t (x)", "CREATE TABLE T (y)", "T"),
        ("CREATE TABLE t (x)", "CREATE TABLE IF NOT EXISTS t (x)", "t"),
        ("CREATE TABLE t (x)", "CREATE VIEW t AS SELECT 1", "t"),
        ("CREATE TABLE t (x); CREATE INDEX i ON t (x)", "CREATE TABLE u (x); CREATE INDEX i ON u (x)", "i"),
    ],
)
def test_of_two_that_create_one_name_the_second_fails(
    folder: Any, first: str, second: str, name: str
) -> None:
    found = inspect([folder.plugin("a", first), folder.plugin("b", second), folder.plugin("c")])
    assert isinstance(found["a"], Owned)
    assert isinstance(found["c"], Owned)
    failure = found["b"]
    assert isinstance(failure, MigrationFailed)
    assert f"it creates {name}, which belongs to a" in failure.reason


@pytest.mark.parametrize(
    "name", ["host_x", "HOST_x", "_sqlx_migrations", "_sqlx_other", "_yoyo_x", "yoyo_lock", "host_commits"]
)
def test_names_of_the_host_and_its_libraries_are_refused(folder: Any, name: str) -> None:
    failure = inspect([folder.plugin("a", f"CREATE TABLE {name} (x)")])["a"]
    assert isinstance(failure, MigrationFailed)


def test_a_table_of_kanade_backend_that_is_named_like_the_hosts_is_not(folder: Any) -> None:
    owned = inspect([folder.plugin("perf", "CREATE TABLE IF NOT EXISTS host_perf_samples (x)")])["perf"]
    assert isinstance(owned, Owned)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("CREATE TABLE my_thing_x (a); CREATE INDEX my_thing_i ON my_thing_x (a)", True),
        ("CREATE TABLE other (a)", False),
        ("CREATE TABLE my_thing (a)", False),
        ("CREATE TABLE my_thing_x (a); CREATE INDEX i ON my_thing_x (a)", False),
    ],
)
def test_names_of_a_plugin_from_outside_begin_with_its_own(folder: Any, text: str, fits: bool) -> None:
    found = inspect([folder.plugin("my-thing", text, foreign=True)])["my-thing"]
    assert isinstance(found, Owned) == fits
    if isinstance(found, MigrationFailed):
        assert "begin with my_thing_" in found.reason


def test_kept_tables_have_to_be_there(folder: Any) -> None:
    failure = inspect([folder.plugin("a", "CREATE TABLE t (x)", kept=("t", "u"))])["a"]
    assert isinstance(failure, MigrationFailed)
    assert "`kept` names u" in failure.reason


def test_armed_fault_points_do_not_go_off_in_scratch(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kanade_host.faults._left", {"migration": 1})
    assert isinstance(inspect([folder.plugin("fresh", "CREATE TABLE fresh (x)")])["fresh"], Owned)
