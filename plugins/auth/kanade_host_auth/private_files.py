"""Files that only the account which runs the host may read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write the whole file or nothing, mode 0600; on Windows the folder's access list decides."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_private(path: Path) -> str | None:
    """The file's text without the final newline; None when there is no file, or nothing in it."""
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    if text and os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return text or None
