"""Filters, sort and bounds over a `Source`: the statements behind a list, its counts and its export.

    where=<column>:<operator>:<value>     repeated; all must hold
    q=<text>                              in the PC's name or any text column, whatever its case
    sort=<column> or sort=-<column>       ties in the order of the PCs

Operators: eq ne lt le gt ge contains prefix suffix, and none / some (no value: is there any?).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kanade_host.plugin import HttpError
from kanade_host_inventory.search import FILTERS_AT_MOST, Query, whole
from kanade_host_inventory.tables import Source

DEFAULT, MOST = 100, 1_000
TOTAL_AT_MOST = 10_000
"""Beyond it a total is "10,000+": counting further would cost more than it tells."""
EXPORT_AT_MOST = 100_000
PCS_AT_MOST = 100_000
COUNTS_AT_MOST = 500
_COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_LIKE = {"contains": ("%", "%"), "prefix": ("", "%"), "suffix": ("%", "")}
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII).fullmatch
_OWN = ("where", "q", "sort", "limit", "offset", "column", "format")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a source: SQL after FROM, and its values."""

    source: Source
    where: str
    values: tuple[object, ...]

    @property
    def origin(self) -> str:
        return f'FROM "{self.source.table}" WHERE {self.where}'

    def total(self) -> tuple[str, list[object]]:
        """How many, counted no further than one beyond the bound."""
        sql = f"SELECT count(*) FROM (SELECT 1 {self.origin} LIMIT {TOTAL_AT_MOST + 1})"
        return sql, [*self.values]

    def rows(self, query: Query) -> tuple[str, list[object]]:
        """One page."""
        limit, offset = min(whole(query, "limit", DEFAULT), MOST), whole(query, "offset", 0)
        return self._page(query, limit, offset)

    def export(self, query: Query) -> tuple[str, list[object]]:
        """All rows, up to the bound and one more, which tells that there are more."""
        return self._page(query, EXPORT_AT_MOST + 1, 0)

    def pcs(self) -> tuple[str, list[object]]:
        """The PCs that have such a row, in byte order."""
        return f"SELECT DISTINCT pc_id {self.origin} ORDER BY pc_id LIMIT ?", [*self.values, PCS_AT_MOST]

    def counts(self, column: str) -> tuple[str, list[object]]:
        """Each value of a column with its rows and PCs, the most frequent first."""
        expression = self.source.expression(column)
        pcs = "count(*)" if self.source.one_per_pc else "count(DISTINCT pc_id)"
        sql = (
            f"SELECT {expression} AS value, count(*), {pcs} AS pcs {self.origin}"
            " GROUP BY value ORDER BY pcs DESC, value LIMIT ?"
        )
        return sql, [*self.values, COUNTS_AT_MOST + 1]

    def _page(self, query: Query, limit: int, offset: int) -> tuple[str, list[object]]:
        wanted = ", ".join(self.source.expressions[one.field] for one in self.source.columns)
        comma = ", " if wanted else ""
        sql = f"SELECT pc_id, collected_at{comma}{wanted} {self.origin} {_order(self.source, query)}"
        return f"{sql} LIMIT ? OFFSET ?", [*self.values, limit, offset]


def selection(source: Source, query: Query) -> Selection:
    """What a query selects. Raises `HttpError` 400 for what cannot be asked."""
    conditions, values = ["job_id = ?"], [source.job_id]
    for key in query:
        if key not in _OWN:
            raise HttpError(400, f'unknown parameter "{key}": filters are where=column:operator:value')
    filters = query.get("where", ())
    if len(filters) > FILTERS_AT_MOST:
        raise HttpError(400, f"more than {FILTERS_AT_MOST} filters")
    for text in filters:
        term, bound = _filter(source, text)
        conditions.append(term)
        values += bound
    if words := last(query, "q").strip():
        term, bound = _anywhere(source, words)
        conditions.append(term)
        values += bound
    return Selection(source, " AND ".join(conditions), tuple(values))


def last(query: Query, key: str) -> str:
    """The last value of a parameter; empty where it is absent."""
    texts = query.get(key)
    return texts[-1] if texts else ""


def _filter(source: Source, text: str) -> tuple[str, list[str]]:
    column, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    return condition(source, column, operator, value)


def condition(source: Source, column: str, operator: str, value: str) -> tuple[str, list[str]]:
    """What a row has to fulfil, as SQL with its values. Raises `HttpError` 400."""
    expression = source.expression(column)
    if operator in ("none", "some"):
        return f"{expression} IS {'NOT ' if operator == 'some' else ''}NULL", []
    if operator in _COMPARE:
        return _compared(source, expression, operator, value)
    if operator in _LIKE:
        before, after = _LIKE[operator]
        return _like(expression), [f"{before}{_escaped(value)}{after}"]
    raise HttpError(400, f'unknown filter operator "{operator}"')


def _compared(source: Source, expression: str, operator: str, value: str) -> tuple[str, list[str]]:
    sign = _COMPARE[operator]
    if source.typed or expression in ("pc_id", "collected_at"):
        return f"{expression} {sign} ?", [value]
    if operator in ("eq", "ne"):
        return f"CAST({expression} AS TEXT) {sign} ?", [value]
    if _NUMBER(value):  # numbers are compared with numbers, texts with texts
        return f"(typeof({expression}) <> 'text' AND {expression} {sign} CAST(? AS REAL))", [value]
    return f"(typeof({expression}) = 'text' AND {expression} {sign} ?)", [value]


def _anywhere(source: Source, words: str) -> tuple[str, list[str]]:
    texts = [one.field for one in source.columns if one.type in (None, "text")]
    expressions = ["pc_id", *(source.expressions[field] for field in texts)]
    pattern = f"%{_escaped(words)}%"
    return f"({' OR '.join(map(_like, expressions))})", [pattern] * len(expressions)


def _like(expression: str) -> str:
    return f"{expression} LIKE ? ESCAPE '\\'"


def _escaped(text: str) -> str:
    if "\0" in text:
        raise HttpError(400, "a filter cannot contain the character NUL")  # where LIKE stops reading
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _order(source: Source, query: Query) -> str:
    asked = last(query, "sort")
    if not asked:
        return f"ORDER BY pc_id, {source.number}"
    expression = source.expression(asked.removeprefix("-"))
    direction = "DESC" if asked.startswith("-") else "ASC"
    # What has no value comes last either way.
    return f"ORDER BY {expression} IS NULL, {expression} {direction}, pc_id, {source.number}"
