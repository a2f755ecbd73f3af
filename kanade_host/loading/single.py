"""One Python file as a plugin, without a distribution: for development (`serve --plugin FILE`) and tests."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path

from kanade_host.loading.find import RESERVED, is_name
from kanade_host.loading.plan import Extra
from kanade_host.loading.state import Manifest
from kanade_host.plugin.errors import PluginError

DISTRIBUTION = "a file"


def from_file(path: str | Path, *, foreign: bool = True) -> Extra:
    """Import a file as a plugin that is called as the file is, without `.py`.

    It stands for an installed plugin of that name. Raises `PluginError` that says what and where.
    """
    file = Path(path)
    name = file.stem
    if name in RESERVED or not is_name(name):
        raise PluginError(f"{path}: the file's name is the plugin's: a-z, 0-9, _ and -, not {RESERVED}")
    spec = importlib.util.spec_from_file_location(f"kanade_file_{name.replace('-', '_')}", file)
    if file.suffix != ".py" or spec is None or spec.loader is None:
        raise PluginError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        raise PluginError(f"{path} cannot be imported{_where(error, file)}") from error
    manifest = Manifest(name, name, spec.name, DISTRIBUTION, "0", foreign=foreign)
    return Extra(manifest, module)


def _where(error: Exception, file: Path) -> str:
    """The line of the file that it came from, and what it was."""
    told = " ".join(traceback.format_exception_only(error)[-1].split())
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}: {told}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return f", line {lines[-1]}: {told}" if lines else f": {told}"
