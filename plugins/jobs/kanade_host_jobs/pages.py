"""Running things, and the catalog of jobs, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "jobs.run", {"en": "Run", "ja": "実行"}, section="work", path="/run", order=10, permission="jobs.fire"
    ),
    Page(
        "jobs.catalog",
        {"en": "Jobs", "ja": "ジョブ"},
        section="work",
        path="/jobs",
        order=11,
        permission="jobs.read",
    ),
    Page(
        "jobs.job",
        {"en": "Job", "ja": "ジョブ"},
        section="work",
        path="/jobs/:jobId",
        order=12,
        permission="jobs.read",
    ),
    Page(
        "jobs.approvals",
        {"en": "Approvals", "ja": "承認"},
        section="work",
        path="/approvals",
        order=40,
        permission="jobs.read",
    ),
    Page(
        "jobs.freezes",
        {"en": "Freeze windows", "ja": "凍結期間"},
        section="work",
        path="/freezes",
        order=41,
        permission="jobs.read",
    ),
    Page(
        "jobs.emergency",
        {"en": "Emergency stop", "ja": "緊急停止"},
        section="work",
        path="/emergency",
        order=42,
        permission="jobs.read",
    ),
]
