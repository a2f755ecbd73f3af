"""Lists of values go into statements as JSON; the authorizers must not be in the way of `json_each`."""

from __future__ import annotations

from pathlib import Path

from kanade_host.store.database import Database
from kanade_host.store.readers import Readers
from kanade_host.store.writer import Writer

SQL = "SELECT value FROM json_each(?) ORDER BY value"


async def test_json_each_may_be_read_by_readers_and_plugins(tmp_path: Path) -> None:
    database = Database.open(str(tmp_path / "x.db"))
    readers, writer = Readers(database.location), Writer(database.location)
    try:
        await writer.open()
        await readers.open()
        assert [row[0] for row in await readers.query(SQL, ("[2, 1]",), owner="probe")] == [1, 2]
        found = await writer.run("probe", lambda tx: tx.execute(SQL, ("[2, 1]",)).fetchall())
        assert [row[0] for row in found] == [1, 2]
    finally:
        await readers.close()
        await writer.close()
        database.close()
