"""Ten plugins that misbehave, each in its own way, as installed distributions in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

_HEAD = """
import asyncio, contextlib
from pathlib import Path
import msgspec
from kanade_host.plugin import *

READ = Permission("{name}.read", Role.VIEWER)

async def hello(request):
    return {{"hello": "{name}"}}

def hello_route():
    return Route("GET", "/api/{name}/hello", hello, READ, "Say hello")
"""


@dataclass(frozen=True)
class Probe:
    """A plugin's name, the code of its module, its static file beyond the name, and its migrations."""

    name: str
    code: str
    static: str = ""
    distribution: str = ""
    migrations: dict[str, str] = field(default_factory=dict)

    def install(self, site: Path) -> None:
        """Write the package and the metadata of its distribution."""
        distribution = self.distribution or f"probe-{self.name.replace('_', '-')}"
        package = f"{distribution.replace('-', '_')}_pkg"
        folder = site / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "plugin.py").write_text(_HEAD.format(name=self.name) + self.code)
        (folder / "kanade-plugin.toml").write_text(
            f'name = "{self.name}"\ntitle = "Probe {self.name}"\napi = "1"\n{self.static}'
        )
        for file, sql in self.migrations.items():
            (folder / "migrations").mkdir(exist_ok=True)
            (folder / "migrations" / file).write_text(sql)
        info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[kanade_host.plugins]\n{self.name} = {package}.plugin\n")


_ROUTE = "\n@hookimpl\ndef kanade_routes(settings):\n    return [hello_route()]\n"

WELL = Probe("probe_well", _ROUTE)

RAISES_AT_IMPORT = Probe("probe_import", 'raise RuntimeError("the probe does not import")')

WRONG_HOOK = Probe("probe_hook", "\n@hookimpl\ndef kanade_routes(banana):\n    return []\n")

SLOW_START = Probe(
    "probe_slow",
    _ROUTE
    + """
@hookimpl
def kanade_lifespan(ctx):
    @contextlib.asynccontextmanager
    async def life():
        await asyncio.sleep(300)
        yield
    return life()
""",
)

TASK_RAISES = Probe(
    "probe_task",
    _ROUTE
    + """
async def work():
    raise RuntimeError("the probe's task has had enough")

@hookimpl
def kanade_tasks(ctx):
    return [Task("work", work)]
""",
)

FAILING_MIGRATION = Probe(
    "probe_migration",
    _ROUTE
    + """
@hookimpl
def kanade_migrations():
    return Migrations(Path(__file__).parent / "migrations")
""",
    migrations={
        "0001_bad.sql": "CREATE TABLE probe_migration_rows (id INTEGER PRIMARY KEY; -- never closed\n"
    },
)

CLASHING_ROUTE = Probe(
    "probe_clash",
    """
@hookimpl
def kanade_routes(settings):
    return [Route("GET", "/api/plugins", hello, READ, "Take the host's own")]
""",
    distribution="kanade-host-probe-clash",
)

DUPLICATE_FIRST = Probe("probe_twin", _ROUTE, distribution="probe-twin-a")
DUPLICATE_SECOND = Probe("probe_twin", _ROUTE, distribution="probe-twin-b")

MISSING_REQUIREMENT = Probe("probe_needy", _ROUTE, static='requires = ["nowhere"]\n')

UNKNOWN_SETTING = Probe(
    "probe_setting",
    _ROUTE
    + """
class Own(Settings, frozen=True, kw_only=True):
    interval: int = 5

@hookimpl
def kanade_settings():
    return Own
""",
)

ENDLESS = Probe(
    "probe_endless",
    """
async def spin(request):
    while True:
        pass

class Beat(msgspec.Struct):
    pc_id: str

def apply(tx, batch):
    while True:
        pass

@hookimpl
def kanade_routes(settings):
    return [hello_route(), Route("GET", "/api/probe_endless/spin", spin, READ, "Hold the loop")]

@hookimpl
def kanade_subscriptions(settings):
    return [Projection("probe_endless.beats", stream="OBS_EVENTS", durable="probe_endless_beats",
                       message=Beat, apply=apply)]
""",
)

ALL = (
    WELL,
    RAISES_AT_IMPORT,
    WRONG_HOOK,
    SLOW_START,
    TASK_RAISES,
    FAILING_MIGRATION,
    CLASHING_ROUTE,
    DUPLICATE_FIRST,
    DUPLICATE_SECOND,
    MISSING_REQUIREMENT,
    UNKNOWN_SETTING,
    ENDLESS,
)
