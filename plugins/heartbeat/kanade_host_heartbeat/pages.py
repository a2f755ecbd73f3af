"""Agents and what they last said, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "heartbeat.agents",
        {"en": "Agents", "ja": "エージェント"},
        section="fleet",
        path="/agents",
        order=10,
        permission="agents.read",
    ),
    Page(
        "heartbeat.agent",
        {"en": "Agent", "ja": "エージェント"},
        section="fleet",
        path="/agents/:pcId",
        order=11,
        permission="agents.read",
    ),
    Page(
        "heartbeat.lifecycle",
        {"en": "Lifecycle", "ja": "ライフサイクル"},
        section="fleet",
        path="/lifecycle",
        order=22,
        permission="agents.read",
    ),
    Page(
        "heartbeat.health",
        {"en": "Agents", "ja": "エージェント"},
        kind="card",
        section="overview",
        order=10,
        permission="agents.read",
    ),
    Page(
        "heartbeat.facts",
        {"en": "About this PC", "ja": "この PC について"},
        kind="panel",
        section="fleet",
        order=10,
        permission="agents.read",
    ),
]
