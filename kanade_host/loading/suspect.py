"""A note from a process that a plugin brought down, for the next start.

A thread that a plugin's code does not give back cannot be freed: the process ends, after it has
written here who held it. The next start leaves that plugin out and says so; the note is then done
with, so that the start after that tries the plugin again.
"""

from __future__ import annotations

import json
from pathlib import Path

import structlog

log = structlog.get_logger("kanade_host.loading")


class SuspectNote:
    """The file beside the database."""

    def __init__(self, database: Path) -> None:
        self._file = database.with_name(database.name + ".suspect")
        self._starting = database.with_name(database.name + ".importing")

    def write(self, plugin: str, reason: str) -> None:
        """Called on whatever thread noticed, just before the process ends."""
        self._file.write_text(json.dumps({"plugin": plugin, "reason": reason}), encoding="utf-8")

    def importing(self, plugin: str | None) -> None:
        """Whose code is about to run in the start; None: that is over. A process that ends in it leaves the
        name behind.
        """
        try:
            if plugin is None:
                self._starting.unlink(missing_ok=True)
            else:
                self._starting.write_text(plugin, encoding="utf-8")
        except OSError:
            pass  # a first start has no folder yet; opening the database says what is wrong with one

    def _ended_importing(self) -> dict[str, str]:
        try:
            plugin = self._starting.read_text(encoding="utf-8").strip()
            self._starting.unlink(missing_ok=True)
        except OSError:
            return {}
        return {plugin: "it ended the last start: the process ended while it was imported"} if plugin else {}

    def take(self) -> dict[str, str]:
        """Plugin -> reason, of the last end; the note is gone afterwards."""
        return self._ended_importing() | self._noted()

    def _noted(self) -> dict[str, str]:
        try:
            text = self._file.read_text(encoding="utf-8")
            self._file.unlink(missing_ok=True)
        except (FileNotFoundError, NotADirectoryError):
            return {}  # opening the database says what is wrong with the folder
        except OSError as error:
            log.warning("the note about the last end cannot be read", file=str(self._file), reason=str(error))
            return {}
        try:
            note = json.loads(text)
            return {str(note["plugin"]): f"it ended the last start: {note['reason']}"}
        except (ValueError, KeyError, TypeError):
            log.warning("the note about the last end cannot be read", file=str(self._file))
            return {}
