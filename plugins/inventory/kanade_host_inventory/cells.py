"""Values of JSON as the cells of a derived table (`contract/projections.md` 5.3).

A cell is what stands in the table in the end, the column's affinity included: only then does a scan
compare equal to the rows that the same scan made before, and no history is made of nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kanade_host.plugin import canonical

Cell = str | int | float | None

_I64_MIN, _I64_MAX = -(2**63), 2**63 - 1
_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)[ \t\n\v\f\r]*").fullmatch
_NUMBER = re.compile(
    r"[ \t\n\v\f\r]*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t\n\v\f\r]*"
).fullmatch


def column(kind: str | None, declared: str, values: Sequence[Any]) -> Sequence[Cell]:
    """The cells of one column: most values are cells already, which their types say at once."""
    types = set(map(type, values))
    if (
        (declared == "TEXT" and types <= {str, type(None)})
        or (declared == "REAL" and kind == "real" and types <= {float, type(None)})
        or (declared == "INTEGER" and kind == "integer" and types == {int} and _fit(values))
    ):
        return values
    return [cell(kind, declared, value) for value in values]


def _fit(values: Sequence[int]) -> bool:
    return min(values) >= _I64_MIN and max(values) <= _I64_MAX


def cell(kind: str | None, declared: str, value: Any) -> Cell:
    """The cell that a JSON value becomes: `kind` of the spec's column, `declared` type of the table's."""
    return None if value is None else _settle(declared, _bound(kind, value))


def _bound(kind: str | None, value: Any) -> Cell:
    """What is bound; `value` is not null."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if kind == "integer":
            return value if isinstance(value, int) and _I64_MIN <= value <= _I64_MAX else None
        if kind == "real":
            return _float(value)
    return canonical(value)


def _float(value: int | float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _settle(declared: str, value: Cell) -> Cell:
    """What SQLite makes of it when it is stored: the column's affinity."""
    if value is None:
        return None
    if declared == "TEXT":
        return value if isinstance(value, str) else canonical(value)
    if isinstance(value, str):
        number = _number(value)
        if number is None:
            return value
        value = number
    if declared == "REAL":
        return float(value)
    if declared == "INTEGER" and isinstance(value, float):
        return int(value) if value.is_integer() and _I64_MIN < value < _I64_MAX else value
    return value


def _number(text: str) -> int | float | None:
    """The number that a text is for SQLite, None where it stays a text."""
    found = _INTEGER(text)
    if found is not None and len(found[1]) <= 20 and _I64_MIN <= int(found[1]) <= _I64_MAX:
        return int(found[1])
    found = _NUMBER(text)
    return float(found[1]) if found is not None else None


def shown(kind: str | None, value: Any) -> Cell:
    """A cell as an answer has it: what does not fit the column's kind is null."""
    if kind == "integer":
        return value if isinstance(value, int) else None
    if kind == "real":
        return value if isinstance(value, int | float) else None
    return value if isinstance(value, str) else None
