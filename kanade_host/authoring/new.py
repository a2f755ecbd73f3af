"""A new plugin from the template that lies beside this file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from kanade_host.loading.find import RESERVED, find, is_name
from kanade_host.plugin.errors import OperatorError

TEMPLATE = Path(__file__).parent / "template"
_LONGEST = 60


def write_plugin(name: str, into: Path, title: str | None = None) -> Path:
    """Write the folder `into`/kanade-NAME; answers it. Raises `OperatorError`; reaches no network."""
    title = title or name.replace("-", " ").replace("_", " ").capitalize()
    _check(name, title)
    folder = into / f"kanade-{name.replace('_', '-')}"
    if folder.exists():
        raise OperatorError(f"{folder} is there already: choose another name, or another folder with --into")
    if importlib.util.find_spec("copier") is None:
        raise OperatorError('a new plugin is written by copier: pip install "kanade-host[author]"')
    import copier

    copier.run_copy(str(TEMPLATE), folder, data={"name": name, "title": title}, defaults=True, quiet=True)
    return folder


def _check(name: str, title: str) -> None:
    if name in RESERVED or not is_name(name):
        raise OperatorError(
            f"{name!r} cannot be a plugin's name: a letter, then a-z, 0-9, _ and -, not {RESERVED}"
        )
    for state in find():
        if state.name == name:
            raise OperatorError(
                f"the name {name!r} is taken by {state.manifest.distribution}, installed here"
            )
    if len(title) > _LONGEST or not title.isprintable() or any(c in title for c in '"\\{}'):
        raise OperatorError(
            f"a title is one line of at most {_LONGEST} characters, without quotes and braces"
        )
