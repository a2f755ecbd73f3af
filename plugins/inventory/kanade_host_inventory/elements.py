"""The elements of one array as rows, and what changed against the rows that were there before.

`contract/projections.md` 5.2, 6.2. Compared are cells, never JSON against rows: an identical scan gives
identical cells and so no history, whatever the types of its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from kanade_host.plugin import canonical
from kanade_host_inventory.cells import Cell, column, shown
from kanade_host_inventory.derived import Table
from kanade_host_inventory.manifest import ExplodeSpec

Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Elements that become rows, in array order: the cells of each by the spec's columns, and the element
    as it came. `told_apart`: the identities of history are the table's key, and each is there once.
    """

    cells: list[Cells]
    elements: list[Any]
    told_apart: bool

    def only(self, which: Sequence[int]) -> Rows:
        """Those at these places."""
        return Rows([self.cells[n] for n in which], [self.elements[n] for n in which], self.told_apart)


class Event(msgspec.Struct, frozen=True, gc=False):
    """One line of history."""

    kind: str
    identity: str | None
    before: str | None
    after: str | None


def rows_of(spec: ExplodeSpec, table: Table, elements: list[Any]) -> Rows:
    """The rows in array order. Of equal keys the first one wins; NULL in a key never is equal.

    Column by column, since most need no look at each value.
    """
    objects = elements
    if not {dict}.issuperset(map(type, elements)):
        objects = [element if isinstance(element, dict) else {} for element in elements]
    columns = [
        column(c.type, table.declared[c.field.lower()], [element.get(c.field) for element in objects])
        for c in spec.columns
    ]
    places = {c.field.lower(): place for place, c in enumerate(spec.columns)}
    key = [columns[places[name]] for name in table.key if name in places]
    whole = not any(None in cells for cells in key)
    rows = Rows(
        list(zip(*columns)),
        elements,
        whole and sorted(name.lower() for name in spec.primary_key) == sorted(table.key),
    )
    keys = list(zip(*key))
    if len(key) < len(table.key) or len(set(keys)) == len(keys):
        return rows
    return rows.only(_firsts(keys))


def _firsts(keys: Sequence[Cells]) -> list[int]:
    taken: set[Cells] = set()
    firsts = []
    for place, own in enumerate(keys):
        if None not in own:
            if own in taken:
                continue
            taken.add(own)
        firsts.append(place)
    return firsts


def difference(before: Mapping[int, Cells], after: Rows) -> tuple[list[int], Rows]:
    """Numbers of the rows to delete, and the elements to insert.

    Where rows cannot be told apart, all or nothing: history names the first of those with an identity, by
    the order in which they were made.
    """
    held = list(before.values())
    if held == after.cells:
        return [], after.only([])
    if not after.told_apart:
        return list(before), after
    old, new = set(held), set(after.cells)
    gone = [number for number, cells in before.items() if cells not in new]
    return gone, after.only([place for place, cells in enumerate(after.cells) if cells not in old])


def events(spec: ExplodeSpec, before: Iterable[Cells], after: Rows) -> Iterator[Event]:
    """Elements in array order, then the rows that are gone in the order in which they were made.

    Of `difference`: what is the same on both sides needs no look.
    """
    places = _places(spec)
    prior: dict[Cells, Cells] = {}
    for cells in before:
        prior.setdefault(_own(cells, places), cells)
    seen: set[Cells] = set()
    for cells, element in zip(after.cells, after.elements):
        own = _own(cells, places)
        if own in seen:
            continue
        seen.add(own)
        was = prior.get(own)
        if was is None:
            yield Event("added", _identity(spec, own), None, canonical(element))
        elif was != cells:
            yield Event("changed", _identity(spec, own), _declared(spec, was), canonical(element))
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
