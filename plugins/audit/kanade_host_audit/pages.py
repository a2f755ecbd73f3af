"""The audit trail, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "audit.trail",
        {"en": "Audit", "ja": "監査ログ"},
        section="system",
        path="/audit",
        order=10,
        permission="audit.read",
    ),
    Page(
        "audit.card",
        {"en": "Audit", "ja": "監査ログ"},
        kind="card",
        section="overview",
        order=60,
        permission="audit.read",
    ),
]
