"""`serve --plugin FILE`: in development one file is a plugin."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from kanade_host.loading.plan import make_plan
from kanade_host.loading.single import from_file
from kanade_host.loading.state import PluginState
from kanade_host.plugin import PluginError

Installation = Any

HELLO = """
from kanade_host.plugin import *

async def hello(request):
    return {"hello": request.ctx.plugin}

@hookimpl
def kanade_routes():
    return [Route("GET", "/api/hello/%s", hello, None, "Say hello")]
"""


def shown(installation: Installation) -> Any:
    """The plugin's row as the command line shows it; the running host writes it down within a second."""
    status, out, _ = installation.run("plugins", "--json")
    assert status == 0
    (row,) = [row for row in json.loads(out)["plugins"] if row["name"] == "hello"]
    return row


@pytest.mark.skipif(sys.platform == "win32", reason="stops the host by a signal")
def test_a_file_is_served_as_a_plugin_whatever_only_says(installation: Installation) -> None:
    installation.write()
    file = installation.folder / "hello.py"
    file.write_text(HELLO % "you")
    host = installation.start("serve", "--config", str(installation.config), "--plugin", str(file))
    assert installation.healthy()
    with urllib.request.urlopen(f"{installation.url}/api/hello/you", timeout=30) as answer:
        assert json.load(answer) == {"hello": "hello"}
    deadline = time.monotonic() + 20
    while (row := shown(installation))["state"] != "running":
        assert time.monotonic() < deadline, row
        time.sleep(0.05)
    assert row["distribution"] == "a file"
    assert installation.stop(host)[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="stops the host by a signal")
def test_a_file_that_does_not_import_ends_the_start_and_says_where(installation: Installation) -> None:
    installation.write()
    file = installation.folder / "hello.py"
    file.write_text("import json\njson.nothing\n")
    host = installation.start("serve", "--config", str(installation.config), "--plugin", str(file))
    out, _ = host.communicate(timeout=30)
    assert host.returncode == 1
    assert f"Error: {file} cannot be imported, line 2: AttributeError" in out


BAD = [
    ("broken.py", "a = 1\ndef b(:\n", "cannot be imported, line 2: SyntaxError"),
    ("needs.py", "import nowhere_to_be_found\n", "cannot be imported, line 1: ModuleNotFoundError"),
    ("Hello.py", "", "the file's name is the plugin's"),
    ("host.py", "", "the file's name is the plugin's"),
    ("hello.txt", "", "is no Python file"),
]


@pytest.mark.parametrize("name,text,reason", BAD)
def test_a_file_that_is_no_plugin(tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text)
    before = set(sys.modules)  # another test of this process may have loaded files that are plugins
    with pytest.raises(PluginError, match=reason):
        from_file(tmp_path / name)
    assert not [module for module in set(sys.modules) - before if module.startswith("kanade_file_")]


def states_with(file: Path) -> list[PluginState]:
    """What a start with that file alone would make of it."""
    try:
        plan = make_plan(only=(), extra=[from_file(file)])
    finally:
        sys.modules.pop(f"kanade_file_{file.stem}", None)
    return [state for state in plan.states if state.name == file.stem]


def test_it_keeps_to_the_names_of_a_plugin_from_outside(tmp_path: Path) -> None:
    (tmp_path / "salute.py").write_text(HELLO % "you")
    (state,) = states_with(tmp_path / "salute.py")
    assert (state.phase, state.failed_in) == ("failed", "checked")
    assert "/api/salute" in state.reason


def test_it_stands_for_an_installed_plugin_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "heartbeat.py").write_text("")
    (state,) = states_with(tmp_path / "heartbeat.py")
    assert (state.phase, state.manifest.distribution) == ("checked", "a file")
