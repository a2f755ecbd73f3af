"""How the program is called, and how it fails (host.md 2, 3.1)."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from kanade_host import __version__
from kanade_host.cli import main
from kanade_host.cli.failing import chain
from kanade_host.cli.root import COMMANDS, root


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([option]) == 0
    assert capsys.readouterr().out == f"kanade-host {__version__} (speaks kanade-backend 0.43.25)\n"


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command_and_the_first_steps(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([option]) == 0
    out = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in out
    assert "kanade-host demo" in out


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command of ours, by its words."""
    context = click.Context(group)
    found = []
    for name in COMMANDS if group is root else group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("words", commands(root), ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: {' '.join(['root', *words])}") or f" {' '.join(words)} " in out
    assert len(out.splitlines()) > 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bogus"], "No such option"),
        (["bogus"], "No such command"),
        (["projections"], "Did you mean 'projection'?"),
        (["serve", "extra"], "unexpected extra argument"),
        (["demo", "--agents", "-1"], "--agents"),
        (["dead-letters", "show", "x"], "is not a valid integer"),
    ],
)
def test_bad_usage_is_status_2(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_called_as_kanade_backend_it_serves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "missing.toml"
    assert main(["--config", str(path)]) == 1
    assert capsys.readouterr().err == (
        f'Error: load config from "{path}"\n\nCaused by:\n    0: teravars load_merged: "{path}"\n'
        f"    1: {path}: No such file or directory (os error 2)\n"
    )


def test_no_configuration_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("kanade_host.config.discovery.config_dir", lambda environ: tmp_path)
    assert main([]) == 1
    err = capsys.readouterr().err
    assert err.startswith("Error: config not found — pass `--config <path>`, set `KANADE_BACKEND_CONFIG`, or")
    assert "kanade-host demo" in err


@pytest.mark.parametrize(
    ("causes", "below"),
    [
        ([], ""),
        (["one"], "\n\nCaused by:\n    one"),
        (["one", "two\nin `x`"], "\n\nCaused by:\n    0: one\n    1: two\n       in `x`"),
    ],
)
def test_chain(causes: list[str], below: str) -> None:
    assert chain("outermost", causes) == "Error: outermost" + below
