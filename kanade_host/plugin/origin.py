"""Who sent a message: this program marks what it sends, so that what others do can be told from it.

The mark lies with the message in its stream, so it also tells after a crash, a restart, and in another
database. Agents and kanade's own programs ignore headers that they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping

HEADER = "Kanade-Origin"
VALUE = "host"


def marked(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers with the mark: for a program of ours that publishes over a connection of its own."""
    return {**(headers or {}), HEADER: VALUE}


def by_host(headers: Mapping[str, str] | None) -> bool:
    """Whether the mark is there. A mark, no proof: whoever may publish can set it."""
    return headers is not None and headers.get(HEADER) == VALUE
