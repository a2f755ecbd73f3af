"""Scans into facts, derived tables and history (`contract/projections.md` 4 to 6).

One scan is one step: its facts, its rows and its history are written together or not at all. An older
scan never replaces a newer one, and a message that comes twice changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec

from kanade_host.plugin import BadJson, Batch, Instant, KanadeError, Tx, canonical, insert_rows
from kanade_host_inventory.derived import Table, Tables
from kanade_host_inventory.elements import Cells, Event, difference, events, rows_of
from kanade_host_inventory.facts import read_facts
from kanade_host_inventory.manifest import ExplodeSpec
from kanade_host_inventory.messages import Scan
from kanade_host_inventory.spec import BadSpec

T = TypeVar("T")
TOPIC = "inventory"
AT_ONCE = 256 * 1024
"""Bytes of output that one transaction takes; a single scan may have more."""
SECONDS = 1.5
"""Of the two that the writer allows. A batch that is slower is divided, a huge scan set aside."""
HUGE = 5_000
ROWS_AT_ONCE = 512
AHEAD_SECONDS = 120.0
_MISSING = object()

PRIOR = (
    "SELECT facts_json, collected_at, recorded_at, result_id FROM inventory_facts AS f"
    " LEFT JOIN inventory_sources AS s ON s.pc_id = f.pc_id AND s.job_id = f.job_id"
    " WHERE f.pc_id = ? AND f.job_id = ?"
)
_UPSERT = (
    "INSERT INTO inventory_facts (pc_id, job_id, facts_json, display_json, summary_json, collected_at,"
    " recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (pc_id, job_id) DO UPDATE SET"
    " facts_json = excluded.facts_json, display_json = excluded.display_json,"
    " summary_json = excluded.summary_json, collected_at = excluded.collected_at,"
    " recorded_at = excluded.recorded_at"
)
_SOURCE = "INSERT OR REPLACE INTO inventory_sources (pc_id, job_id, result_id) VALUES (?, ?, ?)"
_HISTORY = (
    "INSERT INTO inventory_history (pc_id, job_id, field_path, identity_json, change_kind, before_json,"
    " after_json, observed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

_NUMBERS = "(SELECT value FROM json_each(?))"


class TooMuchAtOnce(KanadeError):
    """A batch with more output than one transaction takes: the host halves it and comes again."""


def apply_scans(tx: Tx, batch: Batch) -> None:
    """Project the scans of a batch, in order."""
    scans = [(message.body, message.meta.time) for message in batch if isinstance(message.body, Scan)]
    total = sum(scan.output.size for scan, _ in scans)
    if len(scans) > 1 and total > AT_ONCE:
        raise TooMuchAtOnce(f"{total} bytes of output are too much for one transaction")
    pace = Pace(alone=len(scans) == 1)
    history, tables = _History(tx), Tables(tx)
    changed = {scan.pc_id for scan, at in scans if _Projection(tx, scan, at, pace, history, tables).run()}
    history.write()
    if changed:
        tx.changed(TOPIC, *changed)


class Pace:
    """Ends a transaction before the host does, who would have to pause the whole projection.

    A scan of ordinary size is not blamed: where one is slow, the disk is.
    """

    def __init__(self, *, alone: bool, seconds: float = SECONDS) -> None:
        self._alone, self._until = alone, time.monotonic() + seconds

    def parts(self, rows: Iterable[T]) -> Iterator[list[T]]:
        """The same rows, some at a time. Raises `TooMuchAtOnce`."""
        rows, number = iter(rows), 0
        while some := list(islice(rows, ROWS_AT_ONCE)):
            late = time.monotonic() > self._until
            if late and (not self._alone or number >= HUGE):
                raise TooMuchAtOnce(f"it takes more than {SECONDS:g} s to write")
            yield some
            number += len(some)


class _History:
    """Lines of several scans, written together: nothing reads them in between."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._rows: list[Sequence[Any]] = []

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        self._rows += rows
        if len(self._rows) >= ROWS_AT_ONCE:
            self.write()

    def write(self) -> None:
        if self._rows:
            insert_rows(self._tx, _HISTORY, self._rows)
            self._rows = []


class _Projection:
    """One scan on its way into the tables. `at` is the broker's time of its message."""

    def __init__(
        self, tx: Tx, scan: Scan, at: Instant, pace: Pace, history: _History, tables: Tables
    ) -> None:
        self.tx, self.scan, self.at = tx, scan, at
        self.pace, self.history, self.tables = pace, history, tables
        self.left = scan.most
        self.own = (scan.pc_id, scan.job_id)

    def run(self) -> bool:
        """Whether anything was written."""
        text = self.scan.output.bytes()
        try:
            facts = read_facts(text)
        except BadJson as error:
            self._warn(f"manifest '{self.scan.job_id}' stdout was not JSON", reason=str(error))
            return False
        prior = self.tx.execute(PRIOR, self.own).fetchone()
        if prior is not None and self._is_old(prior):
            return False
        self._keep(text.decode())
        self._scalars(facts, None if prior is None else prior[0])
        for spec in self.scan.hint.explode:
            self._explode(spec, facts)
        return True

    # -- facts -------------------------------------------------------------------------------

    def _is_old(self, prior: Sequence[Any]) -> bool:
        """The stored facts came from this result already, or from a later one."""
        if prior[3] == self.scan.result_id:
            return True
        collected, recorded = Instant.from_stored(prior[1]), Instant.from_stored(prior[2])
        if collected is None:
            return False
        return _moment(self.scan.finished_at, self.at) < _moment(collected, recorded)

    def _keep(self, text: str) -> None:
        hint, scan = self.scan.hint, self.scan
        self.tx.execute(
            _UPSERT,
            (
                *self.own,
                text,
                hint.display_json,
                hint.summary_json,
                scan.finished_at.stored,
                self.at.sql,
            ),
        )
        self.tx.execute(_SOURCE, (*self.own, scan.result_id))

    # -- history of single values --------------------------------------------------------------

    def _scalars(self, facts: Any, prior_text: str | None) -> None:
        names = self.scan.hint.scalars
        if not names or not isinstance(facts, dict):
            return
        prior: Any = {}
        if prior_text is not None:
            try:
                prior = msgspec.json.decode(prior_text.encode())
            except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
                self._warn("the facts that were stored before are no JSON: no history", reason=str(error))
                return
        for name in names:
            event = _scalar(prior, facts, name)
            if event is not None:
                self._write_history(name, [event])

    # -- derived tables ------------------------------------------------------------------------

    def _explode(self, spec: ExplodeSpec, facts: Any) -> None:
        try:
            table = self.tables.of(spec)
        except BadSpec as error:
            self._warn("derived table cannot be made", table=spec.table, reason=str(error))
            return
        elements = facts.get(spec.field) if isinstance(facts, dict) else None
        if not isinstance(elements, list):
            elements = []
        if len(elements) > self.left:
            self._warn(
                "too many elements for a derived table: its rows stay as they were",
                table=spec.table,
                elements=len(elements),
                most=self.scan.most,
            )
            return
        self.left -= len(elements)
        self._refresh(spec, table, elements)

    def _refresh(self, spec: ExplodeSpec, table: Table, elements: list[Any]) -> None:
        """Rows that are as they were stay where they are: of most scans nearly all."""
        columns = ", ".join(f'"{column.field}"' for column in spec.columns)
        mine, number = "WHERE pc_id = ? AND job_id = ?", table.number
        held = self.tx.execute(
            f'SELECT {columns}, {number} FROM "{table.name}" {mine} ORDER BY {number}', self.own
        )
        held.row_factory = None  # tuples
        before: dict[int, Cells] = {row[-1]: row[:-1] for row in held}
        after = rows_of(spec, table, elements)
        gone, new = difference(before, after)
        if spec.track_history and (gone or new.cells):
            self._write_history(spec.field, events(spec, [before[number] for number in gone], new))
        collected = self.scan.finished_at.stored
        if len(gone) > len(before) // 2:
            self.tx.execute(f'DELETE FROM "{table.name}" {mine}', self.own)
            new = after
        elif before:
            if gone:
                self.tx.execute(
                    f'DELETE FROM "{table.name}" {mine} AND {number} IN {_NUMBERS}',
                    (*self.own, canonical(gone)),
                )
            self.tx.execute(f'UPDATE "{table.name}" SET collected_at = ? {mine}', (collected, *self.own))
        places = ", ".join("?" * (3 + len(spec.columns)))
        insert = (
            f'INSERT OR IGNORE INTO "{table.name}" (pc_id, job_id, collected_at, {columns}) VALUES ({places})'
        )
        fixed = (*self.own, collected)
        for some in self.pace.parts(fixed + cells for cells in new.cells):
            insert_rows(self.tx, insert, some)

    def _write_history(self, field: str, found: Iterable[Event]) -> None:
        at = self.at.sql
        rows = ((*self.own, field, one.identity, one.kind, one.before, one.after, at) for one in found)
        for some in self.pace.parts(rows):
            self.history.add(some)

    def _warn(self, text: str, **fields: Any) -> None:
        scan = self.scan
        fields |= {"pc_id": scan.pc_id, "job_id": scan.job_id, "result_id": scan.result_id}
        self.tx.after_commit(lambda: scan.log.warning(text, **fields))


def _moment(finished_at: Instant, received_at: Instant | None) -> Instant:
    """When a scan ended, as far as one can believe it.

    A PC whose clock is ahead would otherwise lock out all its later results.
    """
    return finished_at if received_at is None else min(finished_at, received_at + AHEAD_SECONDS)


def _scalar(prior: Any, facts: dict[str, Any], name: str) -> Event | None:
    new = facts.get(name, _MISSING)
    if new is _MISSING:
        return None
    old = prior.get(name, _MISSING) if isinstance(prior, dict) else _MISSING
    after = canonical({"value": new})
    if old is _MISSING:
        return Event("added", None, None, after)
    before = canonical({"value": old})  # the text, since 1 == 1.0 == True in Python and not here
    return None if before == after else Event("changed", None, before, after)
