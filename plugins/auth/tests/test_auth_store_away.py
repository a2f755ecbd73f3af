"""What clients are told while the database cannot be asked: never 401, which would log them out."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from kanade_host.plugin import StoreUnavailable
from kanade_host.plugin.testing.host import Host
from kanade_host.store.readers import Readers
from kanade_host.store.writer import Writer

STATIC = "static-service-token"
ADMIN = {"username": "admin", "password": "adminadmin"}
pytestmark = pytest.mark.kanade(
    plugins=["auth"],
    environment={"KANADE_AUTH_STATIC_TOKEN": STATIC, "KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin"},
)


async def away(*_: Any, **__: Any) -> NoReturn:
    raise StoreUnavailable("the disk is away")


async def test_reading_fails(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (await host.post("/api/auth/login", json=ADMIN, role=None)).json()["token"]
    await host.restart()
    change = {"old_password": "adminadmin", "new_password": "better-password"}
    with monkeypatch.context() as broken:
        broken.setattr(Readers, "query", away)
        answers = [
            await host.get("/api/auth/me", token=token),
            await host.post("/api/auth/login", json=ADMIN, role=None),
            await host.get("/api/accounts", token=STATIC),
            await host.patch("/api/accounts/admin", json={}, token=STATIC),
            await host.post("/api/auth/change-password", json=change, token=STATIC),
        ]
    assert [(one.status, one.text) for one in answers] == [
        (503, "auth backend unavailable"),
        (500, "auth backend unavailable"),
        (500, "database error"),
        (500, "database error"),
        (500, "database error"),
    ]
    assert (await host.get("/api/auth/me", token=token)).status == 200


async def test_writing_fails(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever could make room on the disk still gets in."""
    new = {"username": "vera", "password": "viewer-password", "role": "viewer"}
    with monkeypatch.context() as broken:
        broken.setattr(Writer, "run", away)
        token = (await host.post("/api/auth/login", json=ADMIN, role=None)).json()["token"]
        assert (await host.get("/api/auth/me", token=token)).status == 200
        refused = await host.post("/api/accounts", json=new, token=token)
        assert (refused.status, refused.text) == (500, "database error")
        assert (await host.delete("/api/accounts/admin", token=STATIC)).status == 500
    assert (await host.post("/api/accounts", json=new, token=token)).status == 201
