"""A database as an earlier version of a plugin left it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from kanade_host.loading.plan import make_plan
from kanade_host.plugin.testing.modules import from_file
from kanade_host.plugin.testing.options import Options
from kanade_host.store.database import Database
from kanade_host.store.scripts import PluginMigrations


def make_earlier(options: Options, database: Path, plugin: str, last: str) -> None:
    """Make the file with the plugin's migrations up to and with `last` (`0001_levels`). Blocking."""
    if database.exists():
        raise AssertionError(f"{database} is there already: the marker kanade(start=False) leaves it to you")
    extra = [from_file(file) for file in options.files]
    plan = make_plan(only=options.plugins, tables=options.settings, extra=extra)
    wanted = [one for one in plan.loaded if one.name == plugin and one.migrations is not None]
    if not wanted:
        reasons = {state.name: state.reason for state in plan.failed}
        raise AssertionError(f"plugin {plugin!r} has no migrations here ({reasons or 'nothing failed'})")
    loaded = wanted[0]
    assert loaded.migrations is not None
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(path for path in loaded.migrations.folder.iterdir() if path.is_file())
        if last not in [path.stem for path in files]:
            raise AssertionError(
                f"no migration {last!r}; there are: {', '.join(path.stem for path in files)}"
            )
        for path in files:
            if path.stem <= last:
                shutil.copy(path, folder)
        made = Database.open(str(database))
        try:
            made.apply(PluginMigrations(plugin, Path(folder), foreign=loaded.state.manifest.foreign))
            made.seal()
        finally:
            made.close()
