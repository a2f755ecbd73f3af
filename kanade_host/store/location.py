"""What the configured path of the database means.

kanade-backend puts `[db] sqlite_path` into the URL `sqlite://…`, so percent sequences are decoded and
what follows a `?` are options (`contract/host.md` 12, `contract/database.md` 1). The same text has to
name the same file here. `:memory:` cannot be shared between one writer and several readers as upstream
shares it; it becomes a file in a temporary folder that goes when the database is closed, which is what
whoever configures it wants: nothing is left afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from kanade_host.store.errors import DatabaseRefused

_MODES = ("ro", "rw", "rwc", "memory")


@dataclass(frozen=True, slots=True)
class Location:
    """A database file. `create`: make it when it is missing. `temporary`: it goes when closed.
    `scratch`: nobody misses it after a power loss, so nothing waits for the disk.
    """

    path: Path
    create: bool = True
    temporary: bool = False
    vfs: str | None = None
    scratch: bool = False

    def uri(self, mode: str) -> str:
        """As SQLite wants it, with `mode` `ro`, `rw` or `rwc`."""
        text = self.path.absolute().as_posix()
        name = quote(text if text.startswith("/") else "/" + text)
        vfs = f"&vfs={quote(self.vfs, safe='')}" if self.vfs else ""
        return f"file://{name}?mode={mode}{vfs}"


def parse_location(value: str) -> Location:
    """Read `[db] sqlite_path`. Raises `DatabaseRefused` with the setting named.

    Relative paths are relative to the working directory, as upstream's are.
    """
    text, _, query = value.partition("?")
    try:
        path = unquote_to_bytes(text).decode()
        options = [
            tuple(unquote_to_bytes(part.replace("+", " ")).decode() for part in pair.partition("=")[::2])
            for pair in query.split("&")
            if pair
        ]
    except UnicodeDecodeError:
        raise _refused(value, "its percent sequences are not UTF-8") from None
    mode, vfs = "rwc", None
    for name, setting in options:
        if name == "mode" and setting in _MODES:
            mode = setting
        elif name == "cache" and setting in ("private", "shared"):
            pass  # one writer and read-only readers share nothing
        elif name == "immutable" and setting in ("true", "false"):
            if setting == "true":
                raise _refused(value, "immutable=true: the host has to write to its database")
        elif name == "vfs" and setting:
            vfs = setting
        elif name in ("mode", "cache", "immutable", "vfs"):
            raise _refused(value, f"{setting!r} is no value of {name}")
        else:
            raise _refused(value, f"{name!r} is no option; there are mode, cache, immutable, vfs")
    if mode == "ro":
        raise _refused(value, "mode=ro: the host has to write to its database")
    if path == ":memory:" or mode == "memory":
        return Location(Path(":memory:"), temporary=True)
    if not path or "\0" in path:
        raise _refused(value, "it names no file")
    return Location(Path(path), create=mode == "rwc", vfs=vfs)


def _refused(value: str, why: str) -> DatabaseRefused:
    return DatabaseRefused(f"[db] sqlite_path = {value!r} cannot be used: {why}")
