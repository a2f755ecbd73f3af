"""What the inventory plugin offers to others: service `inventory.columns`."""

from __future__ import annotations

from typing import Protocol

COLUMNS = "inventory.columns"


class Columns(Protocol):
    """What inventory knows of PCs, as conditions on them."""

    async def pcs(self, manifest: str, table: str, column: str, op: str, value: str) -> list[str]:
        """The PCs that have a row whose column fulfils it, at most 100,000.

        `table`: a derived table, by its name or by the field that it is made of; or `facts`, whose columns
        are the fields of the manifest's `display`. `op`: eq, ne, lt, le, gt, ge, contains, prefix, suffix,
        and some and none, which take no value. Raises `HttpError`: 400 for what cannot be asked, with the
        reason, and 503 while the catalogue of jobs cannot be read.
        """
        ...
