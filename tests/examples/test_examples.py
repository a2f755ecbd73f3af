"""The plugins in `examples/` as anyone would use them: wheels, pip, an environment, a host that finds them.

The folders are copied away first, so that nothing but what is in them, and `kanade_host.plugin`, is used.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))
NAMES = ["battery", "header-login"]
PLUGINS = ["auth", "battery", "header_login"]
ALICE = {"x-remote-user": "alice", "x-remote-role": "viewer"}

pytestmark = pytest.mark.timeout(120)


def pip(*arguments: str | Path) -> None:
    """One command of pip that reaches no network."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both examples installed from their wheels; their sources lie beside it."""
    folder = tmp_path_factory.mktemp("outside")
    for example in EXAMPLES:
        shutil.copytree(example, folder / example.name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    sources = [folder / example.name for example in EXAMPLES]
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder / "wheels", *sources)
    wheels = sorted((folder / "wheels").glob("*.whl"))
    assert len(wheels) == len(EXAMPLES)
    pip("install", "--no-deps", "--no-index", "--target", folder / "site", *wheels)
    return folder / "site"


@pytest_asyncio.fixture
async def outside(host: Any, site: Path) -> AsyncIterator[Any]:
    """A host in a process of its own that finds both installed."""
    host.running.environment["PYTHONPATH"] = str(site)
    await host.start()
    yield host


def test_there_are_two_and_neither_is_called_like_ours() -> None:
    assert [example.name for example in EXAMPLES] == NAMES
    for example in EXAMPLES:
        assert 'name = "kanade-host-' not in (example / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_imports_nothing_of_the_host_but_the_public_package(example: Path) -> None:
    imported = set()
    for file in example.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    ours = {name for name in imported if name.partition(".")[0] == "kanade_host"}
    assert "kanade_host.plugin" in ours
    assert ours <= {"kanade_host.plugin", "kanade_host.plugin.testing"}
    assert not [name for name in imported if name.startswith("kanade_host_")]


@pytest.mark.kanade(
    plugins=PLUGINS,
    process=True,
    start=False,
    strict=True,
    authenticators=["header_login", "kit", "auth"],
    environment={"KANADE_BOOTSTRAP_ADMIN_PASSWORD": "adminadmin"},
    settings={"header_login": {"addresses": ["127.0.0.1"]}, "battery": {"low_percent": 30}},
)
async def test_installed_from_wheels_they_run_beside_ours(outside: Any) -> None:
    states = await outside.plugin_states()
    for name, distribution in (("battery", "kanade-battery"), ("header_login", "kanade-header-login")):
        row = states[name]
        assert (row["state"], row["distribution"], row["version"]) == ("running", distribution, "1.0.0"), row
    assert states["battery"]["contributes"]["pages"] == ["battery.levels", "battery.low"]
    assert states["header_login"]["contributes"]["authenticators"] == ["header_login"]

    event = {"pc_id": "pc-1", "at": "2026-11-23T10:00:00Z", "kind": "battery", "source": "script:battery"}
    await outside.publish("obs.pc-1", event | {"payload": {"percent": 30, "health": 88}})
    await outside.settle()
    rows = await outside.rows("SELECT pc_id, percent, health FROM battery_levels")
    assert [tuple(row) for row in rows] == [("pc-1", 30.0, 88.0)]

    found = await outside.get("/api/battery/levels/pc-1", role=None, headers=ALICE)
    assert (found.status, found.json()["low"]) == (200, True)
    assert (await outside.get("/api/accounts", role=None, headers=ALICE)).status == 403
    assert (await outside.get("/api/battery/levels", role=None)).status == 401

    log_in = {"username": "admin", "password": "adminadmin"}
    token = (await outside.post("/api/auth/login", json=log_in, role=None)).json()["token"]
    me = (await outside.get("/api/header_login/me", token=token)).json()
    assert me == {"subject": "admin", "role": "admin"}
    routes = (await outside.get("/api/openapi.json")).json()["paths"]
    assert {"/api/battery/levels", "/api/battery/levels/{pc_id}", "/api/header_login/me"} <= set(routes)


@pytest.mark.kanade(
    plugins=["battery", "header_login"],
    process=True,
    start=False,
    settings={"header_login": {"addresses": ["192.0.2.7"]}},
)
async def test_the_header_is_refused_from_an_address_that_is_not_the_proxys(outside: Any) -> None:
    refused = await outside.get("/api/battery/levels", role=None, headers=ALICE)
    assert (refused.status, refused.text) == (401, "x-remote-user is not taken from 127.0.0.1")


@pytest.mark.parametrize("example", NAMES)
def test_the_examples_own_tests_pass(site: Path, example: str) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=site.parent / example,
        env={**os.environ, "PYTHONPATH": str(site)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed in " in done.stdout
    print(f"{example}: {done.stdout.splitlines()[-1]} ({time.monotonic() - begun:.1f} s in all)")
