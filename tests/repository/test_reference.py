"""The reference that is made from the code has everything, with a text; the picture is true."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "docs" / "tools"
MAKE = (
    "import sys, pathlib; sys.path[:0] = [{tools!r}]; import reference; reference.write(pathlib.Path({to!r}))"
)

sys.path.insert(0, str(TOOLS))
import imports_picture  # noqa: E402
import reference  # noqa: E402

sys.path.remove(str(TOOLS))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """All pages, made by a process that imports every plugin."""
    folder = tmp_path_factory.mktemp("reference")
    script = MAKE.format(tools=str(TOOLS), to=str(folder))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.stem: path.read_text("utf-8") for path in folder.iterdir()}


def test_every_hook_is_there_and_says_what_it_returns(pages: dict[str, str]) -> None:
    names = reference.hook_names()
    assert len(names) > 9
    for name in names:
        text = pages["hooks"].partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert "\nReturn " in text, f"{name} is not documented"


def test_every_public_name_is_there_and_documented(pages: dict[str, str]) -> None:
    for module, name, value in reference.public():
        assert f"### {name}\n" in pages["plugin-api"], f"{module}.{name}"
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith(
            "kanade_host"
        ):
            own = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
            documented = bool(own) and not str(own).startswith(
                f"{name}("
            )  # what dataclasses write by themselves
            assert documented, f"{module}.{name} has no docstring"


def test_every_setting_route_message_command_and_rule_is_there(pages: dict[str, str]) -> None:
    from kanade_host.authoring.grading import rules
    from kanade_host.cli.root import COMMANDS
    from kanade_host.loading.plan import make_plan

    for one in make_plan().loaded:
        for key in one.settings.__struct_fields__ if one.settings is not None else ():
            assert f"| `{key}` |" in pages["settings"], f"[plugins.{one.name}] {key}"
        for route in one.routes:
            assert f"| `{route.method} {route.path}` |" in pages["routes"]
            method, path = route.method.lower(), route.path
            assert any(method in found for found in json.loads(pages["openapi"])["paths"].values()), path
        for sub in one.subscriptions:
            assert f"## {getattr(sub, 'name', f'{one.name}: bucket')}" in pages["messages"]
    for command in COMMANDS:
        assert f"## kanade-host {command}\n" in pages["commands"]
    for rule in rules():
        assert f"## {rule}\n" in pages["rules"]


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(TOOLS / "build.py"), "--no-pictures", str(tmp_path / "site")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    written = {
        path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")
    }
    assert [name for name in written - {"index"} if f"{name}.html" not in index] == []
    assert (tmp_path / "site" / "_images" / "imports.svg").exists()


def test_arrows_between_plugins_lead_to_an_api_alone() -> None:
    picture = imports_picture.look()
    assert len(picture.plugins) > 10
    assert picture.host_modules == ()
    assert [
        one for one in picture.arrows if one[0] == "kanade_host" or one[2].partition(".")[0] != "api"
    ] == []
    assert ("kanade_host_jobs", "kanade_host_results", "api") in picture.arrows


def test_the_picture_has_each_plugin_each_layer_and_each_arrow() -> None:
    picture = imports_picture.look()
    drawn = ElementTree.fromstring(imports_picture.svg(picture))
    texts = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert [imports_picture.short(one) for one in picture.plugins] == [
        one for one in texts if one in map(imports_picture.short, picture.plugins)
    ]
    paths = [one for one in drawn.iter("{http://www.w3.org/2000/svg}path") if one.get("marker-end")]
    assert len(paths) == len(picture.arrows)
    assert texts[-len(picture.layers) + 1 :][-1] == picture.layers[-2]
    assert re.search(r"\d+ plugins on the host; imports between plugins: ", imports_picture.title(picture))
