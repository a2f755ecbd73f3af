"""Who is let in by the proxy's header, alone and beside others."""

from __future__ import annotations

from typing import Any

import pytest
from kanade_header_login.authenticator import HeaderLogin
from kanade_header_login.settings import HeaderLoginSettings

from kanade_host.plugin import Credentials, NotMine, Principal, Refusal, Role, Verdict

HERE = {"header_login": {"addresses": ["127.0.0.0/8", "::1"]}}
ELSEWHERE = {"header_login": {"addresses": ["192.0.2.7"]}}
ME = "/api/header_login/me"
ALICE = {"x-remote-user": "alice", "x-remote-role": "operator"}

pytestmark = pytest.mark.kanade(plugins=["header_login"], settings=HERE)


async def me(host: Any, headers: dict[str, str], role: str | None = None) -> tuple[int, Any]:
    answer = await host.get(ME, headers=headers, role=role)
    return answer.status, answer.json() if answer.status == 200 else answer.text


async def test_the_header_logs_in(host: Any) -> None:
    assert await me(host, ALICE) == (200, {"subject": "alice", "role": "operator"})
    assert await me(host, {"x-remote-user": "bob"}) == (200, {"subject": "bob", "role": "viewer"})
    assert (await me(host, {}))[0] == 401


@pytest.mark.kanade(settings=ELSEWHERE)
async def test_from_another_address_it_is_refused(host: Any) -> None:
    assert await me(host, ALICE) == (401, "x-remote-user is not taken from 127.0.0.1")
    assert await me(host, {}, role="viewer") == (200, {"subject": "kit-viewer", "role": "viewer"})


@pytest.mark.kanade(authenticators=["kit", "header_login"])
async def test_asked_second_it_decides_what_the_first_does_not(host: Any) -> None:
    assert await me(host, ALICE, role="admin") == (200, {"subject": "kit-admin", "role": "admin"})
    assert await me(host, ALICE) == (200, {"subject": "alice", "role": "operator"})


@pytest.mark.kanade(authenticators=["header_login", "kit"])
async def test_asked_first_it_decides_before_the_other(host: Any) -> None:
    assert await me(host, ALICE, role="admin") == (200, {"subject": "alice", "role": "operator"})
    assert await me(host, {}, role="admin") == (200, {"subject": "kit-admin", "role": "admin"})


CASES: list[tuple[str, dict[str, str], str, Verdict]] = [
    ("10.0.0.5", {}, "GET", NotMine()),
    ("10.9.9.9", {}, "GET", NotMine()),
    ("10.0.0.5", {"x-remote-user": "a"}, "GET", Principal("a", Role.VIEWER)),
    ("10.0.0.5", {"x-remote-user": " a "}, "GET", Principal("a", Role.VIEWER)),
    ("::ffff:10.0.0.5", {"x-remote-user": "a"}, "GET", Principal("a", Role.VIEWER)),
    ("fd00::9", {"x-remote-user": "a", "x-remote-role": "admin"}, "GET", Principal("a", Role.ADMIN)),
    ("10.0.0.6", {"x-remote-user": "a"}, "GET", Refusal("x-remote-user is not taken from 10.0.0.6")),
    ("", {"x-remote-user": "a"}, "GET", Refusal("x-remote-user is not taken from ")),
    ("10.0.0.5", {"x-remote-user": " "}, "GET", Refusal("x-remote-user holds no name")),
    ("10.0.0.5", {"x-remote-user": "a" * 257}, "GET", Refusal("x-remote-user holds no name")),
    (
        "10.0.0.5",
        {"x-remote-user": "a", "x-remote-role": "root"},
        "GET",
        Refusal("x-remote-role must be viewer, operator or admin", 403),
    ),
    (
        "10.0.0.5",
        {"x-remote-user": "a", "sec-fetch-site": "cross-site"},
        "POST",
        Refusal("requests of other sites change nothing here", 403),
    ),
    (
        "10.0.0.5",
        {"x-remote-user": "a", "sec-fetch-site": "same-origin"},
        "POST",
        Principal("a", Role.VIEWER),
    ),
]


@pytest.mark.parametrize("remote,headers,method,verdict", CASES)
async def test_verdicts(remote: str, headers: dict[str, str], method: str, verdict: Verdict) -> None:
    one = HeaderLogin(HeaderLoginSettings(addresses=("10.0.0.5", "fd00::/64")))
    assert await one.authenticate(Credentials(None, headers, remote, method, ME)) == verdict


async def test_the_role_header_can_be_switched_off() -> None:
    one = HeaderLogin(HeaderLoginSettings(addresses=("::1",), role_header="", role="operator"))
    shown = Credentials(None, {"x-remote-user": "a", "x-remote-role": "admin"}, "::1", "GET", ME)
    assert await one.authenticate(shown) == Principal("a", Role.OPERATOR)


@pytest.mark.kanade(settings={"header_login": {"addresses": ["the proxy"]}})
async def test_an_address_that_is_none_is_said_at_the_start(host: Any) -> None:
    row = (await host.plugin_states())["header_login"]
    assert row["state"] == "failed"
    assert "'the proxy' does not appear to be an IPv4 or IPv6 network" in row["reason"]
