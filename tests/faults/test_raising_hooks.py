"""A plugin that raises in a hook is out by itself, whichever hook it is, with the reason; the rest runs."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import counting
import msgspec
import pytest

from kanade_host.plugin import hooks

FILE = Path(counting.__file__)
HOOKS = [name for name in vars(hooks) if name.startswith("kanade_")]
RAISING = """
from kanade_host.plugin import hookimpl

@hookimpl
def {hook}({arguments}):
    raise RuntimeError("{hook} has had enough")
"""
ASKED_WHEN_NEEDED = {"kanade_commands"}
"""Of the command line; a host that serves never asks."""


def files(folder: Path) -> dict[str, str]:
    """Plugin -> file, one that raises for each hook."""
    made = {}
    for hook in HOOKS:
        name = f"raises_{hook.removeprefix('kanade_')}"
        arguments = ", ".join(inspect.signature(getattr(hooks, hook)).parameters)
        path = folder / f"{name}.py"
        path.write_text(RAISING.format(hook=hook, arguments=arguments))
        made[name] = str(path)
    return made


@pytest.mark.kanade(files=[FILE], start=False)
async def test_a_plugin_that_raises_in_a_hook_is_out_alone(host: Any, tmp_path: Path) -> None:
    folder = tmp_path / "raising"
    folder.mkdir()
    made = files(folder)
    assert len(made) >= 10
    options = host.running.options
    host.running.options = msgspec.structs.replace(options, files=(*options.files, *made.values()))
    await host.start()
    states = await host.plugin_states()
    for name in made:
        hook = name.replace("raises_", "kanade_", 1)
        if hook in ASKED_WHEN_NEEDED:
            assert states[name]["state"] == "running", name
        else:
            assert states[name]["state"] == "failed", (name, states[name])
            assert f"{hook} has had enough" in states[name]["reason"], states[name]
    await host.publish("obs.pc-1", {"id": "one"})
    await host.settle()
    assert (await host.get("/api/counting")).json() == 1
    assert states["counting"]["state"] == "running"
