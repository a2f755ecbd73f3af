"""`kanade-host plugin new` writes what it says, refuses what cannot be, and needs no network."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kanade_host.authoring.new import write_plugin
from kanade_host.cli import main
from kanade_host.plugin import OperatorError

ROOT = Path(__file__).resolve().parents[2]


def test_it_writes_every_part_and_leaves_no_placeholder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugin", "new", "disk-wear", "--into", str(tmp_path), "--title", "ディスク"]) == 0
    printed = capsys.readouterr().out
    folder = tmp_path / "kanade-disk-wear"
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for part in (
        "kanade-plugin.toml",
        "plugin.py",
        "messages.py",
        "projector.py",
        "routes.py",
        "settings.py",
    ):
        assert f"kanade_disk_wear/{part}" in files
    for file in ("kanade_disk_wear/migrations/sqlite/0001_values.sql", "kanade_disk_wear/web/values.js"):
        assert file in files
    for file in ("tests/test_disk_wear.py", "tests/messages.jsonl", ".github/workflows/ci.yml", ".gitignore"):
        assert file in files
    assert all(f"  {name}\n" in printed for name in files)
    for name, path in files.items():
        text = path.read_text("utf-8")
        assert not re.search(r"\{\{(?! matrix\.python \}\})|\{%", text), name
    static = tomllib.loads(files["kanade_disk_wear/kanade-plugin.toml"].read_text("utf-8"))
    assert static == {"name": "disk-wear", "title": "ディスク", "api": "1"}


@pytest.mark.parametrize(
    "name,title,reason",
    [
        ("Battery", None, "cannot be a plugin's name"),
        ("9lives", None, "cannot be a plugin's name"),
        ("host", None, "cannot be a plugin's name"),
        ("../x", None, "cannot be a plugin's name"),
        ("heartbeat", None, "is taken by kanade-host-heartbeat"),
        ("well", 'a "quoted" one', "a title is one line"),
        ("well", "two\nlines", "a title is one line"),
        ("well", "{{ 7 * 7 }}", "a title is one line"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    tmp_path: Path, name: str, title: str | None, reason: str
) -> None:
    with pytest.raises(OperatorError, match=reason):
        write_plugin(name, tmp_path, title)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kanade-well").mkdir()
    with pytest.raises(OperatorError, match="is there already"):
        write_plugin("well", tmp_path)
    assert list((tmp_path / "kanade-well").iterdir()) == []


def test_without_copier_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OperatorError, match=r'pip install "kanade-host\[author\]"'):
        write_plugin("well", tmp_path)


def test_the_wheel_of_the_host_carries_the_template(tmp_path: Path) -> None:
    words = [
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        str(tmp_path),
    ]
    subprocess.run([sys.executable, *words, str(ROOT)], check=True, stdin=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True, check=True
    ).stdout
    template = ROOT / "kanade_host" / "authoring" / "template"
    names = [path.relative_to(ROOT).as_posix() for path in template.rglob("*") if path.is_file()]
    assert len(names) > 14
    assert [name for name in names if f"{name} " not in listed] == []
