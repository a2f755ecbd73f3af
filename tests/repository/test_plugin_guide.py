"""The guide for authors of plugins shows code that runs: blocks are compared, the reference is made anew."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import hook_reference
import pytest

from kanade_host.plugin.testing import pytest_plugin

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
BLOCKS = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
SHOWN = [
    "kanade-plugin.toml",
    "pyproject.toml",
    "plugin.py",
    "messages.py",
    "0001_levels.sql",
    "projector.py",
    "routes.py",
    "settings.py",
    "test_battery.py",
]


@pytest.mark.parametrize(
    "file,block", BLOCKS, ids=[f"{place}-{Path(file).name}" for place, (file, _) in enumerate(BLOCKS)]
)
def test_a_block_is_a_part_of_the_file_that_it_names(file: str, block: str) -> None:
    assert block in (ROOT / file).read_text("utf-8"), f"docs/plugins.md shows something else than {file}"


def test_every_file_of_the_tutorial_is_shown_and_compared() -> None:
    assert list(dict.fromkeys(Path(file).name for file, _ in BLOCKS)) == SHOWN
    assert GUIDE.count("<!-- file:") == len(BLOCKS)
    assert GUIDE.count("```python\n") == sum(file.endswith(".py") for file, _ in BLOCKS)


def test_the_table_of_hooks_is_what_the_specifications_say() -> None:
    assert len(hook_reference.names()) > 8
    for name in hook_reference.names():
        assert f"| `{name}(" in GUIDE, f"{name} is missing: run tests/support/hook_reference.py"
    assert hook_reference.written(GUIDE) == GUIDE, "stale: run tests/support/hook_reference.py"


def test_the_static_file_and_the_kits_options_of_the_guide_exist() -> None:
    from kanade_host.loading import find

    table = GUIDE.partition("## 1.")[2].partition("## 2.")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(find._Static.__struct_fields__)
    static = tomllib.loads((ROOT / "examples/battery/kanade_battery/kanade-plugin.toml").read_text("utf-8"))
    assert set(static) <= set(find._Static.__struct_fields__)
    for option in re.findall(r"`kanade\((.*?)\)`", GUIDE):
        for name in re.findall(r"(\w+)=", option):
            assert f"{name}=" in pytest_plugin._MARKER
