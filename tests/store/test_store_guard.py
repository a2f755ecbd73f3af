"""What SQL of a plugin may and may not do on the writing and on the reading connections."""

from __future__ import annotations

import sqlite3

import pytest

from kanade_host.plugin import PluginError
from kanade_host.store.errors import NotAllowed
from kanade_host.store.readers import Readers
from kanade_host.store.writer import Writer

ALLOWED = [
    "INSERT INTO things (name) VALUES ('x')",
    """INSERT INTO things (name) SELECT value FROM json_each('["a"]') WHERE true
       ON CONFLICT (name) DO UPDATE SET value = 1""",
    "UPDATE things SET value = (SELECT count(*) FROM others)",
    "DELETE FROM things",
    "SELECT * FROM others JOIN host_positions",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT * FROM c",
    "PRAGMA table_info(things)",
    "SELECT * FROM pragma_table_info('things')",
    "ALTER TABLE things ADD COLUMN extra TEXT",
    "CREATE INDEX things_by_value ON things (value)",
    "CREATE TABLE p_made_later (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)",
]

REFUSED = [
    ("INSERT INTO others (name) VALUES ('x')", "insert into the table others: it belongs to q"),
    ("UPDATE OTHERS SET name = 'x'", "update the table others"),
    ("DELETE FROM others", "delete from the table others"),
    ("INSERT INTO host_outbox (plugin) VALUES ('x')", "host_outbox: it belongs to host"),
    ("UPDATE host_positions SET sequence = 0", "host_positions"),
    ("DELETE FROM _yoyo_migration", "_yoyo_migration"),
    ("DROP TABLE others", "others"),
    ("ALTER TABLE others ADD COLUMN x", "alter the table others"),
    ("CREATE INDEX i ON others (name)", "create an index on the table others"),
    ("CREATE TABLE mine (a)", "create the table mine: no migration of the plugin creates it"),
    ("CREATE VIEW mine AS SELECT 1", "create the table mine"),
    ("CREATE TEMP TABLE others (name)", "temporary tables"),
    ("CREATE TRIGGER t AFTER INSERT ON others BEGIN SELECT 1; END", "create a trigger on the table others"),
    ("COMMIT", "begin, commit or roll back"),
    ("ROLLBACK", "begin, commit or roll back"),
    ("SAVEPOINT mine", "use savepoints"),
    ("RELEASE job", "use savepoints"),
    ("ATTACH ':memory:' AS other", "attach a database"),
    ("DETACH main", "detach a database"),
    ("PRAGMA synchronous = OFF", "use PRAGMA synchronous"),
    ("PRAGMA wal_checkpoint", "use PRAGMA wal_checkpoint"),
    ("PRAGMA user_version = 3", "use PRAGMA user_version"),
    ("SELECT * FROM pragma_wal_checkpoint", ""),
]


@pytest.mark.parametrize("sql", ALLOWED)
async def test_on_its_own_tables_a_plugin_is_free(writer: Writer, sql: str) -> None:
    writer.allow_dynamic("p", lambda table: table.startswith("p_"))
    await writer.run("p", lambda tx: tx.execute(sql).fetchall())


@pytest.mark.parametrize(("sql", "reason"), REFUSED)
async def test_what_is_not_the_plugins_is_refused(writer: Writer, sql: str, reason: str) -> None:
    expected = (NotAllowed, sqlite3.OperationalError) if not reason else NotAllowed
    with pytest.raises(expected) as caught:
        await writer.run("p", lambda tx: tx.execute(sql).fetchall())
    assert reason in str(caught.value)
    if reason:
        assert str(caught.value).startswith("plugin p may not ")
        assert isinstance(caught.value, PluginError)


async def test_a_statement_of_another_plugin_is_asked_about_anew(writer: Writer) -> None:
    sql = "INSERT INTO things (name) VALUES (?)"
    await writer.run("p", lambda tx: tx.execute(sql, ("a",)))
    with pytest.raises(NotAllowed):
        await writer.run("q", lambda tx: tx.execute(sql, ("b",)))
    await writer.run("host", lambda tx: tx.execute(sql, ("c",)))
    with pytest.raises(NotAllowed):
        await writer.run("q", lambda tx: tx.executemany(sql, [("d",)]))


async def test_the_host_writes_beside_a_plugins_rows(writer: Writer, readers: Readers) -> None:
    def work(tx):
        tx.execute("INSERT INTO things (name) VALUES ('a')")
        tx.acting_as("host").execute("INSERT INTO host_plugins (name) VALUES ('p')")
        tx.execute("INSERT INTO things (name) VALUES ('b')")

    await writer.run("p", work)
    assert len(await readers.query("SELECT * FROM things, host_plugins")) == 2


async def test_a_trigger_does_not_reach_further_than_its_plugin(writer: Writer) -> None:
    await writer.run(
        "host",
        lambda tx: tx.execute("CREATE TRIGGER t AFTER INSERT ON things BEGIN DELETE FROM others; END"),
    )
    with pytest.raises(NotAllowed, match="delete from the table others"):
        await writer.run("p", lambda tx: tx.execute("INSERT INTO things (name) VALUES ('a')"))


async def test_tables_made_at_run_time_belong_to_who_may_make_them(writer: Writer) -> None:
    writer.allow_dynamic("p", lambda table: table.startswith("p_"))
    await writer.run("p", lambda tx: tx.execute("CREATE TABLE p_derived (a)"))
    await writer.run("p", lambda tx: tx.execute("INSERT INTO p_derived VALUES (1)"))
    with pytest.raises(NotAllowed):
        await writer.run("q", lambda tx: tx.execute("INSERT INTO p_derived VALUES (1)"))
    writer.allow_dynamic("q", lambda table: True)
    with pytest.raises(NotAllowed):
        await writer.run("q", lambda tx: tx.execute("DROP TABLE things"))


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO things (name) VALUES ('x')",
        "BEGIN",
        "SAVEPOINT x",
        "ATTACH ':memory:' AS other",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = ''",
        "PRAGMA wal_checkpoint",
        "CREATE TEMP TABLE x (a)",
        "VACUUM",
    ],
)
async def test_readers_only_read(readers: Readers, sql: str) -> None:
    with pytest.raises((NotAllowed, sqlite3.OperationalError)):
        await readers.query(sql)
    assert (await readers.query("SELECT 1"))[0][0] == 1


async def test_search_indexes_work_on_both_sides(writer: Writer, readers: Readers) -> None:
    writer.allow_dynamic("p", lambda table: table.startswith("p_text"))
    await writer.run("p", lambda tx: tx.execute("CREATE VIRTUAL TABLE p_text USING fts5(body)").fetchall())
    await writer.run("p", lambda tx: tx.execute("INSERT INTO p_text VALUES ('hello world')").fetchall())
    rows = await readers.query("SELECT body FROM p_text WHERE p_text MATCH 'world'")
    assert [row[0] for row in rows] == ["hello world"]
    with pytest.raises(NotAllowed):
        await writer.run("q", lambda tx: tx.execute("INSERT INTO p_text VALUES ('x')").fetchall())
