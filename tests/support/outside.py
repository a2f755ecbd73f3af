"""The example plugin from outside, as pip installs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def installed(folder: Path) -> Path:
    """A folder for PYTHONPATH that holds the battery plugin; `folder` must be there."""
    source = folder / "battery"
    shutil.copytree(ROOT / "examples" / "battery", source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "install"]
    command = [*pip, "--no-deps", "--no-index", "--no-build-isolation", "--target", str(folder / "site")]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    return folder / "site"


def level(pc_id: str, percent: int, at: str = "2026-11-23T10:00:00Z") -> dict[str, object]:
    """What an agent says of its battery, to be published to `obs.PC`."""
    event = {"kind": "battery", "source": "script:battery", "event_record_id": None}
    return {**event, "pc_id": pc_id, "at": at, "payload": {"percent": percent, "health": 90}}
