"""Pages about the host itself. Their routes are the host's, so that none needs a permission of ours."""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page("web.overview", {"en": "Overview", "ja": "概要"}, section="overview", path="/", order=0),
    Page("web.plugins", {"en": "Plugins", "ja": "プラグイン"}, section="system", path="/plugins", order=50),
    Page(
        "web.projections",
        {"en": "Projections", "ja": "プロジェクション"},
        section="system",
        path="/projections",
        order=51,
    ),
    Page(
        "web.dead-letters",
        {"en": "Dead letters", "ja": "デッドレター"},
        section="system",
        path="/dead-letters",
        order=52,
        permission="dead-letters.read",
    ),
    Page("web.broker", {"en": "Broker", "ja": "ブローカー"}, section="system", path="/broker", order=53),
    Page("web.card", {"en": "This server", "ja": "このサーバー"}, kind="card", order=90),
    Page("web.settings", {"en": "Settings", "ja": "設定"}, section="system", path="/settings", order=90),
]
