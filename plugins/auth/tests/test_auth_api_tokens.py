"""API tokens: what they open, what ends them, and that their secrets are nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin.testing.host import Host

pytestmark = pytest.mark.kanade(
    plugins=["auth", "audit"],
    environment={
        "KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin",
        "KANADE_JWT_SECRET": "a secret of at least thirty-two bytes",
    },
)
UNKNOWN = "invalid token: unknown, or taken back"


async def log_in(host: Host, username: str = "admin", password: str = "adminadmin") -> str:
    body = {"username": username, "password": password}
    return str((await host.post("/api/auth/login", json=body, role=None)).json()["token"])


async def account(host: Host, username: str, role: str) -> str:
    """A new account; its log-in."""
    body = {"username": username, "password": "password-1", "role": role}
    assert (await host.post("/api/accounts", json=body)).status == 201
    return await log_in(host, username, "password-1")


async def made(host: Host, login: str, name: str = "backup", **more: Any) -> dict[str, Any]:
    answer = await host.post("/api/auth/tokens", json={"name": name, **more}, token=login)
    assert answer.status == 201, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def verdict(host: Host, token: str) -> str:
    answer = await host.get("/api/auth/me", token=token)
    return str(answer.json()["role"]) if answer.status == 200 else answer.text


async def test_a_token_opens_what_its_role_may(host: Host) -> None:
    login = await log_in(host)
    token = (await made(host, login, role="viewer"))["token"]
    assert await verdict(host, token) == "viewer"
    assert (await host.get("/api/audit", token=token)).status == 200
    assert (await host.get("/api/accounts", token=token)).status == 403


async def test_without_a_role_it_is_its_maker_s(host: Host) -> None:
    login = await account(host, "olga", "operator")
    assert await verdict(host, (await made(host, login))["token"]) == "operator"


async def test_it_never_may_more_than_its_owner(host: Host) -> None:
    login = await account(host, "olga", "operator")
    refused = await host.post("/api/auth/tokens", json={"name": "x", "role": "admin"}, token=login)
    assert (refused.status, refused.text) == (400, "role must not be above your own (operator)")
    token = (await made(host, login))["token"]
    await host.patch("/api/accounts/olga", json={"role": "viewer"})
    assert await verdict(host, token) == "viewer"
    await host.patch("/api/accounts/olga", json={"disabled": True})
    assert await verdict(host, token) == "account disabled"
    await host.patch("/api/accounts/olga", json={"disabled": False})
    assert await verdict(host, token) == "viewer"


@pytest.mark.parametrize(
    "ends",
    [
        ("DELETE", "/api/accounts/olga", None),
        ("PATCH", "/api/accounts/olga", {"password": "password-2"}),
        ("POST", "/api/accounts/olga/revoke", None),
    ],
    ids=["deletion", "a reset of the password", "the end of all sessions"],
)
async def test_what_ends_all_sessions_ends_the_tokens_too(host: Host, ends: tuple[str, str, Any]) -> None:
    token = (await made(host, await account(host, "olga", "operator")))["token"]
    method, path, body = ends
    assert (await host.request(method, path, json=body)).status == 204
    assert await verdict(host, token) == UNKNOWN
    if method == "DELETE":  # whoever gets the name later does not get the token
        await account(host, "olga", "admin")
        assert await verdict(host, token) == UNKNOWN


async def test_an_own_change_of_the_password_ends_them_too(host: Host) -> None:
    login = await account(host, "olga", "operator")
    token = (await made(host, login))["token"]
    body = {"old_password": "password-1", "new_password": "password-2"}
    assert (await host.post("/api/auth/change-password", json=body, token=login)).status == 204
    assert await verdict(host, token) == UNKNOWN


async def test_a_token_ends_when_its_time_is_over(host: Host) -> None:
    login = await log_in(host)
    token = (await made(host, login, expires_in_days=1))["token"]
    host.clock.advance(86_399)
    assert await verdict(host, token) == "admin"
    host.clock.advance(1)
    assert await verdict(host, token) == "invalid token: ExpiredSignature"


async def test_a_token_is_taken_back_by_its_owner_or_an_administrator_only(host: Host) -> None:
    olga, oscar = [await account(host, name, "operator") for name in ("olga", "oscar")]
    mine, other = [await made(host, olga, name) for name in ("mine", "other")]
    path = f"/api/auth/tokens/{mine['row']['token_id']}"
    assert (await host.delete(path, token=oscar)).status == 404
    assert await verdict(host, mine["token"]) == "operator"
    assert (await host.delete(path, token=olga)).status == 204
    assert await verdict(host, mine["token"]) == UNKNOWN
    path = f"/api/tokens/{other['row']['token_id']}"
    assert (await host.delete(path, token=oscar)).status == 403
    assert (await host.delete(path)).status == 204
    assert await verdict(host, other["token"]) == UNKNOWN
    assert (await host.delete(path)).status == 404


async def test_a_token_makes_no_tokens(host: Host) -> None:
    token = (await made(host, await log_in(host)))["token"]
    answer = await host.post("/api/auth/tokens", json={"name": "next"}, token=token)
    assert (answer.status, answer.text) == (403, "an API token makes no API tokens: log in with a password")


async def test_who_is_no_account_has_no_tokens(host: Host) -> None:
    answer = await host.post("/api/auth/tokens", json={"name": "x"})  # the kit's own principal
    assert (answer.status, answer.text.partition(",")[0]) == (400, "only an account can have API tokens")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"name": "  "}, "name required"),
        ({"name": "x" * 101}, "name must be printable, 100 characters at most"),
        ({"name": "a\nb"}, "name must be printable, 100 characters at most"),
        ({"name": "x", "role": "root"}, "role must be viewer/operator/admin"),
        ({"name": "x", "expires_in_days": 0}, "expires_in_days must be a number from 1 to 366"),
        ({"name": "x", "expires_in_days": 367}, "expires_in_days must be a number from 1 to 366"),
        ({"name": "x", "expires_in_days": None}, "expires_in_days must be a number from 1 to 366"),
    ],
)
async def test_bad_wishes_are_refused(host: Host, body: dict[str, Any], text: str) -> None:
    answer = await host.post("/api/auth/tokens", json=body, token=await log_in(host))
    assert (answer.status, answer.text) == (400, text)


@pytest.mark.kanade(settings={"auth": {"api_token_days": 0}})
async def test_a_setting_allows_tokens_without_an_end(host: Host) -> None:
    row = (await made(host, await log_in(host), expires_in_days=None))["row"]
    assert row["expires_at"] is None


async def test_a_name_is_taken_once_and_fifty_are_enough(host: Host) -> None:
    login = await log_in(host)
    for number in range(50):
        await made(host, login, f"t{number}")
    full = await host.post("/api/auth/tokens", json={"name": "one more"}, token=login)
    assert full.status == 409
    assert full.text == "50 API tokens are the most for one account: take some back"
    [first, *_] = (await host.get("/api/auth/tokens", token=login)).json()
    await host.delete(f"/api/auth/tokens/{first['token_id']}", token=login)
    taken = await host.post("/api/auth/tokens", json={"name": "t0"}, token=login)
    if first["name"] != "t0":
        assert (taken.status, taken.text) == (409, "you have an API token of that name already")


async def test_lists_show_the_last_use_and_no_secret(host: Host) -> None:
    login = await log_in(host)
    new = await made(host, login, role="viewer")
    secret = new["token"].split("_", 2)[2]
    assert new["token"] == f"kanade_{new['row']['token_id']}_{secret}"
    [row] = (await host.get("/api/auth/tokens", token=login)).json()
    assert (row["last_used_at"], row["last_used_from"]) == (None, None)
    await host.get("/api/audit", token=new["token"])
    for path in ("/api/auth/tokens", "/api/tokens"):
        answer = await host.get(path, token=login)
        [row] = answer.json()
        assert row["last_used_from"] == "127.0.0.1"
        assert row["last_used_at"] is not None
        assert secret not in answer.text


async def test_the_last_use_outlives_a_restart(host: Host) -> None:
    login = await log_in(host)
    token = (await made(host, login))["token"]
    await host.get("/api/audit", token=token)
    await host.restart()
    [row] = (await host.get("/api/auth/tokens", token=await log_in(host))).json()
    assert row["last_used_at"] is not None
    assert await verdict(host, token) == "admin"


async def test_the_secret_is_neither_in_the_file_nor_in_the_audit_trail(host: Host) -> None:
    token = (await made(host, await log_in(host)))["token"]
    secret = token.split("_", 2)[2]
    await host.settle()
    await host.stop()
    for file in host.folder.rglob("backend.db*"):
        assert secret.encode() not in file.read_bytes(), file.name
    await host.start()
    records = await host.get("/api/audit?action=api_token")
    assert secret not in records.text
    [record] = records.json()
    assert (record["action"], record["target"]) == ("api_token.create", "admin")


@pytest.mark.parametrize("wrong", ["secret", "id", "form"])
async def test_a_wrong_token_is_refused(host: Host, wrong: str) -> None:
    token = (await made(host, await log_in(host)))["token"]
    _, token_id, secret = token.split("_", 2)
    shown = {
        "secret": f"kanade_{token_id}_{secret[::-1]}",
        "id": f"kanade_{token_id[::-1]}_{secret}",
        "form": f"kanade_{token_id}",
    }[wrong]
    expected = "invalid token: InvalidToken" if wrong == "form" else UNKNOWN
    if shown != token:
        answer = await host.get("/api/auth/me", token=shown)
        assert (answer.status, answer.text) == (401, expected)
