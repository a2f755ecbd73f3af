"""Groups, configuration, logs, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "fleet.groups",
        {"en": "Groups", "ja": "グループ"},
        section="fleet",
        path="/groups",
        order=20,
        permission="groups.read",
    ),
    Page(
        "fleet.config",
        {"en": "Configuration", "ja": "構成"},
        section="fleet",
        path="/config",
        order=21,
        permission="config.read",
    ),
    Page(
        "fleet.logs",
        {"en": "Logs", "ja": "ログ"},
        section="fleet",
        path="/logs",
        order=60,
        permission="agents.logs",
    ),
    Page(
        "fleet.agent-config",
        {"en": "Configuration", "ja": "構成"},
        kind="panel",
        section="fleet",
        order=60,
        permission="config.read",
    ),
    Page(
        "fleet.agent-logs",
        {"en": "Logs", "ja": "ログ"},
        kind="panel",
        section="fleet",
        order=70,
        permission="agents.logs",
    ),
]
