"""How sessions end, and that nothing else ends them."""

from __future__ import annotations

import jwt
import pytest

from kanade_host.plugin.testing.host import Host

SECRET = "a secret of at least thirty-two bytes"
STATIC = "static-service-token"
pytestmark = pytest.mark.kanade(
    plugins=["auth"],
    environment={
        "KANADE_AUTH_STATIC_TOKEN": STATIC,
        "KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin",
        "KANADE_JWT_SECRET": SECRET,
    },
)
ADMIN = {"username": "admin", "password": "adminadmin"}


async def log_in(host: Host, password: str = "adminadmin", username: str = "admin") -> str:
    body = {"username": username, "password": password}
    return str((await host.post("/api/auth/login", json=body, role=None)).json()["token"])


async def verdict(host: Host, token: str) -> str:
    answer = await host.get("/api/auth/me", token=token)
    if answer.status == 200:
        return "ok"
    assert answer.status == 401
    assert "content-type" not in answer.headers
    return answer.text


ENDED = "invalid token: Revoked"


async def test_an_own_change_ends_all_sessions_but_the_one_that_made_it(host: Host) -> None:
    mine, other = await log_in(host), await log_in(host)
    body = {"old_password": "adminadmin", "new_password": "better-password"}
    assert (await host.post("/api/auth/change-password", json=body, token=mine)).status == 204
    assert (await verdict(host, mine), await verdict(host, other)) == ("ok", ENDED)
    assert (await host.get("/api/auth/me", token=mine)).json()["must_change_pw"] is False
    newer = await log_in(host, "better-password")
    assert await verdict(host, newer) == "ok"
    body = {"old_password": "better-password", "new_password": "best-password"}
    await host.post("/api/auth/change-password", json=body, token=newer)
    assert (await verdict(host, mine), await verdict(host, newer)) == (ENDED, "ok")


async def test_a_wrong_old_password_is_400_so_that_the_session_goes_on(host: Host) -> None:
    token = await log_in(host)
    body = {"old_password": "typo", "new_password": "better-password"}
    answer = await host.post("/api/auth/change-password", json=body, token=token)
    assert (answer.status, answer.text) == (400, "old password incorrect")
    assert await verdict(host, token) == "ok"


async def test_an_admin_s_reset_ends_every_session(host: Host) -> None:
    token = await log_in(host)
    answer = await host.patch("/api/accounts/admin", json={"password": "reset-password"}, token=token)
    assert answer.status == 204
    assert await verdict(host, token) == ENDED
    fresh = await log_in(host, "reset-password")
    assert (await host.get("/api/auth/me", token=fresh)).json()["must_change_pw"] is True


async def test_tokens_of_upstream_end_with_a_reset_too(host: Host) -> None:
    now = host.clock.now().ns // 10**9
    claims = {"sub": "admin", "exp": now + 12 * 3600, "aud": "kanade", "roles": ["viewer"]}
    token = jwt.encode(claims, SECRET, "HS256")
    assert (await host.get("/api/auth/me", token=token)).json()["role"] == "admin"
    await host.patch("/api/accounts/admin", json={"password": "reset-password"}, token=STATIC)
    assert await verdict(host, token) == ENDED


async def test_log_out_ends_one_session_also_after_a_restart(host: Host) -> None:
    mine, other = await log_in(host), await log_in(host)
    assert (await host.post("/api/auth/revoke", token=mine)).status == 204
    assert (await verdict(host, mine), await verdict(host, other)) == (ENDED, "ok")
    await host.restart()
    assert (await verdict(host, mine), await verdict(host, other)) == (ENDED, "ok")


async def test_an_admin_ends_the_sessions_of_an_account(host: Host) -> None:
    first, second = await log_in(host), await log_in(host)
    token_id = jwt.decode(first, options={"verify_signature": False})["jti"]
    assert (await host.post(f"/api/accounts/admin/revoke?token_id={token_id}", token=STATIC)).status == 204
    assert (await verdict(host, first), await verdict(host, second)) == (ENDED, "ok")
    assert (await host.post("/api/accounts/admin/revoke", token=STATIC)).status == 204
    assert await verdict(host, second) == ENDED
    assert await verdict(host, await log_in(host)) == "ok"


async def test_role_disable_and_delete_act_on_the_next_request(host: Host) -> None:
    body = {"username": "vera", "password": "viewer-password", "role": "operator"}
    await host.post("/api/accounts", json=body, token=STATIC)
    token = await log_in(host, "viewer-password", "vera")
    for change, expected in (
        ({"role": "viewer"}, "ok"),
        ({"disabled": True}, "account disabled"),
        ({"disabled": False}, "ok"),
    ):
        await host.patch("/api/accounts/vera", json=change, token=STATIC)
        assert await verdict(host, token) == expected
    assert (await host.get("/api/auth/me", token=token)).json()["role"] == "viewer"
    await host.delete("/api/accounts/vera", token=STATIC)
    assert await verdict(host, token) == "unknown account"
    await host.post("/api/accounts", json=body, token=STATIC)
    assert await verdict(host, token) == ENDED, "who gets the name later does not get the sessions"


async def test_a_clock_set_back_locks_nobody_out(host: Host) -> None:
    before = await log_in(host)
    await host.patch("/api/accounts/admin", json={"password": "reset-password"}, token=STATIC)
    host.clock.advance(-86_400)
    assert await verdict(host, before) == ENDED
    fresh = await log_in(host, "reset-password")
    assert await verdict(host, fresh) == "ok"
    await host.patch("/api/accounts/admin", json={"password": "second-reset"}, token=STATIC)
    assert await verdict(host, fresh) == ENDED
    assert await verdict(host, await log_in(host, "second-reset")) == "ok"


async def test_a_token_ends_by_itself_after_twelve_hours_and_a_minute(host: Host) -> None:
    token = await log_in(host)
    host.clock.advance(12 * 3600 + 59)
    assert await verdict(host, token) == "ok"
    host.clock.advance(3)
    assert await verdict(host, token) == "invalid token: ExpiredSignature"


async def test_what_is_no_token_is_refused(host: Host) -> None:
    for header, expected in (
        (None, "missing bearer token"),
        ("bearer x", "missing bearer token"),
        ("Basic eDp5", "missing bearer token"),
        ("Bearer ", "missing bearer token"),
        ("Bearer not-a-token", "invalid token: InvalidToken"),
        (f"Bearer {STATIC}x", "invalid token: InvalidToken"),
    ):
        headers = {} if header is None else {"Authorization": header}
        answer = await host.get("/api/auth/me", role=None, headers=headers)
        assert (header, answer.status, answer.text) == (header, 401, expected)
        assert "www-authenticate" not in answer.headers
