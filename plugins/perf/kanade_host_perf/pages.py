"""Performance of PCs and of the fleet, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "perf.fleet",
        {"en": "Performance", "ja": "パフォーマンス"},
        section="fleet",
        path="/performance",
        order=40,
        permission="perf.read",
    ),
    Page(
        "perf.card",
        {"en": "Performance", "ja": "パフォーマンス"},
        kind="card",
        section="overview",
        order=40,
        permission="perf.read",
    ),
    Page(
        "perf.agent",
        {"en": "Performance", "ja": "パフォーマンス"},
        kind="panel",
        section="fleet",
        order=20,
        permission="perf.read",
    ),
    Page(
        "perf.processes",
        {"en": "Processes", "ja": "プロセス"},
        kind="panel",
        section="fleet",
        order=21,
        permission="perf.read",
    ),
]
