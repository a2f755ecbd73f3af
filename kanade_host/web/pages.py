"""What the plugins that run add to the web interface, as `GET /api/pages` tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args
from urllib.parse import quote

import msgspec

from kanade_host.plugin.authenticators import Role
from kanade_host.plugin.pages import Page, Section
from kanade_host.plugin.routes import Route
from kanade_host.web.providers import Running

MODULES = "modules/"
"""Where the `web/` folders of plugins are served, each under its plugin's name."""
_ORDER = {section: place for place, section in enumerate(get_args(Section))}


class PageRow(msgspec.Struct, frozen=True):
    """One page, card or panel. `role` is the lowest that may see it; `module` the path of its ES module,
    null for what the interface has itself."""

    id: str
    plugin: str
    kind: str
    title: dict[str, str]
    section: str
    path: str
    order: int
    role: str
    module: str | None


class Pages(msgspec.Struct, frozen=True):
    """In the order of the menu."""

    pages: list[PageRow]


def shown(plugins: Iterable[Running], host_routes: Sequence[Route] = ()) -> list[PageRow]:
    """The rows of all plugins that run. Permissions are those of a plugin's own routes, or of the host's."""
    rows = [
        _row(one.name, page, [*host_routes, *one.loaded.routes])
        for one in plugins
        if one.serves
        for page in one.loaded.pages
    ]
    return sorted(rows, key=lambda row: (_ORDER[row.section], row.order, row.id))


def _row(plugin: str, page: Page, routes: Sequence[Route]) -> PageRow:
    roles = {route.permission.name: route.permission.role for route in routes if route.permission}
    role = roles.get(page.permission or "", Role.VIEWER)
    module = None if page.module is None else f"/{MODULES}{quote(plugin)}/{quote(page.module)}"
    return PageRow(
        page.id, plugin, page.kind, page.title, page.section, page.path, page.order, role.word, module
    )
