"""What a rebuild of inventory adds to the replay: RESULTS holds 30 days, facts and history reach further.

Facts that no later scan has replaced come over with their rows, and history as far as it is older. Where
facts were replaced since, nobody knows any more what stood there before the first scan that is replayed: of
that one scan the history is taken from the live rows.
"""

from __future__ import annotations

from kanade_host.plugin import Reach, Rebuild, Tx

_FACTS = "pc_id, job_id, facts_json, display_json, summary_json, collected_at, recorded_at"
_CHANGE = "pc_id, job_id, field_path, identity_json, change_kind, before_json, after_json, observed_at"
_OWN = "pc_id = ? AND job_id = ?"


def carry(tx: Tx, reach: Reach) -> None:
    """Everything older than the stream."""
    begins = (reach.begins["inventory.facts"].sql,)
    tx.execute(
        f"INSERT INTO inventory_facts ({_FACTS}) SELECT {_FACTS} FROM live.inventory_facts"
        " WHERE recorded_at < ? ORDER BY rowid",
        begins,
    )
    tx.execute(
        "INSERT INTO inventory_sources (pc_id, job_id, result_id) SELECT pc_id, job_id, result_id"
        " FROM live.inventory_sources WHERE (pc_id, job_id) IN (SELECT pc_id, job_id FROM inventory_facts)"
    )
    tx.execute(
        f"INSERT INTO inventory_history (id, {_CHANGE}) SELECT id, {_CHANGE} FROM live.inventory_history"
        " WHERE observed_at < ?",
        begins,
    )
    for table in reach.dynamic:
        tx.execute(
            f'INSERT INTO main."{table}" SELECT * FROM live."{table}"'
            " WHERE (pc_id, job_id) IN (SELECT pc_id, job_id FROM inventory_facts)"
        )


def complete(tx: Tx, reach: Reach) -> None:
    """History of the first scan of those whose earlier facts are not known."""
    begins = reach.begins["inventory.facts"].sql
    pairs = tx.execute(
        "SELECT DISTINCT pc_id, job_id FROM live.inventory_history WHERE observed_at < ?"
        " EXCEPT SELECT pc_id, job_id FROM live.inventory_facts WHERE recorded_at < ?",
        (begins, begins),
    ).fetchall()
    for pair in (tuple(row) for row in pairs):
        first = tx.execute(
            f"SELECT min(observed_at) FROM inventory_history WHERE {_OWN} AND observed_at >= ?",
            (*pair, begins),
        ).fetchone()[0]
        tx.execute(f"DELETE FROM inventory_history WHERE {_OWN} AND observed_at = ?", (*pair, first))
        tx.execute(
            f"INSERT INTO inventory_history ({_CHANGE}) SELECT {_CHANGE} FROM live.inventory_history"
            f" WHERE {_OWN} AND observed_at = ? ORDER BY id",
            (*pair, first),
        )


REBUILD = Rebuild(carry, complete)
