"""Schedules, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "scheduler.schedules",
        {"en": "Schedules", "ja": "スケジュール"},
        section="work",
        path="/schedules",
        order=30,
        permission="schedules.read",
    ),
    Page(
        "scheduler.card",
        {"en": "Schedules", "ja": "スケジュール"},
        kind="card",
        section="overview",
        order=30,
        permission="schedules.read",
    ),
    Page(
        "scheduler.schedule",
        {"en": "Schedule", "ja": "スケジュール"},
        section="work",
        path="/schedules/:scheduleId",
        order=31,
        permission="schedules.read",
    ),
]
