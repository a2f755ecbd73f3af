"""Files and folders that are nobody else's business: mode 0600 and 0700 from the first moment.

On Windows files inherit the rights of their folder; the installation's data folder is readable for
administrators and the service alone, so nothing is changed there.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

POSIX = os.name == "posix"


def private_folder(path: Path) -> Path:
    """Make a folder with its parents; the folder itself is for its owner only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if POSIX:
        path.chmod(0o700)
    return path


def create_private(path: Path, body: bytes) -> None:
    """Write a new file, complete or not at all. Raises `FileExistsError`."""
    part = _part(path, body)
    try:
        if POSIX:
            os.link(part, path)  # fails when it is there already, and shows only the complete file
        else:
            part.rename(path)  # on Windows, renaming onto a file fails
    finally:
        part.unlink(missing_ok=True)


def write_private(path: Path, body: bytes, *, sync: bool = True) -> None:
    """Write or replace a file; a reader sees the old or the new one, never half of it.

    `sync`: it is on the disk when this returns, for what must survive a power loss.
    """
    part = _part(path, body, sync=sync)
    try:
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _part(path: Path, body: bytes, *, sync: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")  # threads may come at once
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        if sync:
            os.fsync(file.fileno())
    return part
