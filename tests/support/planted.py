"""Faults that are planted into copies of `examples/battery`: each by replacing texts, or writing files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

BATTERY = Path(__file__).resolve().parents[2] / "examples" / "battery"
PACKAGE = "kanade_battery"


@dataclass(frozen=True)
class Fault:
    """`swaps`: file, text in it, what stands there instead; `files`: written; `gone`: removed.

    `rule` is the one that must find it, `says` a part of its finding; `also` names rules that the same fault
    breaks by its nature. `proof`: only a host that is run shows it.
    """

    name: str
    rule: str
    says: str
    swaps: tuple[tuple[str, str, str], ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    proof: bool = False

    def plant(self, into: Path) -> Path:
        """The copy with the fault."""
        folder = into / "battery"
        shutil.copytree(BATTERY, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for file, old, new in self.swaps:
            path = folder / file
            text = path.read_text("utf-8")
            assert old in text, f"{file} has no {old!r} any more"
            path.write_text(text.replace(old, new), "utf-8")
        for file, text in self.files.items():
            (folder / file).write_text(text, "utf-8")
        for file in self.gone:
            (folder / file).unlink()
        return folder


PLUGIN, PROJECTOR, ROUTES = (f"{PACKAGE}/{name}.py" for name in ("plugin", "projector", "routes"))
SETTINGS, STATIC = f"{PACKAGE}/settings.py", f"{PACKAGE}/kanade-plugin.toml"
LEVELS_SQL, LEVELS_JS = f"{PACKAGE}/migrations/sqlite/0001_levels.sql", f"{PACKAGE}/web/levels.js"
IMPORTS = "from kanade_host.plugin import Batch, Projection, Tx"
ROW = "battery.percent, battery.health, event.at.stored, message.meta.time.stored)"
SECOND = f"{PACKAGE}/migrations/sqlite/0002_more.sql"
LATER = """HELD = {}


async def prepare(ctx, batch):
    HELD["ctx"] = ctx
    return batch


def later(row):
    asyncio.ensure_future(HELD["ctx"].write(lambda tx: tx.execute(NEWEST, row)))


def apply("""

NEEDY = """@hookimpl
def kanade_tasks(ctx):
    ctx.service("jobs.catalog")
    return []


@hookimpl
def kanade_pages"""

FAULTS = (
    Fault("no-title", "static-file", "title", ((STATIC, 'title = "Battery levels"\n', ""),)),
    Fault("newer-api", "api-version", "1.99", ((STATIC, 'api = "1"', 'api = "1.99"'),)),
    Fault(
        "inner-import",
        "imports",
        "imports kanade_host.store.tx",
        ((PROJECTOR, IMPORTS, f"{IMPORTS}\nimport kanade_host.store.tx  # noqa"),),
    ),
    Fault(
        "unknown-hook", "hooks", "kanade_rouets", ((PLUGIN, "def kanade_routes()", "def kanade_rouets()"),)
    ),
    Fault(
        "async-hook",
        "hooks",
        "must not be async",
        ((PLUGIN, "def kanade_routes()", "async def kanade_routes()"),),
    ),
    Fault(
        "route-twice",
        "routes",
        "clashes",
        ((ROUTES, '"/api/battery/levels/{pc_id}"', '"/api/battery/levels"'),),
    ),
    Fault(
        "foreign-route",
        "names",
        "/api/agents",
        ((ROUTES, '"/api/battery/levels/{pc_id}"', '"/api/agents/{pc_id}/battery"'),),
    ),
    Fault(
        "foreign-table",
        "tables",
        "begin with battery_",
        ((LEVELS_SQL, "battery_levels", "levels"),),
        also=("own-tables",),
    ),
    Fault(
        "public-route",
        "permissions",
        "GET /api/battery/levels names no permission",
        ((ROUTES, "levels,\n        READ,", "levels,\n        None,"),),
    ),
    Fault(
        "silent-change",
        "audits",
        "DELETE /api/battery/levels/{pc_id}",
        (
            (
                ROUTES,
                '"GET",\n        "/api/battery/levels/{pc_id}"',
                '"DELETE",\n        "/api/battery/levels/{pc_id}"',
            ),
        ),
    ),
    Fault(
        "clock-in-apply",
        "clock",
        "calls time.time",
        (
            (PROJECTOR, IMPORTS, f"import time\n{IMPORTS}"),
            (PROJECTOR, ROW, "battery.percent, battery.health, event.at.stored, str(time.time()))"),
        ),
        also=("rebuild", "replay"),
    ),
    Fault(
        "clock-in-sql",
        "clock",
        "'now'",
        ((PROJECTOR, "VALUES (?, ?, ?, ?, ?)", "VALUES (?, ?, ?, ?, coalesce(NULL, datetime('now'), ?))"),),
        also=("rebuild", "replay"),
    ),
    Fault(
        "file-in-apply",
        "apply-io",
        "calls open",
        (
            (
                PROJECTOR,
                "    for message in batch:",
                '    open("/dev/null").close()\n    for message in batch:',
            ),
        ),
    ),
    Fault(
        "sleep-in-handler",
        "blocking",
        "calls time.sleep",
        (
            (ROUTES, "import sqlite3", "import sqlite3\nimport time"),
            (
                ROUTES,
                "    rows = await request.ctx.query(ONE",
                "    time.sleep(0.1)\n    rows = await request.ctx.query(ONE",
            ),
        ),
    ),
    Fault(
        "others-table",
        "own-tables",
        "writes to agents",
        ((ROUTES, "ONE = ", 'NOTE = "UPDATE agents SET note = ?"\nONE = '),),
    ),
    Fault(
        "silent-setting",
        "settings",
        "low_percent: no description",
        (
            (
                SETTINGS,
                'Annotated[Percent, msgspec.Meta(description="A battery at or below this is low.")]',
                "Percent",
            ),
        ),
    ),
    Fault("no-tests", "tests", "no test", gone=("tests/test_battery.py",)),
    Fault(
        "not-null-column",
        "migrations-up",
        "NOT NULL",
        files={SECOND: "ALTER TABLE battery_levels ADD COLUMN maker TEXT NOT NULL;\n"},
        also=("runs",),
    ),
    Fault(
        "rows-thrown-away",
        "migrations-up",
        "the rows of battery_levels are gone",
        files={SECOND: "DELETE FROM battery_levels;\n"},
    ),
    Fault(
        "no-mount",
        "pages",
        "levels.js exports no mount",
        ((LEVELS_JS, "export async function mount", "export async function draw"),),
    ),
    Fault(
        "markup",
        "page-safe",
        "innerHTML",
        ((LEVELS_JS, "cell.textContent = text;", "cell.innerHTML = text;"),),
    ),
    Fault(
        "bare-table",
        "page-accessible",
        "a table without a caption",
        (
            (LEVELS_JS, 'createElement("caption")', 'createElement("p")'),
            (LEVELS_JS, "replaceChildren(caption, ", "replaceChildren("),
        ),
    ),
    Fault("no-examples", "examples", "does not exist", gone=("tests/messages.jsonl",)),
    Fault(
        "needs-a-neighbour",
        "runs",
        "no running plugin offers",
        (
            (
                PLUGIN,
                "@hookimpl\ndef kanade_pages",
                NEEDY,
            ),
        ),
        also=("typed",),
        proof=True,
    ),
    Fault(
        "old-over-new",
        "replay",
        "battery_levels",
        ((PROJECTOR, "WHERE excluded.received_at >= battery_levels.received_at\n", ""),),
        proof=True,
    ),
    Fault(
        "state-of-the-module",
        "rebuild",
        "battery_levels",
        (
            (PROJECTOR, "def apply(", "BATCHES: list[int] = []\n\n\ndef apply("),
            (
                PROJECTOR,
                "    for message in batch:",
                "    BATCHES.append(len(batch))\n    for message in batch:",
            ),
            (PROJECTOR, "(event.pc_id, battery.percent,", "(event.pc_id, battery.percent + len(BATCHES),"),
        ),
        also=("replay",),
        proof=True,
    ),
    Fault(
        "written-after-the-commit",
        "kill",
        "battery_levels",
        (
            (PROJECTOR, IMPORTS, f"import asyncio\n{IMPORTS}"),
            (PROJECTOR, "def apply(", LATER),
            (
                PROJECTOR,
                "        tx.execute(NEWEST, row)",
                "        tx.after_commit(lambda row=row: later(row))",
            ),
            (PROJECTOR, "    apply=apply,", "    apply=apply,\n    prepare=prepare,"),
        ),
        also=("typed",),
        proof=True,
    ),
)
