"""Accounts and tokens, in the web interface.

The pages themselves are in the bundle of the plugin `web`, under these ids.
"""

from __future__ import annotations

from kanade_host.plugin import Page

PAGES = [
    Page(
        "auth.accounts",
        {"en": "Accounts", "ja": "アカウント"},
        section="system",
        path="/accounts",
        order=20,
        permission="accounts.manage",
    ),
    Page(
        "auth.tokens",
        {"en": "API tokens", "ja": "API トークン"},
        section="system",
        path="/tokens",
        order=21,
        permission="auth.self",
    ),
]
