"""How a plugin describes its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Migrations:
    """A folder of yoyo migrations, applied before the plugin starts.

    `folder` holds `0001_name.sql`, `0002_name.sql` and so on, plain SQL; the host prefixes their ids
    with the plugin's name. What they create in a scratch database is what the plugin owns. Tables of
    kanade-backend are created with IF NOT EXISTS, so that a database that it wrote opens in place.

    `kept` names tables whose rows no stream can give again: a rebuild carries them over.
    """

    folder: Path
    kept: tuple[str, ...] = field(default=())
