"""Agent releases, packages, script objects, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "releases.rollout",
        {"en": "Rollout", "ja": "ロールアウト"},
        section="release",
        path="/rollout",
        order=10,
        permission="releases.read",
    ),
    Page(
        "releases.packages",
        {"en": "Packages", "ja": "パッケージ"},
        section="release",
        path="/packages",
        order=20,
        permission="packages.read",
    ),
    Page(
        "releases.scripts",
        {"en": "Scripts", "ja": "スクリプト"},
        section="release",
        path="/scripts",
        order=30,
        permission="script-objects.read",
    ),
]
