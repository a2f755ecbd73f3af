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
]
