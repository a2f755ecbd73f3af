"""Every check and every test of the workspace: what `./run test` and continuous integration run.

    ./run test                      everything
    ./run test tests/store -x       every check; options and paths go to pytest
    ./run test --only pytest ...    one step (ruff, format, mypy, mypy-windows, imports, pytest)

All checks run even when one fails, so that one round shows everything that is wrong. pytest comes
last, and its closing line is the last line printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AGAIN = ["--reruns", "1", "--reruns-delay", "1", "-raR"]
"""Thousands of tests drive real brokers, processes and browsers on machines that others use as well. One that
fails gets a second try, so that a held-up machine does not hide what all others say; the summary names it as
rerun, and it is a test to be mended."""

BESIDE = ["--numprocesses", "auto", "--dist", "worksteal"]
PROCESSES = min((os.cpu_count() or 1) + 1, 4)
"""One more than there are cores: most tests wait for brokers, hosts and pages, half of their time. (With
`--pdb` there is one.)"""

ORDER = ["--randomly-seed", "20261128"] if os.environ.get("CI") else []
"""Continuous integration keeps to one order: a change is judged by what it changes. Elsewhere each run has
an order of its own, which finds tests that need another before them."""


def steps(pytest_options: list[str]) -> dict[str, list[str]]:
    """Name of each step and its command, in order."""
    module = [sys.executable, "-m"]
    return {
        "ruff": [*module, "ruff", "check", "."],
        "format": [*module, "ruff", "format", "--check", "."],
        "mypy": [*module, "mypy"],
        "mypy-windows": [*module, "mypy", "--platform", "win32"],
        "imports": [sys.executable, str(ROOT / "tests" / "import_rules.py")],
        "pytest": [*module, "pytest", *AGAIN, *BESIDE, *ORDER, *pytest_options],
    }


def main(argv: list[str]) -> int:
    only = None
    if argv[:1] == ["--only"] and len(argv) > 1:
        only, argv = argv[1], argv[2:]
    commands = steps(argv)
    if only is not None and only not in commands:
        print(f"no step {only!r}; there are: {', '.join(commands)}", file=sys.stderr)
        return 2
    failed = []
    for name, command in commands.items():
        if only not in (None, name):
            continue
        if name == "pytest" and failed:
            # Said before pytest, because its summary shall be the last thing on the screen.
            print(f"\n== failed so far: {', '.join(failed)}", flush=True)
        print(f"\n== {name}", flush=True)
        done = subprocess.run(command, check=False, cwd=ROOT, stdin=subprocess.DEVNULL, env=environment())
        if done.returncode != 0:
            failed.append(name)
    return 1 if failed else 0


def environment() -> dict[str, str]:
    """The checks must not depend on whoever runs them.

    Where Python may write no compiled modules, each host that a test starts would compile everything anew.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("KANADE_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "PYTHONUTF8": "1", "PYTEST_XDIST_AUTO_NUM_WORKERS": str(PROCESSES)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
