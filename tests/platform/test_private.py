"""Private files: right from the first moment, whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from kanade_host.platform.private import create_private, private_folder, write_private
from kanade_host.platform.secrets import kept_secret, known_values, read_secret, where_from

posix = pytest.mark.skipif(os.name != "posix", reason="Windows inherits the rights of the folder")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@posix
def test_modes(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "a" / "b")
    create_private(folder / "new", b"1")
    write_private(folder / "new", b"2")
    write_private(folder / "other", b"3", sync=False)
    assert (mode(folder), mode(folder / "new"), mode(folder / "other")) == (0o700, 0o600, 0o600)
    assert (folder / "new").read_bytes() == b"2"


@posix
def test_an_existing_folder_becomes_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert mode(private_folder(tmp_path)) == 0o700


def test_create_never_replaces(tmp_path: Path) -> None:
    create_private(tmp_path / "x", b"1")
    with pytest.raises(FileExistsError):
        create_private(tmp_path / "x", b"2")
    assert (tmp_path / "x").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


class TestSecrets:
    def test_a_kept_secret_stays_the_same_and_is_known(self, tmp_path: Path) -> None:
        first = kept_secret(tmp_path / "token")
        assert kept_secret(tmp_path / "token") == first
        assert len(first) >= 32
        assert first in known_values()

    def test_two_that_come_at_once_get_the_same_one(self, tmp_path: Path) -> None:
        found: list[str] = []
        threads = [
            threading.Thread(target=lambda: found.append(kept_secret(tmp_path / "t"))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(found)) == 1

    @pytest.mark.parametrize(
        ("environ", "value"), [({}, None), ({"S": ""}, None), ({"S": " two words "}, " two words ")]
    )
    def test_environment(self, environ: dict[str, str], value: str | None) -> None:
        assert read_secret("it", "S", (r"SOFTWARE\x", "Y"), environ) == value
        assert where_from("S", None, environ) == ("S" if value else None)
