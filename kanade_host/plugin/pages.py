"""What a plugin adds to the web interface, as data that the shell asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Section = Literal["overview", "fleet", "work", "release", "system"]
"""Of the menu, in its order."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page, a dashboard card or an agent panel.

    `id` is unique over all plugins and begins with the plugin's name for plugins from outside.
    `title` gives the title per language (`{"en": …, "ja": …}`); `section` is the menu section, and
    `path` where the page is (`/battery`). `permission` is the name of a permission of the plugin's own
    routes, or of the host's; whoever lacks it sees the entry, disabled, and which role has it.
    `module` is a file of the plugin's `web/` folder that holds an ES module with
    `mount(element, kanade) -> unmount`; None means that the shell's own bundle has the page.
    """

    id: str
    title: dict[str, str]
    kind: Literal["page", "card", "panel"] = "page"
    section: Section = "overview"
    path: str = ""
    order: int = 100
    permission: str | None = None
    module: str | None = None
