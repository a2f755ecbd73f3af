"""What the plugins that run add to the web interface, and who asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kanade_host.plugin import Page, Route


@pytest.fixture
def shop(site: Any, fake_plugin: Any, permissions: Any, echo_handler: Any) -> Any:
    routes = [
        Route("GET", "/api/shop/sales", echo_handler, permissions.view, "Sales"),
        Route("POST", "/api/shop/orders", echo_handler, permissions.operate, "Order"),
    ]
    pages = [
        Page("shop.orders", {"en": "Orders"}, section="work", path="/orders", permission="test.operate"),
        Page("shop.sales", {"en": "Sales", "ja": "売上"}, section="fleet", path="/s", module="sales list.js"),
        Page("shop.card", {"en": "Sales"}, kind="card", order=1),
    ]
    made = fake_plugin("shop", routes, pages=pages)
    site.server.open({"shop": made, "doors": fake_plugin("doors", [], [site.tokens])})
    return made


async def test_pages_come_in_the_order_of_the_menu(site: Any, shop: Any) -> None:
    rows = json.loads((await site.get("/api/pages", role="viewer")).body)["pages"]
    assert [row["id"] for row in rows] == ["shop.card", "shop.sales", "shop.orders"]
    assert rows[1] == {
        "id": "shop.sales",
        "plugin": "shop",
        "kind": "page",
        "title": {"en": "Sales", "ja": "売上"},
        "section": "fleet",
        "path": "/s",
        "order": 100,
        "role": "viewer",
        "module": "/modules/shop/sales%20list.js",
    }


async def test_a_page_says_which_role_may_see_it(site: Any, shop: Any) -> None:
    rows = json.loads((await site.get("/api/pages", role="viewer")).body)["pages"]
    assert {row["id"]: row["role"] for row in rows}["shop.orders"] == "operator"


async def test_a_plugin_that_does_not_run_shows_nothing(site: Any, shop: Any) -> None:
    assert (await site.get("/api/pages")).body != b'{"pages":[]}'
    shop.serves = False
    site.server.on_change("plugins", ["shop"])
    assert (await site.get("/api/pages")).body == b'{"pages":[]}'


async def test_who_asks(site: Any, shop: Any) -> None:
    answer = await site.get("/api/principal", role="operator")
    assert json.loads(answer.body) == {"subject": "a operator", "role": "operator", "scope": "*"}
    assert (await site.get("/api/principal", role=None)).status == 401
