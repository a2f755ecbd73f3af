"""The statements behind the list of the busiest PCs: their order, all sums, and what changed since."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import Instant
from kanade_host_perf.pieces import Piece, pieces
from kanade_host_perf.rollups import HOST_WIDTHS, NEWEST, POSITION

SHORT_SECONDS = 600
FOR_EVER = Instant.parse("9999-01-01T00:00:00Z")


def _row(metric: str, rowid: str) -> str:
    """What a list counts of one sample, as text: where the number is given out again, it is another."""
    counted = f"pc_id || ' ' || at || ' ' || quote({metric})"
    return f"(SELECT {counted} FROM host_perf_samples WHERE rowid = ({rowid}))"


def state_statement(metric: str) -> str:
    """The newest row number; which sample that is; which one has another row number (the one value)."""
    return f"SELECT ({NEWEST}), {_row(metric, NEWEST)}, {_row(metric, '?')}"


def since_pieces(since: Instant, seconds: int, *, summed: bool) -> list[Piece]:
    """All that was measured after that moment, by PCs whose clocks are ahead too.

    Of a short time there are fewer samples than the sums of its ends would save.
    """
    after = Instant.from_ns(since.ns + 1)
    return pieces(after, FOR_EVER, HOST_WIDTHS if summed and seconds >= SHORT_SECONDS else ())


def top_statement(metric: str, parts: Sequence[Piece]) -> str:
    """Averages over samples that have the metric; `+` keeps SQLite from walking all PCs in order.

    Two values for each piece, then the limit. The last piece of a range that is open is open too.
    """
    return (
        f"SELECT pc_id, total(total) / sum(number) AS value FROM ({_whole(metric, parts)})"
        " GROUP BY +pc_id HAVING sum(number) > 0 ORDER BY value DESC, pc_id LIMIT ?"
    )


def totals_statement(metric: str, parts: Sequence[Piece]) -> str:
    """The sums of all PCs, and one row without a PC that says how far they go: all of one moment.

    Two values for each piece. Rows: PC, number, total; of the one: None, newest row, its sample, position.
    """
    return (
        f"SELECT NULL, ({NEWEST}), {_row(metric, NEWEST)}, ({POSITION})"
        f" UNION ALL SELECT pc_id, sum(number), total(total), NULL FROM ({_whole(metric, parts)})"
        " GROUP BY +pc_id HAVING sum(number) > 0"
    )


def changes_statement(metric: str) -> str:
    """What comes to a time that begins later, and what leaves it: 1 or -1, PC, value.

    Values: the row number up to which it was added, the newest one, the new beginning; the old beginning,
    the new one, the row number again.
    """
    found = f"pc_id, {metric} + 0.0 FROM host_perf_samples WHERE {metric} IS NOT NULL"
    return (
        f"SELECT 1, {found} AND rowid > ? AND rowid <= ? AND +at > ?"
        f" UNION ALL SELECT -1, {found} AND at > ? AND at <= ? AND +rowid <= ?"
    )


def _whole(metric: str, parts: Sequence[Piece]) -> str:
    sums = (
        f"SELECT pc_id, n_{metric} AS number, s_{metric} AS total FROM perf_host_rollups"
        " WHERE bucket >= ? AND bucket < ? AND width = {width}"
    )
    samples = (
        f"SELECT pc_id, 1 AS number, {metric} AS total FROM host_perf_samples"
        f" WHERE at >= ? AND at < ? AND {metric} IS NOT NULL"
    )
    return " UNION ALL ".join(
        samples if part.width is None else sums.format(width=part.width) for part in parts
    )
