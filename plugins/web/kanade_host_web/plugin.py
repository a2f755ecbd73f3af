"""The web interface: the folder that its build made, handed to the host. Everything else is in `src`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kanade_host.plugin import Page, Settings, hookimpl
from kanade_host_web.pages import PAGES
from kanade_host_web.settings import WebSettings

BUILT = Path(__file__).parent / "dist"


@hookimpl
def kanade_settings() -> type[Settings]:
    """`dist`, for another interface than ours."""
    return WebSettings


@hookimpl
def kanade_site(settings: WebSettings) -> Path:
    """The folder whose files answer every path that is no API route."""
    return BUILT if settings.dist is None else Path(settings.dist).expanduser()


@hookimpl
def kanade_pages(settings: WebSettings) -> Sequence[Page]:  # noqa: ARG001
    """Pages about the host itself, which belong to no other plugin."""
    return PAGES
