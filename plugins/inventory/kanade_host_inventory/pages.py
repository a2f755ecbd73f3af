"""Facts, search and history, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "inventory.facts",
        {"en": "Inventory", "ja": "インベントリ"},
        section="fleet",
        path="/inventory",
        order=30,
        permission="inventory.read",
    ),
    Page(
        "inventory.search",
        {"en": "Search", "ja": "検索"},
        section="fleet",
        path="/inventory/search",
        order=31,
        permission="inventory.read",
    ),
    Page(
        "inventory.history",
        {"en": "Changes", "ja": "変更履歴"},
        section="fleet",
        path="/inventory/history",
        order=32,
        permission="inventory.read",
    ),
    Page(
        "inventory.compare",
        {"en": "Compare", "ja": "比較"},
        section="fleet",
        path="/inventory/compare",
        order=33,
        permission="inventory.read",
    ),
    Page(
        "inventory.agent",
        {"en": "Inventory", "ja": "インベントリ"},
        kind="panel",
        section="fleet",
        order=50,
        permission="inventory.read",
    ),
]
