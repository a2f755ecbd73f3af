"""Rows by many keys at once, in a few statements whose text does not vary with the number of keys.

Not `json_each(?)`: before version 3.45 SQLite cuts a JSON string at U+0000, and what agents send may
hold one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from kanade_host.plugin import Tx

_SIZES = (8, 64, 512, 1024, 2048, 4096)


def chosen(tx: Tx, sql: str, keys: Sequence[str], first: Sequence[object] = ()) -> Iterator[sqlite3.Row]:
    """Run `sql` with placeholders for `keys` where it has `{}`, in chunks; `first` is bound before them."""
    for start in range(0, len(keys), _SIZES[-1]):
        part = keys[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if len(part) <= size)
        padded = [*part, *(None for _ in range(size - len(part)))]
        yield from tx.execute(sql.format(_PLACES[size]), (*first, *padded))


_PLACES = {size: ",".join("?" * size) for size in _SIZES}
