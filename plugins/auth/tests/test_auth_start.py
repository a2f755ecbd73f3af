"""Secrets, the first administrator and the switch that turns authentication off."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kanade_host.plugin.testing.host import Host

STATIC = "static-service-token"


def files(host: Host, name: str) -> list[Path]:
    return sorted(host.folder.rglob(name))


async def status(host: Host, password: str, username: str = "admin") -> int:
    body = {"username": username, "password": password}
    return (await host.post("/api/auth/login", json=body, role=None)).status


@pytest.mark.kanade(plugins=["auth"])
async def test_without_a_configured_password_the_first_one_is_in_a_private_file(host: Host) -> None:
    [path] = files(host, "initial-admin-password")
    password = path.read_text().strip()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    body = {"username": "admin", "password": password}
    answer = (await host.post("/api/auth/login", json=body, role=None)).json()
    assert (answer["role"], answer["must_change_pw"]) == ("admin", True)
    await host.restart()
    assert path.read_text().strip() == password
    change = {"old_password": password, "new_password": "my own password"}
    assert (await host.post("/api/auth/change-password", json=change, token=answer["token"])).status == 204
    assert not path.exists()
    await host.restart()
    assert files(host, "initial-admin-password") == []


@pytest.mark.kanade(plugins=["auth"])
async def test_a_generated_secret_is_private_and_stays(host: Host) -> None:
    [path] = files(host, "jwt-secret")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text()
    assert len(secret) > 60
    password = files(host, "initial-admin-password")[0].read_text().strip()
    body = {"username": "admin", "password": password}
    token = (await host.post("/api/auth/login", json=body, role=None)).json()["token"]
    await host.restart()
    assert path.read_text() == secret
    assert (await host.get("/api/auth/me", token=token)).status == 200


@pytest.mark.kanade(
    plugins=["auth"],
    environment={"KANADE_BOOTSTRAP_ADMIN_PASSWORD": "short", "KANADE_BOOTSTRAP_ADMIN_USER": " Root "},
)
async def test_a_configured_first_administrator_is_taken_as_it_is(host: Host) -> None:
    assert await status(host, "short", " Root ") == 200
    [row] = await host.rows("SELECT username, role, disabled, must_change_pw FROM users")
    assert tuple(row) == (" Root ", "admin", 0, 1)
    assert files(host, "initial-admin-password") == []


@pytest.mark.kanade(
    plugins=["auth"],
    settings={"auth": {"generate_admin": False}},
    environment={"KANADE_AUTH_STATIC_TOKEN": STATIC},
)
async def test_no_account_at_all_when_the_operator_wants_none(host: Host) -> None:
    assert await host.rows("SELECT 1 FROM users") == []
    assert (await host.get("/api/accounts", token=STATIC)).json() == []


@pytest.mark.kanade(plugins=["auth"], environment={"KANADE_AUTH_DISABLE": "1"})
async def test_switched_off_everybody_is_an_administrator(host: Host) -> None:
    me = {"username": "auth-disabled", "role": "admin", "must_change_pw": False}
    assert (await host.get("/api/auth/me", role=None)).json() == me
    assert (await host.get("/api/auth/me", token="nonsense")).json() == me


@pytest.mark.parametrize("value", ["", "0", "false", "No", " OFF "])
@pytest.mark.kanade(plugins=["auth"], start=False)
async def test_who_meant_the_opposite_is_told(
    host: Host, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANADE_AUTH_DISABLE", value)
    with pytest.raises(Exception, match="failed in started: KANADE_AUTH_DISABLE is set to"):
        await host.start()
