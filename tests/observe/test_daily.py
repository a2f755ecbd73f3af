"""The daily file: its name, its rotation, what stays (host.md 7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kanade_host.observe.daily import DailyFile, LogPathError
from kanade_host.plugin.errors import OperatorError


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("logs/backend.log", "logs/backend.2026-11-23.log"),
        ("blog", "blog.2026-11-23.log"),
        ("a.b.txt", "a.b.2026-11-23.txt"),
        ("deep/er/x.log", "deep/er/x.2026-11-23.log"),
    ],
)
def test_name(path: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = DailyFile(path, 3)
    file.write("line", "2026-11-23")
    file.close()
    assert (tmp_path / name).read_text() == "line\n"
    assert not (tmp_path / path).exists()


def test_a_path_without_a_name() -> None:
    with pytest.raises(LogPathError, match=r"\[log\] path '/' has no parent dir"):
        DailyFile("/", 3)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="create log dir"):
        DailyFile(str(tmp_path / "file" / "backend.log"), 3)


def test_rotation_keeps_days_with_todays_and_touches_nothing_else(tmp_path: Path) -> None:
    others = ["backend.log", "backendX.2020-01-01.log", "backend.2020-13-01.log", "backend.2020-01-01.log.gz"]
    for name in [*others, "backend.2026-11-20.log", "backend.2026-11-21.log", "backend.2026-11-22.log"]:
        (tmp_path / name).write_text("old\n")
    file = DailyFile(str(tmp_path / "backend.log"), 3)
    file.write("today", "2026-11-23")
    file.write("tomorrow", "2026-11-24")
    file.write("the clock was set back", "2026-11-23")
    file.close()
    left = sorted(path.name for path in tmp_path.iterdir())
    dated = [f"backend.2026-11-{day}.log" for day in (22, 23, 24)]
    assert left == sorted([*others, *dated])
    assert (tmp_path / dated[2]).read_text() == "tomorrow\nthe clock was set back\n"


def test_a_restart_on_the_same_day_appends(tmp_path: Path) -> None:
    for _ in range(3):
        file = DailyFile(str(tmp_path / "backend.log"), 1)
        file.write("line", "2026-11-23")
        file.close()
    assert (tmp_path / "backend.2026-11-23.log").read_text() == "line\n" * 3
