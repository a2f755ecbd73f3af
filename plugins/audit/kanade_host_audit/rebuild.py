"""What a rebuild of the trail adds to the replay: records that AUDIT does not hold (any more).

Rows of kanade-backend that no message has claimed come over too; a message that is replayed claims its row
as it did before.
"""

from __future__ import annotations

from kanade_host.plugin import Reach, Rebuild, Tx


def carry(tx: Tx, reach: Reach) -> None:
    """Older rows, with their ids, and where the next id stands."""
    tx.execute(
        "INSERT INTO audit_sources (sequence, time_ns, id)"
        " SELECT sequence, time_ns, id FROM live.audit_sources WHERE time_ns < ?",
        (reach.begins["audit.audit"].ns,),
    )
    tx.execute(
        "INSERT INTO audit_log (id, actor, action, target, payload, occurred_at)"
        " SELECT id, actor, action, target, payload, occurred_at FROM live.audit_log AS a"
        " WHERE EXISTS (SELECT 1 FROM audit_sources AS s WHERE s.id = a.id)"
        " OR NOT EXISTS (SELECT 1 FROM live.audit_sources AS s WHERE s.id = a.id) ORDER BY id"
    )
    tx.execute(
        "UPDATE audit_bounds SET last_foreign = (SELECT last_foreign FROM live.audit_bounds),"
        " last_ours = coalesce((SELECT max(id) FROM audit_log), 0)"
    )


def settle(tx: Tx, reach: Reach) -> None:  # noqa: ARG001
    """Ids go on above all that ever were, and none of those is foreign."""
    tx.execute(
        "UPDATE audit_bounds SET last_ours ="
        " max(last_ours, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit_log'), 0))"
    )


REBUILD = Rebuild(carry=carry, settle=settle)
