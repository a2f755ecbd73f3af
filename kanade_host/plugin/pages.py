"""What a plugin adds to the web interface, as data that the shell asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Page:
    """A page, a dashboard card or an agent panel.

    `id` is unique over all plugins and begins with the plugin's name for plugins from outside.
    `title` gives the title per language (`{"en": …, "ja": …}`); `section` is the menu section.
    `module` is a file of the plugin's `web/` folder that holds an ES module with
    `mount(element, kanade) -> unmount`; None means that the shell's own bundle has the page.
    """

    id: str
    title: dict[str, str]
    kind: Literal["page", "card", "panel"] = "page"
    section: Literal["overview", "fleet", "work", "release", "system"] = "overview"
    path: str = ""
    order: int = 100
    permission: str | None = None
    module: str | None = None
