"""The routes of contract/http-fleet.md 4: what they answer, store and record."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.plugin.testing.host import Host, decoded

pytestmark = pytest.mark.kanade(
    plugins=["auth"],
    environment={
        "KANADE_AUTH_STATIC_TOKEN": "static-service-token",
        "KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin",
        "KANADE_JWT_SECRET": "a secret of at least thirty-two bytes",
    },
)
VERA = {"username": "vera", "password": "viewer-password", "role": "viewer"}
STATIC = "static-service-token"


async def create(host: Host, **changes: Any) -> None:
    answer = await host.post("/api/accounts", json=VERA | changes, token=STATIC)
    assert (answer.status, answer.body) == (201, b"")


async def log_in(host: Host, username: str = "vera", password: str = "viewer-password") -> str:
    answer = await host.post("/api/auth/login", json={"username": username, "password": password}, role=None)
    assert answer.status == 200, answer.text
    return str(answer.json()["token"])


async def audits(host: Host) -> list[tuple[str, Any]]:
    await host.settle()
    return [
        (subject, {key: body[key] for key in ("actor", "target", "payload")})
        for subject, body in decoded(await host.stream_messages("AUDIT"))
        if subject.startswith("audit.admin.")
    ]


LOGIN, CHANGE, ACCOUNTS = "/api/auth/login", "/api/auth/change-password", "/api/accounts"
NOT_FOUND = "no such account"
ROLE = "role must be viewer/operator/admin"
SHORT, LONG = "password too short (min 8 chars)", "password too long (max 1024 bytes)"


REFUSED: list[tuple[str, str, Any, int, str | None]] = [
    ("POST", LOGIN, {"username": "vera", "password": "wrong"}, 401, "invalid credentials"),
    ("POST", LOGIN, {"username": "ghost", "password": "wrong"}, 401, "invalid credentials"),
    ("POST", LOGIN, {"username": " vera", "password": "viewer-password"}, 401, "invalid credentials"),
    ("POST", LOGIN, {"username": "VERA", "password": "viewer-password"}, 401, "invalid credentials"),
    ("POST", LOGIN, {"username": "vera", "password": "x" * 1025}, 401, "invalid credentials"),
    ("POST", LOGIN, {"username": "", "password": ""}, 401, "invalid credentials"),
    ("POST", LOGIN, {"username": "vera"}, 422, None),
    ("POST", LOGIN, {"username": "vera", "password": None}, 422, None),
    ("POST", LOGIN, {"username": 1, "password": "x"}, 422, None),
    ("POST", LOGIN, [], 422, None),
    ("POST", LOGIN, b"", 415, None),
    ("POST", CHANGE, {"old_password": "a", "new_password": "1234567"}, 400, f"new {SHORT}"),
    ("POST", CHANGE, {"old_password": "a", "new_password": "x" * 1025}, 400, LONG),
    ("POST", CHANGE, {"old_password": "a", "new_password": "12345678"}, 401, "unknown account"),
    ("POST", CHANGE, {"new_password": "12345678"}, 422, None),
    ("POST", ACCOUNTS, {**VERA, "username": " \t\u3000"}, 400, "username required"),
    ("POST", ACCOUNTS, {**VERA, "username": "", "password": "x", "role": "x"}, 400, "username required"),
    ("POST", ACCOUNTS, {**VERA, "password": "1234567", "role": "x"}, 400, SHORT),
    ("POST", ACCOUNTS, {**VERA, "password": "\U0001f600" * 7}, 400, SHORT),
    ("POST", ACCOUNTS, {**VERA, "password": "x" * 1025}, 400, LONG),
    ("POST", ACCOUNTS, {**VERA, "role": "Viewer"}, 400, ROLE),
    ("POST", ACCOUNTS, {**VERA, "role": ""}, 400, ROLE),
    ("POST", ACCOUNTS, VERA, 409, "username already exists"),
    ("POST", ACCOUNTS, {**VERA, "username": " vera "}, 409, "username already exists"),
    ("POST", ACCOUNTS, {"username": "x", "password": "12345678"}, 422, None),
    ("PATCH", "/api/accounts/vera", {"role": "emperor"}, 400, ROLE),
    ("PATCH", "/api/accounts/ghost", {"role": "emperor"}, 400, ROLE),
    ("PATCH", "/api/accounts/ghost", {"password": "short"}, 400, SHORT),
    ("PATCH", "/api/accounts/ghost", {"password": "x" * 1025}, 400, LONG),
    ("PATCH", "/api/accounts/ghost", {}, 404, NOT_FOUND),
    ("PATCH", "/api/accounts/vera", {"disabled": 1}, 422, None),
    ("PATCH", "/api/accounts/vera", {"role": 1}, 422, None),
    ("PATCH", "/api/accounts/admin", {"role": "operator"}, 409, "cannot demote the last enabled admin"),
    ("PATCH", "/api/accounts/admin", {"disabled": True}, 409, "cannot disable the last enabled admin"),
    ("DELETE", "/api/accounts/admin", None, 409, "cannot delete the last enabled admin"),
    ("DELETE", "/api/accounts/ghost", None, 404, NOT_FOUND),
    ("POST", "/api/accounts/ghost/revoke", None, 404, NOT_FOUND),
    ("POST", "/api/auth/revoke", None, 400, None),
]


async def test_what_is_wrong_is_refused_and_changes_nothing(host: Host) -> None:
    await create(host)
    before = [tuple(row) for row in await host.rows("SELECT * FROM users")]
    wrong = []
    for method, path, body, status, text in REFUSED:
        sent = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        answer = await host.request(method, path, token=STATIC, **sent)
        plain = answer.headers.get("content-type") == "text/plain; charset=utf-8"
        if answer.status != status or not plain or text not in (None, answer.text):
            wrong.append((method, path, str(body)[:80], answer.status, answer.text))
    assert wrong == []
    assert [tuple(row) for row in await host.rows("SELECT * FROM users")] == before


async def test_a_log_in_answers_what_the_command_line_needs(host: Host) -> None:
    answer = await host.post(LOGIN, json={"username": "admin", "password": "adminadmin"}, role=None)
    body = answer.json()
    assert list(body) == ["token", "role", "must_change_pw", "exp"]
    assert (body["role"], body["must_change_pw"]) == ("admin", True)
    assert body["exp"] == host.clock.now().ns // 10**9 + 12 * 3600
    me = await host.get("/api/auth/me", token=body["token"])
    assert me.json() == {"username": "admin", "role": "admin", "must_change_pw": True}
    assert (await host.get("/api/auth/me", token=STATIC)).json()["username"] == "service-token"


async def test_log_ins_are_audited_without_the_password(host: Host) -> None:
    await create(host)
    await log_in(host)
    await host.post(LOGIN, json={"username": "vera", "password": "a secret typo"}, role=None)
    found = [one for one in await audits(host) if "login" in one[0]]
    assert [subject for subject, _ in found] == ["audit.admin.login.vera", "audit.admin.login_failed.vera"]
    assert found[0][1]["target"] == "vera"
    assert found[0][1]["payload"]["role"] == "viewer"
    assert "typo" not in str(found)


async def test_accounts_are_listed_by_name_with_numbers_for_flags(host: Host) -> None:
    before = host.clock.now().sql
    await create(host)
    await create(host, username="Zoe/\u00e4 *", role="operator")
    listed = (await host.get(ACCOUNTS, token=STATIC)).json()
    assert [row["username"] for row in listed] == ["Zoe/\u00e4 *", "admin", "vera"]
    assert list(listed[2]) == [
        "username", "role", "disabled", "must_change_pw", "created_at", "updated_at",
    ]  # fmt: skip
    assert list(listed[1].values())[:4] == ["admin", "admin", 0, 1]
    assert before <= listed[2]["created_at"] <= host.clock.now().sql
    assert (await host.delete("/api/accounts/Zoe%2F%C3%A4%20*", token=STATIC)).status == 204


async def test_each_change_is_recorded_with_its_caller(host: Host) -> None:
    await create(host)
    headers = {"X-Kanade-Source": "spa"}
    change = {"role": "operator", "password": "new-password"}
    await host.patch("/api/accounts/vera", json=change, token=STATIC, headers=headers)
    await host.patch("/api/accounts/vera", json={}, token=STATIC)
    await host.delete("/api/accounts/vera", token=STATIC)
    by = {"sub": "service-token"}
    none = {"disabled": None, "password_reset": False, "role": None}
    assert await audits(host) == [
        ("audit.admin.account.create.vera", record({"role": "viewer"} | by)),
        (
            "audit.admin.account.update.vera",
            record({"disabled": None, "password_reset": True, "role": "operator", "source": "spa"} | by),
        ),
        ("audit.admin.account.update.vera", record(none | by)),
        ("audit.admin.account.delete.vera", record(by)),
    ]


def record(payload: dict[str, Any]) -> dict[str, Any]:
    return {"actor": "admin", "target": "vera", "payload": payload}


async def test_a_refused_part_undoes_the_whole_change(host: Host) -> None:
    """Upstream leaves the first part of such a change applied, and unaudited."""
    await create(host, username="second", role="admin")
    await host.patch("/api/accounts/second", json={"disabled": True}, token=STATIC)
    await host.patch("/api/accounts/admin", json={"disabled": True, "role": "admin"}, token=STATIC)
    change = {"role": "admin", "disabled": True, "password": "new-password"}
    before = len(await audits(host))
    answer = await host.patch("/api/accounts/admin", json=change, token=STATIC)
    assert (answer.status, answer.text) == (409, "cannot disable the last enabled admin")
    [row] = await host.rows("SELECT role, disabled, must_change_pw FROM users WHERE username = 'admin'")
    assert tuple(row) == ("admin", 0, 1)
    assert len(await audits(host)) == before
    await log_in(host, "admin", "adminadmin")


async def test_a_disabled_admin_is_not_the_last_one(host: Host) -> None:
    await create(host, username="second", role="admin")
    for body in ({"disabled": True}, {"role": "viewer"}):
        assert (await host.patch("/api/accounts/second", json=body, token=STATIC)).status == 204
    assert (await host.patch("/api/accounts/admin", json={"role": "admin"}, token=STATIC)).status == 204
    assert (await host.patch("/api/accounts/admin", json={"disabled": False}, token=STATIC)).status == 204


async def test_after_six_failures_in_a_row_the_address_has_to_wait(host: Host) -> None:
    await create(host)
    wrong = {"username": "vera", "password": "wrong"}
    answers = [await host.post(LOGIN, json=wrong, role=None) for _ in range(7)]
    assert [answer.status for answer in answers] == [401] * 6 + [429]
    assert int(answers[6].headers["retry-after"]) >= 1
    await log_in(host, "admin", "adminadmin")
