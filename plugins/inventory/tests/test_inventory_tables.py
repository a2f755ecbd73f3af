"""Inventory as lists: filters, sort, totals, counts, the PCs behind them, export; each on the server."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from kanade_host_inventory import changes, selecting
from kanade_host_inventory.changes import ChangesQuery
from kanade_host_inventory.derived import ensure
from kanade_host_inventory.manifest import ExplodeColumn, ExplodeSpec
from kanade_host_inventory.tables import FIXED, Column, Source

from kanade_host.plugin import encode

pytestmark = pytest.mark.kanade(plugins=["inventory"])

DISPLAY = [
    {"field": "hostname", "label": "Host"},
    {"field": "ram", "label": "RAM", "type": "bytes"},
    {"field": "laptop", "label": "Laptop"},
    {"field": "apps", "label": "Apps", "type": "table"},
    {"field": 'odd"name', "label": "cannot be addressed"},
]
MACHINES: dict[str, dict[str, Any]] = {
    "pc1": {"hostname": "alpha", "ram": 8, "laptop": True, "apps": [1, 2]},
    "pc2": {"hostname": "Beta", "ram": 16, "laptop": False, "apps": []},
    "pc3": {"hostname": "=cmd()", "ram": 8},
    "pc4": {"hostname": "10", "ram": "n/a", "laptop": True, "apps": [1]},
}
FACTS = "/api/inventory/inv-hw/facts"
APPS = "/api/inventory/inv-sw/tables/apps"


@pytest.fixture
async def filled(host: Any, manifest: Any, result: Any) -> Any:
    """Four PCs with facts, two of them with applications."""
    jobs = await host.kv("jobs")
    for body in (manifest({"display": DISPLAY}, id="inv-hw"), manifest()):
        await jobs.put(body["id"], encode(body))
    for pc, facts in MACHINES.items():
        one = result(facts, pc_id=pc, result_id=f"hw-{pc}", manifest_id="inv-hw")
        await host.publish("results.q", one)
    for pc, versions in {"pc1": ["120", "9"], "pc2": ["120"]}.items():
        apps = [{"name": f"App{n}", "source": "x", "version": v, "size": n} for n, v in enumerate(versions)]
        await host.publish("results.q", result({"apps": apps}, pc_id=pc, result_id=f"sw-{pc}"))
    await host.settle()
    return host


LISTS: dict[str, list[str]] = {
    "": ["pc1", "pc2", "pc3", "pc4"],
    "sort=-pc_id": ["pc4", "pc3", "pc2", "pc1"],
    "sort=ram": ["pc1", "pc3", "pc2", "pc4"],
    "sort=laptop": ["pc2", "pc1", "pc4", "pc3"],
    "sort=-laptop": ["pc1", "pc4", "pc2", "pc3"],
    "sort=-apps": ["pc1", "pc4", "pc2", "pc3"],
    "limit=2&offset=1": ["pc2", "pc3"],
    "limit=0": [],
    "where=hostname:eq:alpha": ["pc1"],
    "where=hostname:contains:ALP": ["pc1"],
    "where=hostname:prefix:=": ["pc3"],
    "where=hostname:suffix:a": ["pc1", "pc2"],
    "where=hostname:ne:alpha": ["pc2", "pc3", "pc4"],
    "where=ram:gt:8": ["pc2"],
    "where=ram:le:8": ["pc1", "pc3"],
    "where=ram:eq:8": ["pc1", "pc3"],
    "where=ram:ge:n": ["pc4"],
    "where=laptop:eq:true": ["pc1", "pc4"],
    "where=laptop:none:": ["pc3"],
    "where=laptop:some:&where=ram:eq:16": ["pc2"],
    "where=apps:ge:1": ["pc1", "pc4"],
    "where=hostname:eq:10": ["pc4"],
    "where=pc_id:prefix:pc": ["pc1", "pc2", "pc3", "pc4"],
    "q=beta": ["pc2"],
    "q=PC3": ["pc3"],
    "q=%25": [],
}


async def test_facts_are_filtered_and_sorted_here(filled: Any) -> None:
    found = {}
    for query in LISTS:
        answer = await filled.get(f"{FACTS}?{query}", role="viewer")
        found[query] = [row["pc_id"] for row in answer.json()["rows"]]
    assert found == LISTS


async def test_a_page_has_columns_values_and_the_total(filled: Any) -> None:
    answer = (await filled.get(f"{FACTS}?limit=1")).json()
    assert [one["field"] for one in answer["columns"]] == ["hostname", "ram", "laptop", "apps"]
    assert (answer["total"], answer["more"]) == (4, False)
    assert answer["rows"][0]["values"] == ["alpha", 8, "true", 2]
    assert answer["rows"][0]["collected_at"] == "2026-11-23T10:00:01Z"


DERIVED: dict[str, list[tuple[str, str]]] = {
    "": [("pc1", "App0"), ("pc1", "App1"), ("pc2", "App0")],
    "sort=version": [("pc1", "App0"), ("pc2", "App0"), ("pc1", "App1")],
    "sort=-size": [("pc1", "App1"), ("pc1", "App0"), ("pc2", "App0")],
    "where=size:lt:1": [("pc1", "App0"), ("pc2", "App0")],
    "where=version:eq:9": [("pc1", "App1")],
    "where=version:eq:120&where=pc_id:eq:pc2": [("pc2", "App0")],
    "q=app1": [("pc1", "App1")],
}


async def test_derived_tables_are_filtered_and_sorted_here(filled: Any) -> None:
    found = {}
    for query, wanted in DERIVED.items():
        answer = (await filled.get(f"{APPS}?{query}")).json()
        name = [one["field"] for one in answer["columns"]].index("name")
        found[query] = [(row["pc_id"], row["values"][name]) for row in answer["rows"]]
        assert answer["total"] == len(wanted)
    assert found == DERIVED


async def test_counts_by_value(filled: Any) -> None:
    answer = (await filled.get(f"{FACTS}/counts?column=laptop", role="viewer")).json()
    assert answer == {
        "column": "laptop",
        "more": False,
        "counts": [
            {"value": "true", "rows": 2, "pcs": 2},
            {"value": None, "rows": 1, "pcs": 1},
            {"value": "false", "rows": 1, "pcs": 1},
        ],
    }
    apps = (await filled.get(f"{APPS}/counts?column=version&q=app")).json()["counts"]
    assert apps == [{"value": "120", "rows": 2, "pcs": 2}, {"value": "9", "rows": 1, "pcs": 1}]


async def test_the_pcs_behind_a_list(filled: Any) -> None:
    assert (await filled.get(f"{APPS}/pcs?where=version:eq:120")).json() == {
        "pcs": ["pc1", "pc2"],
        "more": False,
    }
    assert (await filled.get(f"{FACTS}/pcs?where=ram:gt:8")).json()["pcs"] == ["pc2"]


async def test_export_holds_exactly_what_is_filtered(filled: Any) -> None:
    answer = await filled.get(f"{FACTS}/export?where=ram:eq:8&sort=-pc_id", role="viewer")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert lines[0] == ["pc_id", "collected_at", "Host", "RAM", "Laptop", "Apps"]
    # What a PC calls itself must not become a formula of a spreadsheet.
    assert [line[:1] + line[2:] for line in lines[1:]] == [
        ["pc3", "'=cmd()", "8", "", ""],
        ["pc1", "alpha", "8", "true", "2"],
    ]
    rows = json.loads((await filled.get(f"{APPS}/export?format=json&where=version:eq:9")).body)
    assert [(row["pc_id"], row["name"], row["size"]) for row in rows] == [("pc1", "App1", 1)]
    assert json.loads((await filled.get(f"{APPS}/export?format=json&q=zzz")).body) == []


async def test_what_changed_on_a_pc_whichever_job_saw_it(filled: Any, result: Any) -> None:
    again = result({"apps": []}, pc_id="pc2", result_id="sw-2", finished_at="2026-11-23T11:00:00Z")
    await filled.publish("results.q", again)
    await filled.settle()
    found = (await filled.get("/api/agents/pc2/inventory_changes", role="viewer")).json()
    assert (found[0]["job_id"], found[0]["change_kind"]) == ("inv-sw", "removed")
    before = found[0]["observed_at"].replace("+", "%2B")
    older = (await filled.get(f"/api/agents/pc2/inventory_changes?before={before}")).json()
    assert found[0]["id"] not in [one["id"] for one in older]


async def test_a_page_of_changes_ends_among_those_of_one_scan(filled: Any) -> None:
    """All apps of pc1 came with one scan, at one moment: none may fall between two pages."""
    path = "/api/agents/pc1/inventory_changes"
    whole = (await filled.get(path)).json()
    moments = [one["observed_at"] for one in whole]
    assert len(whole) > len(set(moments))
    found, cursor = [], ""
    while page := (await filled.get(f"{path}?limit=1{cursor}")).json():
        found += page
        before = page[-1]["observed_at"].replace("+", "%2B")
        cursor = f"&before={before}&before_id={page[-1]['id']}"
    assert found == whole


async def test_changes_of_a_pc_by_kind_field_job_and_time(filled: Any, result: Any) -> None:
    again = result({"apps": []}, pc_id="pc2", result_id="sw-2", finished_at="2026-11-23T11:00:00Z")
    await filled.publish("results.q", again)
    await filled.settle()
    path = "/api/agents/pc2/inventory_changes"
    whole = (await filled.get(path)).json()
    assert {one["change_kind"] for one in whole} > {"removed"}
    removed = [one for one in whole if one["change_kind"] == "removed"]
    assert (await filled.get(f"{path}?kind=removed")).json() == removed
    assert (await filled.get(f"{path}?kind=added&field=nothing")).json() == []
    assert (await filled.get(f"{path}?job=inv-sw")).json() == whole
    assert (await filled.get(f"{path}?job=other")).json() == []
    later = [one for one in whole if one["observed_at"] >= removed[0]["observed_at"]]
    since = removed[0]["observed_at"].replace("+", "%2B")
    assert (await filled.get(f"{path}?since={since}")).json() == later
    assert (await filled.get(f"{path}?kind=vanished")).status == 400


REFUSED = {
    f"{FACTS}?where=colour:eq:red": (400, 'unknown column: "colour"'),
    f"{FACTS}?where=ram:like:x": (400, 'unknown filter operator "like"'),
    f"{FACTS}?sort=colour": (400, 'unknown column: "colour"'),
    f"{FACTS}?ram=8": (400, 'unknown parameter "ram": filters are where=column:operator:value'),
    f"{FACTS}?q=a%00": (400, "a filter cannot contain the character NUL"),
    f"{FACTS}?sort=pc_id;DROP": (400, 'unknown column: "pc_id;DROP"'),
    f"{FACTS}/counts": (400, "say which column: column=<name>"),
    f"{FACTS}/export?format=xls": (400, 'unknown format "xls", expected one of csv, json'),
    "/api/inventory/absent/facts": (404, 'manifest "absent" has no inventory'),
    "/api/inventory/inv-sw/tables/no": (404, 'manifest "inv-sw" has no explode field "no"'),
    "/api/inventory/bad%20key/facts": (400, "key cannot be empty or start/end with `.`"),
}


async def test_refusals(filled: Any) -> None:
    found = {}
    for path in REFUSED:
        answer = await filled.get(path)
        found[path] = (answer.status, answer.text)
    assert found == REFUSED


async def test_rows_keep_their_order_where_a_column_is_called_like_the_number_of_a_row(
    host: Any, manifest: Any, result: Any
) -> None:
    columns = [{"field": "name"}, {"field": "rowid"}]
    explode = {"field": "apps", "table": "inv_numbered", "primary_key": ["name"], "columns": columns}
    job = manifest({"display": DISPLAY, "explode": [explode]})
    await (await host.kv("jobs")).put(job["id"], encode(job))
    apps = [{"name": name, "rowid": number} for name, number in (("c", "1"), ("a", "3"), ("b", "2"))]
    await host.publish("results.q", result({"apps": apps}))
    await host.settle()
    rows = (await host.get(APPS)).json()["rows"]
    assert [row["values"][0] for row in rows] == ["c", "a", "b"]


def test_no_list_scans_a_table(file: Any, apps_spec: dict[str, Any]) -> None:
    columns = [ExplodeColumn(**one) for one in apps_spec["columns"]]
    spec = ExplodeSpec("apps", "inv_apps", ["name", "source"], columns)
    ensure(file, spec)
    for table, expressions in (
        ("inv_apps", FIXED | {"name": '"name"'}),
        ("inventory_facts", FIXED | {"name": "json_extract(facts_json, '$.name')"}),
    ):
        source = Source(table, "j", (Column("name", "name", "text"),), expressions, True, False)
        for query in ({}, {"q": ["x"]}, {"where": ["name:eq:x"]}, {"sort": ["-name"]}):
            chosen = selecting.selection(source, query)
            for sql, values in (chosen.rows(query), chosen.total(), chosen.counts("name"), chosen.pcs()):
                plan = [row["detail"] for row in file.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
                # Of a derived table every row may be the job's: there an index is not always of use.
                scans = [step for step in plan if step.startswith(f"SCAN {table}")]
                assert not scans or table == "inv_apps", plan
    for asked in (ChangesQuery(), ChangesQuery(before_id=9, kind="added", field="f", job="j")):
        sql, values = changes.selected("a", asked)
        plan = [row["detail"] for row in file.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        used = "USING INDEX idx_inventory_history_pc (pc_id=? AND observed_at<?)"
        assert plan[0] == f"SEARCH inventory_history {used}", plan
        assert not [step for step in plan if step.startswith("SCAN") and "CONSTANT" not in step], plan
