"""The elements of one array as rows, and what changed against the rows that were there before.

`contract/projections.md` 5.2, 6.2. Compared are cells, never JSON against rows: an identical scan gives
identical cells and so no history, whatever the types of its values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin import canonical
from kanade_host_inventory.cells import Cell, cell, shown
from kanade_host_inventory.derived import Table
from kanade_host_inventory.manifest import ExplodeSpec

Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One element that becomes a row: its cells by the spec's columns, and the element as it came."""

    cells: Cells
    element: Any


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history."""

    kind: str
    identity: str | None
    before: str | None
    after: str | None


def rows_of(spec: ExplodeSpec, table: Table, elements: Sequence[Any]) -> list[Row]:
    """The rows in array order. Of equal keys the first one wins; NULL in a key never is equal."""
    columns = [(c.field, c.type, table.declared[c.field.lower()]) for c in spec.columns]
    places = {c.field.lower(): place for place, c in enumerate(spec.columns)}
    key = [places[name] for name in table.key if name in places]
    taken: set[Cells] = set()
    rows = []
    for element in elements:
        cells: Cells
        if isinstance(element, dict):
            cells = tuple([cell(kind, declared, element.get(name)) for name, kind, declared in columns])
        else:
            cells = (None,) * len(columns)
        own = tuple([cells[place] for place in key])
        if len(key) == len(table.key) and None not in own:
            if own in taken:
                continue
            taken.add(own)
        rows.append(Row(cells, element))
    return rows


def difference(before: Mapping[int, Cells], after: Sequence[Row]) -> tuple[list[int], list[Row]]:
    """Numbers of the rows whose cells no element has, and the elements whose cells no row has."""
    held: dict[Cells, list[int]] = {}
    for number, cells in before.items():
        held.setdefault(cells, []).append(number)
    new = []
    for row in after:
        same = held.get(row.cells)
        if same:
            same.pop()  # of rows without a key several may be alike
        else:
            new.append(row)
    return [number for numbers in held.values() for number in numbers], new


def compared(
    spec: ExplodeSpec,
    table: Table,
    before: Mapping[int, Cells],
    after: Sequence[Row],
    gone: Sequence[int],
    new: Sequence[Row],
) -> tuple[list[Cells], Sequence[Row]]:
    """What `events` has to look at: what differs, where each identity is there once, and else everything."""
    changed = [before[number] for number in gone]
    places = _places(spec)
    if sorted(name.lower() for name in spec.primary_key) == sorted(table.key) and all(
        None not in _own(cells, places) for cells in (*changed, *(row.cells for row in new))
    ):
        return changed, new
    return list(before.values()), after


def events(spec: ExplodeSpec, before: Sequence[Cells], after: Sequence[Row]) -> Iterator[Event]:
    """Elements in array order, then the rows that are gone in the order in which they were made."""
    places = _places(spec)
    prior: dict[Cells, Cells] = {}
    for cells in before:
        prior.setdefault(_own(cells, places), cells)
    seen: set[Cells] = set()
    for row in after:
        own = _own(row.cells, places)
        if own in seen:
            continue
        seen.add(own)
        was = prior.get(own)
        if was is None:
            yield Event("added", _identity(spec, own), None, canonical(row.element))
        elif was != row.cells:
            yield Event("changed", _identity(spec, own), _declared(spec, was), canonical(row.element))
    for own, cells in prior.items():
        if own not in seen:
            yield Event("removed", _identity(spec, own), _declared(spec, cells), None)


def _places(spec: ExplodeSpec) -> list[int]:
    return [[c.field for c in spec.columns].index(name) for name in spec.primary_key]


def _own(cells: Cells, places: Sequence[int]) -> Cells:
    return tuple([cells[place] for place in places])


def _identity(spec: ExplodeSpec, own: Cells) -> str:
    return canonical(dict(zip(spec.primary_key, own)))


def _declared(spec: ExplodeSpec, cells: Cells) -> str:
    return canonical({c.field: shown(c.type, value) for c, value in zip(spec.columns, cells)})
