"""Living with plugins: what one left behind, `--safe`, a change of a file, one that ended the last start."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import probes
import pytest

from kanade_host.store.database import Database
from kanade_host.store.scripts import PluginMigrations

Installation = Any

SQL = """
CREATE TABLE gone_rows (id INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE gone_words USING fts5(word);
"""


def leave_behind(installation: Installation, plugin: str = "gone", sql: str = SQL) -> Path:
    """A database in which a plugin ran that nobody has any more; answers its folder of files."""
    folder = installation.folder / "migrations"
    folder.mkdir()
    (folder / "0001_rows.sql").write_text(sql)
    database = Database.open(str(installation.folder / "backend.db"))
    try:
        database.apply(PluginMigrations(plugin, folder, foreign=plugin == "gone"))
        database.seal()
    finally:
        database.close()
    with closing(sqlite3.connect(installation.folder / "backend.db")) as db, db:
        if plugin == "gone":
            db.execute("INSERT INTO gone_rows VALUES (1), (2)")
        db.execute("INSERT INTO host_plugins VALUES (?, 'kanade-gone', '1.2', 'then', 'then')", [plugin])
        db.execute("INSERT INTO host_plugins VALUES ('gone2', 'kanade-gone2', '1', 'then', 'then')")
        db.execute(
            "INSERT INTO host_positions VALUES (?, ?, 'OBS_EVENTS', 'x', 7, 0, 1)", [f"{plugin}.a", plugin]
        )
    files = installation.folder / "plugins" / plugin
    files.mkdir(parents=True)
    (files / "note.txt").write_text("hello")
    return files


def rows(installation: Installation, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(installation.folder / "backend.db")) as db:
        return db.execute(sql).fetchall()


def test_what_is_uninstalled_is_listed(installation: Installation) -> None:
    leave_behind(installation)
    status, out, _ = installation.run("plugins")
    assert status == 0
    assert "not installed any more" in out
    assert "gone  kanade-gone 1.2" in out
    _, out, _ = installation.run("plugins", "--json")
    assert json.loads(out)["uninstalled"][0] == {
        "name": "gone",
        "distribution": "kanade-gone",
        "version": "1.2",
    }


def test_purge_shows_first_and_removes_when_told(installation: Installation) -> None:
    files = leave_behind(installation)
    status, out, _ = installation.run("plugin", "purge", "gone")
    assert status == 0
    assert "table gone_rows: 2 rows; it is dropped" in out
    assert "host_positions: 1 rows" in out
    assert "1 files, 5 bytes" in out
    assert "Nothing was removed. To remove it: kanade-host plugin purge gone --yes" in out
    assert rows(installation, "SELECT count(*) FROM gone_rows") == [(2,)]

    status, out, _ = installation.run("plugin", "purge", "gone", "--yes")
    assert status == 0
    assert out.endswith("\nRemoved.\n")
    assert rows(installation, "SELECT name FROM sqlite_master WHERE name LIKE 'gone%'") == []
    assert rows(installation, "SELECT count(*) FROM host_positions") == [(0,)]
    assert rows(installation, "SELECT name FROM host_plugins") == [("gone2",)]
    assert (
        rows(installation, "SELECT migration_id FROM _yoyo_migration WHERE migration_id LIKE 'gone%'") == []
    )
    ((subject, body),) = rows(installation, "SELECT subject, body FROM host_outbox")
    assert subject == "audit.operator.plugin_purge.gone"
    payload = json.loads(body)["payload"]
    assert (payload["files"], payload["tables"][:2]) == (1, ["gone_rows", "gone_words"])
    assert not files.exists()
    assert installation.run("plugin", "purge", "gone")[0] == 1


def test_tables_of_kanade_backend_are_emptied_and_stay(installation: Installation) -> None:
    leave_behind(
        installation, "old", "CREATE TABLE IF NOT EXISTS audit_log (id INTEGER PRIMARY KEY, actor TEXT);"
    )
    status, out, _ = installation.run("plugin", "purge", "old", "--yes")
    assert status == 0
    assert "it is emptied (kanade-backend has it too)" in out
    assert rows(installation, "SELECT count(*) FROM audit_log") == [(0,)]
    assert rows(installation, "SELECT name FROM host_tables WHERE plugin = 'old'") == [("audit_log",)]


@pytest.mark.parametrize(
    "name,reason", [("heartbeat", "is installed (kanade-host-heartbeat)"), ("nobody", "nothing of")]
)
def test_what_is_not_purged(installation: Installation, name: str, reason: str) -> None:
    leave_behind(installation)
    status, _, err = installation.run("plugin", "purge", name, "--yes")
    assert status == 1
    assert reason in err


def test_purge_waits_for_no_running_host(installation: Installation) -> None:
    leave_behind(installation)
    database = Database.open(str(installation.folder / "backend.db"))
    try:
        status, _, err = installation.run("plugin", "purge", "gone", "--yes")
    finally:
        database.close()
    assert status == 1
    assert "is in use by" in err
    assert rows(installation, "SELECT count(*) FROM gone_rows") == [(2,)]


@pytest.mark.skipif(sys.platform == "win32", reason="stops the host by a signal")
def test_safe_runs_essential_plugins_alone(installation: Installation) -> None:
    installation.write(extra="")
    host = installation.start("serve", "--safe", "--config", str(installation.config))
    installation.until(lambda: running(installation).get("auth") == "running")
    states = running(installation)
    assert {name for name, state in states.items() if state == "running"} == {"auth"}
    _, out, _ = installation.run("plugins", "obs")
    assert "because: the host was started with --safe: essential plugins alone" in out
    assert installation.stop(host)[0] == 0


def running(installation: Installation) -> dict[str, str]:
    _, out, _ = installation.run("plugins", "--json")
    return {row["name"]: row["state"] for row in json.loads(out)["plugins"]}


HELLO = """
from kanade_host.plugin import *

async def hello(request):
    return "%s"

@hookimpl
def kanade_routes():
    return [Route("GET", "/api/hello/you", hello, None, "Say hello")]
"""


def said(installation: Installation) -> str:
    try:
        with urllib.request.urlopen(f"{installation.url}/api/hello/you", timeout=30) as answer:
            return str(json.load(answer))
    except (OSError, ValueError):
        return ""


@pytest.mark.skipif(sys.platform == "win32", reason="stops the host by a signal")
def test_a_changed_file_is_served_anew_and_a_broken_one_waited_for(installation: Installation) -> None:
    file = installation.folder / "hello.py"
    file.write_text(HELLO % "one")
    host = installation.start("serve", "--config", str(installation.config), "--plugin", str(file))
    installation.until(lambda: said(installation) == "one")
    file.write_text(HELLO % "two, and longer")
    begun = time.monotonic()
    installation.until(lambda: said(installation) == "two, and longer")
    print(f"served anew after {time.monotonic() - begun:.2f} s")
    file.write_text("this is no Python")
    log = installation.folder / "logs"
    installation.until(lambda: any("no plugin; waiting" in path.read_text() for path in log.glob("*")))
    file.write_text(HELLO % "three")
    installation.until(lambda: said(installation) == "three")
    file.write_text("nor is this")
    installation.until(lambda: not said(installation))
    status, out = installation.stop(host)
    assert status == 0, out


def test_a_plugin_that_ends_the_start_is_left_out_of_the_next(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = probes.Probe("probe_deadly", "import os\nos._exit(9)\n")
    probe.install(installation.folder / "site")
    monkeypatch.setenv("PYTHONPATH", str(installation.folder / "site"))
    installation.write(extra='only = ["probe_deadly"]')
    (installation.folder / "backend.db").touch(mode=0o600)
    host = installation.start(wait=False)
    host.communicate(timeout=30)
    assert host.returncode == 9
    host = installation.start()
    assert installation.healthy()
    host.send_signal(signal.SIGTERM)
    out, _ = host.communicate(timeout=30)
    assert "it ended the last start: the process ended while it was imported" in out
    host = installation.start(wait=False)  # the note is done with: it is tried again
    host.communicate(timeout=30)
    assert host.returncode == 9
