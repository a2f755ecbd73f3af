"""The folders of an installation (host.md 6)."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from kanade_host.platform import paths


@pytest.mark.skipif(paths.WINDOWS, reason="the folders of other systems")
def test_elsewhere() -> None:
    found = [paths.config_dir(), paths.data_dir(), paths.log_dir()]
    assert [path.as_posix() for path in found] == ["/etc/kanade", "/var/lib/kanade", "/var/log/kanade"]


@pytest.mark.parametrize(
    ("environ", "base"), [({}, r"C:\ProgramData"), ({"ProgramData": r"D:\PD"}, r"D:\PD")]
)
def test_windows(environ: dict[str, str], base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "WINDOWS", True)
    assert PureWindowsPath(str(paths.data_dir(environ))) == PureWindowsPath(base, "Kanade", "data")


@pytest.mark.skipif(paths.WINDOWS, reason="the folders of other systems")
def test_a_persons_own_folder() -> None:
    assert paths.user_data_dir("x", {"XDG_DATA_HOME": "/d"}) in (
        Path("/d/x"),
        Path.home() / "Library" / "Application Support" / "x",
    )
