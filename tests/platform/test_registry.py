"""Secrets from the Windows registry come first; a stand-in for `winreg`, which is only there."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from kanade_host.platform.secrets import read_secret, where_from

KEY = (r"SOFTWARE\kanade\backend", "JwtSecret")


class Opened:
    def __init__(self, values: dict[str, tuple[Any, int]]) -> None:
        self.values = values

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


def registry(values: dict[str, tuple[Any, int]] | None) -> SimpleNamespace:
    def open_key(root: str, key: str) -> Opened:
        if values is None or (root, key) != ("HKLM", KEY[0]):
            raise FileNotFoundError(key)
        return Opened(values)

    def query(opened: Opened, name: str) -> tuple[Any, int]:
        if name not in opened.values:
            raise FileNotFoundError(name)
        return opened.values[name]

    return SimpleNamespace(HKEY_LOCAL_MACHINE="HKLM", REG_SZ=1, OpenKey=open_key, QueryValueEx=query)


@pytest.mark.parametrize(
    ("values", "secret", "where"),
    [
        (
            {"JwtSecret": ("from the registry", 1)},
            "from the registry",
            r"registry HKLM\SOFTWARE\kanade\backend JwtSecret",
        ),
        ({"JwtSecret": ("", 1)}, "from the environment", "S"),
        ({"JwtSecret": (5, 4)}, "from the environment", "S"),
        ({}, "from the environment", "S"),
        (None, "from the environment", "S"),
    ],
)
def test_order(
    values: dict[str, tuple[Any, int]] | None, secret: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "winreg", registry(values))  # type: ignore[arg-type]
    monkeypatch.setattr("kanade_host.platform.secrets.sys", SimpleNamespace(platform="win32"))
    environ = {"S": "from the environment"}
    assert read_secret("it", "S", KEY, environ) == secret
    assert where_from("S", KEY, environ) == where
