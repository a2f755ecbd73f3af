"""The running host and the command line, on one computer: a file that says what runs, a folder for wishes.

Only one connection may write the database, and that is the running host's. So commands that look read
`host-running.json` beside the database, and commands that change leave a wish in `host-wishes/`, which
the host takes within a second. Both are for the owner of the files alone: whoever may write there could
change the database anyway.
"""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import Any, Literal

import msgspec

from kanade_host.platform.private import private_folder, write_private
from kanade_host.platform.processes import Process

REFUSED = ".refused"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What the running host last wrote of itself."""

    process: Process
    version: str
    url: str
    nats_url: str | None = None
    starting: str = ""
    config: str | None = None
    plugins: list[dict[str, Any]] = []
    projections: list[dict[str, Any]] = []
    rebuilds: list[dict[str, Any]] = []


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks of the running host: of dead letters (`ids`), or of a plugin's tables."""

    action: Literal["replay", "discard", "rebuild", "cancel-rebuild"]
    ids: list[int] = []
    plugin: str = ""
    lose: bool = False


class Refused(msgspec.Struct, frozen=True):
    """Why the host did not do what a wish asked. `losses`: rows that would have been lost."""

    reason: str
    losses: list[str] = []


class RunFile:
    """`host-running.json` beside the database."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "host-running.json"
        self._last = b""

    def write(self, running: Running) -> None:
        """Replace it when something changed."""
        body = msgspec.json.encode(running)
        if body != self._last:
            self._last = body
            write_private(self.path, body, sync=False)

    def read(self) -> Running | None:
        """What runs now; None when nothing does (a file that a crash left counts for nothing)."""
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError):
            return None
        return found if found.process.alive else None

    def remove(self) -> None:
        """The host ends."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


class Wishes:
    """`host-wishes/` beside the database."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "host-wishes"

    def leave(self, wish: Wish) -> Path:
        """Put a wish there; the file goes when the host has fulfilled it."""
        private_folder(self.folder)
        path = self.folder / f"{uuid.uuid4()}.json"
        write_private(path, msgspec.json.encode(wish))
        return path

    def refuse(self, path: Path, refused: Refused) -> None:
        """Leave the reason where whoever left the wish looks for it, and take the wish away."""
        write_private(path.with_suffix(REFUSED), msgspec.json.encode(refused), sync=False)
        path.unlink(missing_ok=True)

    def refused(self, path: Path) -> Refused | None:
        """The reason why that wish was refused, once; None when it was not."""
        answer = path.with_suffix(REFUSED)
        try:
            found = msgspec.json.decode(answer.read_bytes(), type=Refused)
        except (OSError, msgspec.DecodeError):
            return None
        answer.unlink(missing_ok=True)
        return found

    def take(self) -> list[tuple[Path, Wish]]:
        """All wishes; files that are none are removed."""
        found = []
        with contextlib.suppress(OSError):
            for path in sorted(self.folder.glob("*.json")):
                try:
                    found.append((path, msgspec.json.decode(path.read_bytes(), type=Wish)))
                except (OSError, msgspec.DecodeError):
                    path.unlink(missing_ok=True)
        return found
