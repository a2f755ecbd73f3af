"""Reading the database from the command line, also while the host runs: read-only, never a lock."""

from __future__ import annotations

import sqlite3

from kanade_host.config import Config
from kanade_host.plugin.errors import OperatorError
from kanade_host.store.connections import open_reader, refuse
from kanade_host.store.location import parse_location


def reading(config: Config) -> sqlite3.Connection:
    """A read-only connection to a database that has the host's tables. Raises OperatorError."""
    location = parse_location(config.db.sqlite_path)
    if not location.path.exists():
        raise OperatorError(f"the database {location.path} does not exist yet: kanade-host serve makes it")
    try:
        connection = open_reader(location)
        connection.row_factory = sqlite3.Row
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'host_positions'").fetchone()
    except sqlite3.Error as error:
        raise refuse(error, location.path, "reading it") from error
    if known is None:
        connection.close()
        raise OperatorError(
            f"the database {location.path} has no tables of the host yet: kanade-host db migrate makes them"
        )
    return connection
