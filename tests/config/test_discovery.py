"""Which file is the configuration (host.md 3.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kanade_host.config import ConfigError, discovery, find


def test_the_option_wins_even_when_the_file_does_not_exist() -> None:
    assert find("/nowhere/x.toml", {"KANADE_BACKEND_CONFIG": "y.toml"}) == Path("/nowhere/x.toml")


def test_the_variable_comes_second_and_is_taken_as_it_is() -> None:
    assert find(None, {"KANADE_BACKEND_CONFIG": "y.toml"}) == Path("y.toml")


@pytest.mark.parametrize("environ", [{}, {"KANADE_BACKEND_CONFIG": ""}])
def test_the_systems_place_counts_only_when_the_file_is_there(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "config_dir", lambda environ: tmp_path)
    with pytest.raises(ConfigError) as caught:
        find(None, environ)
    assert str(caught.value) == (
        "config not found — pass `--config <path>`, set `KANADE_BACKEND_CONFIG`, or place `backend.toml` at"
        f" `{tmp_path / 'backend.toml'}`"
    )
    (tmp_path / "backend.toml").touch()
    assert find(None, environ) == tmp_path / "backend.toml"
