"""Examples of messages in a file, one a line: `{"subject": …, "body": …}`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_messages(path: Path) -> list[tuple[str, Any]]:
    """Subjects and bodies, in order. Raises `ValueError` and `KeyError` for what is no such file."""
    lines = path.read_text("utf-8").splitlines()
    return [(one["subject"], one["body"]) for one in (json.loads(line) for line in lines if line.strip())]
