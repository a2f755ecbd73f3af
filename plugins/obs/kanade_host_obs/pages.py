"""Events, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "obs.events",
        {"en": "Events", "ja": "イベント"},
        section="fleet",
        path="/events",
        order=50,
        permission="obs.read",
    ),
    Page(
        "obs.card",
        {"en": "Events", "ja": "イベント"},
        kind="card",
        section="overview",
        order=50,
        permission="obs.read",
    ),
    Page(
        "obs.agent",
        {"en": "Events", "ja": "イベント"},
        kind="panel",
        section="fleet",
        order=40,
        permission="obs.read",
    ),
]
