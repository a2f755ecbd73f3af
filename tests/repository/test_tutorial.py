"""The tutorial is executed line by line: from `plugin new` to a wheel and a row in a running host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"<!-- (\w+)(?:: (\S+))? -->\n```\w+\n(.*?)```", re.DOTALL)
KINDS = {"run", "fails", "shows", "append", "replace", "with", "file", "background", "until"}
UNTIL_SECONDS = 30

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX shell"),
]


@dataclass
class Reader:
    """Somebody who does what the tutorial says, in an environment of their own."""

    folder: Path
    environment: dict[str, str]
    printed: str = ""
    replaced: tuple[Path, str] | None = None
    waiting: tuple[str, ...] = ()
    background: subprocess.Popen[bytes] | None = None

    def do(self, kind: str, file: str, text: str) -> None:
        match kind:
            case "run":
                for line in text.splitlines():
                    self.run(line)
            case "fails":
                assert self.shell(text.strip()).returncode != 0, self.printed
            case "shows":
                self.shows(text)
            case "append":
                path = self.folder / file
                path.write_text(path.read_text("utf-8").rstrip("\n") + "\n" + text, "utf-8")
            case "replace":
                self.replaced = (self.folder / file, text)
            case "with":
                assert self.replaced is not None
                path, old = self.replaced
                assert path.read_text("utf-8").count(old) == 1, f"{path} has not just one {old!r}"
                path.write_text(path.read_text("utf-8").replace(old, text), "utf-8")
            case "file":
                (self.folder / file).write_text(text, "utf-8")
            case "background":
                words = text.split()
                self.background = subprocess.Popen(words, cwd=self.folder, env=self.environment)
            case "until":
                self.waiting = (text.strip(),)

    def run(self, line: str) -> None:
        if line.startswith("cd "):
            self.folder /= line.removeprefix("cd ")
            return
        begun = time.monotonic()
        done = self.shell(line)
        print(f"{time.monotonic() - begun:6.1f} s  {line}")
        assert done.returncode == 0, f"{line}\n{self.printed}"

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.printed = done.stdout
        return done

    def shows(self, text: str) -> None:
        ends = time.monotonic() + UNTIL_SECONDS
        while text.strip() not in self.printed:
            assert self.waiting, f"not shown: {text}\n{self.printed}"
            assert time.monotonic() < ends, f"not shown: {text}\n{self.printed}"
            time.sleep(0.2)
            self.shell(self.waiting[0])
        self.waiting = ()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A fresh environment in which the host and what authors need are installed, as pip would have it."""
    place = tmp_path / "environment"
    venv.EnvBuilder(with_pip=True).create(place)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)}))
    ours = sysconfig.get_path("purelib")
    (site / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    for name, module in (("kanade-host", "kanade_host"), ("pytest", "pytest")):
        program = place / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{place}/bin/python" -m {module} "$@"\n')
        program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KANADE_", "PYTEST_"))}
    environment = {
        **kept,
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    work = tmp_path / "work"
    work.mkdir()
    made = Reader(work, environment)
    yield made
    if made.background is not None:
        made.background.terminate()
        made.background.wait(30)


def test_the_tutorial_from_the_first_line_to_the_last(reader: Reader) -> None:
    begun = time.monotonic()
    for kind, file, text in BLOCK.findall(TUTORIAL.read_text("utf-8")):
        reader.do(kind, file, text)
    assert reader.background is not None
    assert list(reader.folder.glob("dist/*.whl"))
    print(f"{time.monotonic() - begun:6.1f} s from `plugin new` to a row in a running host")


def test_every_block_but_the_installation_is_executed() -> None:
    text = TUTORIAL.read_text("utf-8")
    found = BLOCK.findall(text)
    assert {kind for kind, _, _ in found} == KINDS
    assert text.count("\n```") == 2 * (len(found) + 1)
