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

    def write(self, plugin: str, reason: str) -> None:
        """Called on whatever thread noticed, just before the process ends."""
        self._file.write_text(json.dumps({"plugin": plugin, "reason": reason}), encoding="utf-8")

    def take(self) -> dict[str, str]:
        """Plugin -> reason, of the last end; the note is gone afterwards."""
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
