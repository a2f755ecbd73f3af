"""How a plugin describes its tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kanade_host.plugin.rebuild import Rebuild


@dataclass(frozen=True, slots=True)
class Migrations:
    """A folder of yoyo migrations, applied before the plugin starts.

    `folder` holds `0001_name.sql`, `0002_name.sql` and so on, plain SQL; the host prefixes their ids
    with the plugin's name. What they create in a scratch database is what the plugin owns. Tables of
    kanade-backend are created with IF NOT EXISTS, so that a database that it wrote opens in place.

    `kept` names tables whose rows no stream can give again: a rebuild leaves them alone. `rebuild`: what the
    plugin adds to a rebuild, where its rows reach further back than its streams.

    `dynamic` says which further tables the plugin may make and fill while it runs, by name. What belongs
    to the host, to another plugin (one that is switched off included) or to kanade-backend stays
    refused whatever it answers: such a statement raises, and has done nothing. A plugin from outside
    keeps to names that begin with its own. It is called on the writer thread.
    """

    folder: Path
    kept: tuple[str, ...] = field(default=())
    dynamic: Callable[[str], bool] | None = None
    rebuild: Rebuild = field(default=Rebuild())
