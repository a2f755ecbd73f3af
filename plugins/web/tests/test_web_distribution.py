"""What is installed carries the finished files, and another interface can stand in their place."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).resolve().parents[1]
THEIRS = Path(__file__).resolve().parent / "theirs"


@pytest.mark.timeout(180)
def test_a_wheel_has_the_built_files_and_none_of_the_sources(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "wheel", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "-w", str(tmp_path), str(WEB)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    for name in ("index.html", "index.html.br", "index.html.gz", "icon.svg"):
        assert f"kanade_host_web/dist/{name}" in names
    assert any(name.endswith(".js.br") for name in names)
    assert "kanade_host_web/plugin.py" in names
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".tsx"))]


@pytest.mark.kanade(plugins=["web"])
async def test_our_interface_is_served(host: Any) -> None:
    page = await host.get("/agents/pc-1", headers={"accept-encoding": "br"})
    assert page.headers["content-encoding"] == "br"
    assert page.headers["cache-control"] == "no-cache"


@pytest.mark.kanade(plugins=["web"], settings={"web": {"dist": str(THEIRS)}})
async def test_another_interface_is_served_as_it_is(host: Any) -> None:
    assert (await host.get("/dashboard")).body == (THEIRS / "index.html").read_bytes()
    worker = await host.get("/assets/yaml.worker-CR7j_glI.js")
    assert (worker.status, worker.text) == (200, "// theirs\n")
    assert (await host.get("/assets/none.js")).status == 404


@pytest.mark.kanade(plugins=["web"], settings={"web": {"dist": "nowhere/at/all"}})
async def test_a_folder_that_is_not_there_is_said_and_the_api_goes_on(host: Any) -> None:
    rows = (await host.get("/api/plugins")).json()["plugins"]
    [web] = [row for row in rows if row["name"] == "web"]
    assert web["state"] == "failed"
    assert "nowhere/at/all, is not there" in web["reason"]
    assert "Its web interface is not installed here" in (await host.get("/")).text
