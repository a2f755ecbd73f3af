"""What one plugin does is found in another's trail: examples A5 and A6 of `contract/projections.md` 13.3."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.kanade(
    plugins=["auth", "audit"], environment={"KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin"}
)


async def create(host: Any, username: str) -> None:
    body = {"username": username, "password": "long-enough", "role": "viewer"}
    assert (await host.post("/api/accounts", json=body)).status == 201
    await host.settle()


async def trail(host: Any) -> list[dict[str, Any]]:
    return [row for row in (await host.get("/api/audit")).json() if row["action"] == "account.create"]


@pytest.mark.kanade(environment={"KANADE_AUTH_DISABLE": "1"})
async def test_a5_an_account_is_created_with_authentication_off(host: Any) -> None:
    body = {"username": "bob.x", "password": "long-enough", "role": "viewer"}
    assert (await host.post("/api/accounts", json=body, role=None)).status == 201
    await host.settle()
    subjects = [subject for subject, _ in await host.stream_messages("AUDIT")]
    assert "audit.admin.account.create.bob.x" in subjects
    [row] = await trail(host)
    assert (row["target"], row["payload"]) == ("bob.x", {"role": "viewer", "sub": "auth-disabled"})


async def test_a6_a_name_that_is_no_subject_is_in_the_trail_all_the_same(host: Any) -> None:
    for name in ("a b", "trailing.", "*", "日本"):
        await create(host, name)
    assert [row["target"] for row in await trail(host)] == ["日本", "*", "trailing.", "a b"]
