"""What a plugin adds to the rebuild of its tables (`docs/decisions/rebuild.md`).

A rebuild replays the plugin's streams into a scratch file, with the plugin's own code, and then replaces
the rows in one transaction. A plugin needs to say something only where its rows reach further back than
its streams do, or where kept tables hold sums of rows that are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kanade_host.plugin.instants import Instant
    from kanade_host.plugin.subscriptions import Tx


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a replay reaches.

    `dynamic`: the tables that the plugin has made at run time; they are in the scratch file too, empty.
    """

    begins: Mapping[str, Instant]
    """By name of the projection: what came before this moment cannot be replayed, all from it on can.

    The moment when the stream was made, as long as it holds every message since. Later the broker's time of
    its oldest message, and one second more: rows that keep whole seconds compare with `<`, and a row that
    is carried over and replayed as well is one row. The present, where nothing is left.
    """
    dynamic: tuple[str, ...] = field(default=())


Step = Callable[["Tx", Reach], None]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The plugin's own statements. Each is called once, on a writer thread, in a transaction.

    - `carry(tx, reach)` runs in the scratch file before the first message is replayed. The tables of the
      live database can be read as `live.NAME`: bring over the rows that are older than the streams.
      Without it (and `complete`), the operator is asked before such rows are lost.
    - `complete(tx, reach)` runs in the scratch file after the replay, with `live.NAME` as before: for what
      has to come after the rows that were replayed.
    - `settle(tx, reach)` runs in the live database, in the transaction that replaces the rows, after they
      are in place. The scratch file's tables can be read as `rebuilt.NAME`: mend sums in kept tables.
    """

    carry: Step | None = None
    complete: Step | None = None
    settle: Step | None = None

    @property
    def carries(self) -> bool:
        """Rows older than the streams are brought over."""
        return self.carry is not None or self.complete is not None
