"""What is asked all day of tables with millions of rows, over all plugins: by which index SQLite finds it.

Two kinds: a list walks an index in the order of its answer and stops when it is full, so nothing is sorted;
a look-up never walks a table. Queries of results and of the list of PCs have tables of their own
(`test_results_plans.py`, `test_heartbeat_plans.py`).
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from kanade_host_audit import search as audit
from kanade_host_audit import sweep as audit_sweep
from kanade_host_inventory import changes, history
from kanade_host_inventory import queries as inventory
from kanade_host_obs import histogram
from kanade_host_obs import queries as obs
from kanade_host_perf import fleet, one_pc, ranking
from kanade_host_perf.pieces import pieces
from kanade_host_perf.rollups import FLEET_WIDTHS, HOST_WIDTHS
from kanade_host_results import held
from kanade_host_witness import projector as witness

from kanade_host.plugin import Instant

AT, LATER = Instant.parse("2026-11-23T10:03:07Z"), Instant.parse("2026-11-24T11:02:01Z")
DAY = 86_400
PLUGINS = ("audit", "inventory", "obs", "perf", "results", "witness")
Query = tuple[str, Sequence[object]]


def event(**filters: Any) -> Query:
    return obs.statement(obs.EventQuery(**filters))


def timeline(**filters: Any) -> Query:
    sql, values = histogram.statement(histogram.HistogramQuery(**filters))
    return sql, [1_800, *values]


def trail(before: tuple[str, int] | None = None, actor: str = "", since: Instant | None = None) -> Query:
    return audit.window(audit.Filters(actor or None, since, {}), before, 50)


LISTS: dict[str, Query] = {
    "audit": trail(),
    "audit, next page": trail((AT.stored, 7)),
    "audit of an actor": trail(actor="a"),
    "audit of an actor, next page": trail((AT.stored, 7), "a"),
    "audit since": trail(since=AT),
    "audit of an actor since": trail(None, "a", AT),
    "events": event(),
    "events since": event(since=AT),
    "events of a time": event(since=AT, until=LATER),
    "events, next page": event(until=LATER, before_id=7),
    "events of a PC": event(pc_id="p"),
    "events of a PC, next page": event(pc_id="p", until=LATER, before_id=7),
    "events of a kind": event(kind="k"),
    "events of a kind since": event(kind="k", since=AT),
    "facts of a PC": (inventory.OF_PC, ["p"]),
    "facts of a job": (inventory.OF_JOB, ["j", "", 20]),
    "columns of a job": (inventory.FIRST_COLUMNS, ["j", 1]),
    "history of a PC's job": history.of_pc("j", "p", history.PcQuery()),
    "history of a PC's job since": history.of_pc("j", "p", history.PcQuery(since=AT)),
    "history of a job": history.of_fleet("j", {}),
    "history of a job since": history.of_fleet("j", {"since": [AT.wire]}),
    "history of a field": history.of_fleet("j", {"field": ["os"]}),
    "history of a PC": changes.selected("p", changes.ChangesQuery()),
    "history of a PC before": changes.selected("p", changes.ChangesQuery(before=AT)),
    "history of a PC, next page": changes.selected("p", changes.ChangesQuery(before=AT, before_id=7)),
    "names of results": (held.OLDER, ["z", 9, 9]),
    "names of results of one moment": (held.SAME, ["z", "", 0, 9, 9]),
    "old audit": (audit_sweep.OLD, [AT.stored, 10]),
}
SEEKS: dict[str, Query] = {
    "audit by id": ("SELECT occurred_at FROM audit_log WHERE id = ?", [1]),
    "events by time and kind": timeline(since=AT, until=LATER),
    "events by time of a PC": timeline(since=AT, until=LATER, pc_id="p"),
    "newest results": (held.ADDED, [1, 9]),
    "the newest row of results": (held.TOP, []),
    "what was said of a deed": (witness.CLAIM_TOLD, ["t", 0, 1, "[]"]),
    "deeds that a record may belong to": (witness.CLAIM_CHANGE, ["t", 0, 1, "a"]),
    "first seen": history.first_seen("j", {"field": ["os"]}),
    "a day of the fleet": (
        fleet.series_statement("cpu_pct", "avg", pieces(AT, LATER, FLEET_WIDTHS)), []
    ),
    "five minutes of the fleet": (fleet.series_statement("cpu_pct", "avg", pieces(AT, AT + 300, ())), []),
    "the busiest of a day": (ranking.top_statement("cpu_pct", pieces(AT, ranking.FOR_EVER, HOST_WIDTHS)), []),
    "the busiest of five minutes": (ranking.top_statement("cpu_pct", pieces(AT, ranking.FOR_EVER, ())), []),
    "a day of a PC": (one_pc.host_statement(pieces(AT, LATER, HOST_WIDTHS)), []),
    "who is looked into": (fleet.INVESTIGATED, [AT.stored]),
}  # fmt: skip


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    """The tables of all these plugins, empty: plans must not depend on statistics, which no host makes."""
    made = sqlite3.connect(":memory:")
    for plugin in PLUGINS:
        folder = Path(str(importlib.import_module(f"kanade_host_{plugin}").__file__)).parent
        for script in sorted((folder / "migrations" / "sqlite").glob("*.sql")):
            made.executescript(script.read_text())
    yield made
    made.close()


def steps(db: sqlite3.Connection, query: Query) -> list[str]:
    sql, values = query
    bound = list(values) or [1] * sql.count("?")
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", bound)]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_walks_an_index_in_the_order_of_its_answer(db: sqlite3.Connection, name: str) -> None:
    plan = steps(db, LISTS[name])
    assert "USING" in plan[0], plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan


@pytest.mark.parametrize("name", SEEKS)
def test_a_look_up_walks_no_table(db: sqlite3.Connection, name: str) -> None:
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    plan = steps(db, SEEKS[name])
    walked = [step for step in plan if step.startswith("SCAN") and step.split()[1] in tables]
    assert not walked, plan


def test_every_kind_of_event_is_found_by_one_step_each(db: sqlite3.Connection) -> None:
    plan = steps(db, (obs.KINDS, []))
    assert not [step for step in plan if step.startswith("SCAN obs_events")], plan
    assert len([step for step in plan if "idx_obs_events_kind_at" in step]) == 2, plan
