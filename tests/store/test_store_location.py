"""The configured path means the same file as in kanade-backend (`contract/host.md` 12)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kanade_host.plugin import OperatorError
from kanade_host.store.database import Database
from kanade_host.store.location import Location, parse_location


@pytest.mark.parametrize(
    ("value", "location"),
    [
        ("kanade.db", Location(Path("kanade.db"))),
        ("/var/lib/kanade/kanade.db", Location(Path("/var/lib/kanade/kanade.db"))),
        ("a%20b%3F%25.db", Location(Path("a b?%.db"))),
        ("100%.db", Location(Path("100%.db"))),
        ("%C3%A9.db", Location(Path("é.db"))),
        ("a+b.db", Location(Path("a+b.db"))),
        ("a.db?mode=rwc&cache=shared", Location(Path("a.db"))),
        ("a.db?mode=rw", Location(Path("a.db"), create=False)),
        ("a.db?", Location(Path("a.db"))),
        ("a.db?immutable=false&vfs=unix", Location(Path("a.db"), vfs="unix")),
        (":memory:", Location(Path(":memory:"), temporary=True)),
        ("a.db?mode=memory", Location(Path(":memory:"), temporary=True)),
    ],
)
def test_what_names_a_file(value: str, location: Location) -> None:
    assert parse_location(value) == location


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a.db?mode=ro", "has to write"),
        ("a.db?immutable=true", "has to write"),
        ("a.db?mode=fast", "'fast' is no value of mode"),
        ("a.db?cache=big", "'big' is no value of cache"),
        ("a.db?journal=wal", "'journal' is no option"),
        ("", "names no file"),
        ("%FF.db", "not UTF-8"),
        ("a%00.db", "names no file"),
    ],
)
def test_what_does_not(value: str, why: str) -> None:
    with pytest.raises(OperatorError, match=why) as caught:
        parse_location(value)
    assert "[db] sqlite_path" in str(caught.value)


def test_in_memory_is_a_file_that_goes() -> None:
    database = Database.open(":memory:")
    path = database.location.path
    assert path.exists()
    database.close()
    assert not path.parent.exists()


def test_a_missing_folder_is_made_and_a_missing_file_only_if_wished(tmp_path: Path) -> None:
    Database.open(str(tmp_path / "a" / "b" / "k.db")).close()
    assert (tmp_path / "a" / "b" / "k.db").exists()
    with pytest.raises(OperatorError, match="does not exist, and mode=rw"):
        Database.open(f"{tmp_path}/none.db?mode=rw")
    with pytest.raises(OperatorError, match="is no file"):
        Database.open(str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="cannot be made"):
        Database.open(str(tmp_path / "file" / "k.db"))
