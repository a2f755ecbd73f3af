"""What ran, where, and how it went, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "results.activity",
        {"en": "Activity", "ja": "実行履歴"},
        section="work",
        path="/activity",
        order=20,
        permission="results.read",
    ),
    Page(
        "results.result",
        {"en": "Result", "ja": "実行結果"},
        section="work",
        path="/activity/:resultId",
        order=21,
        permission="results.read",
    ),
    Page(
        "results.execution",
        {"en": "Run", "ja": "実行"},
        section="work",
        path="/executions/:execId",
        order=22,
        permission="results.read",
    ),
    Page(
        "results.durations",
        {"en": "Durations", "ja": "所要時間"},
        section="work",
        path="/durations",
        order=23,
        permission="results.read",
    ),
    Page(
        "results.card",
        {"en": "Results", "ja": "実行結果"},
        kind="card",
        section="overview",
        order=20,
        permission="results.read",
    ),
    Page(
        "results.agent",
        {"en": "Results", "ja": "実行結果"},
        kind="panel",
        section="fleet",
        order=30,
        permission="results.read",
    ),
]
