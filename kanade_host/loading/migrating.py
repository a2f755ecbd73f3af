"""Open the database file and bring every plugin's tables up to date; what fails is that plugin's alone."""

from __future__ import annotations

from kanade_host.loading.collect import Loaded
from kanade_host.loading.plan import Plan
from kanade_host.store.database import Database
from kanade_host.store.errors import MigrationFailed
from kanade_host.store.guard import Owners
from kanade_host.store.ownership import RESERVED, Owned, inspect, prefix_of
from kanade_host.store.scripts import PluginMigrations
from kanade_host.store.upstream import BASE_TABLES


def open_database(where: str, plan: Plan) -> tuple[Database, Owners]:
    """Blocking: for a thread. Raises `DatabaseRefused`, `StoreUnavailable`."""
    database = Database.open(where)
    try:
        _migrate(database, plan)
        owners = database.seal()
        for one in plan.loaded:
            allow_dynamic(owners, one)
        return database, owners
    except BaseException:
        database.close()
        raise


def _migrate(database: Database, plan: Plan) -> None:
    items = {one.name: item for one in plan.loaded if (item := _item(one)) is not None}
    for name, found in inspect(items.values()).items():
        if isinstance(found, MigrationFailed):
            plan.fail(name, "migrated", found.reason)
            continue
        if any(one.name == name for one in plan.loaded):
            _apply(database, plan, items[name], found)
    for one in plan.loaded:
        one.state.enter("migrated")


def _apply(database: Database, plan: Plan, item: PluginMigrations, owned: Owned) -> None:
    try:
        database.apply(item, owned)
    except MigrationFailed as failure:
        plan.fail(item.plugin, "migrated", failure.reason)
        return
    for one in plan.loaded:
        if one.name == item.plugin:
            one.state.contributes["tables"] = list(owned.tables)


def _item(loaded: Loaded) -> PluginMigrations | None:
    wanted = loaded.migrations
    if wanted is None:
        return None
    return PluginMigrations(loaded.name, wanted.folder, wanted.kept, loaded.state.manifest.foreign)


def allow_dynamic(owners: Owners, loaded: Loaded) -> None:
    """Let a plugin make tables while it runs, but for names that are, or will be, somebody else's.

    Tables that migrations make are known to `owners`. Those of kanade-backend are refused by name too:
    their plugin may never have run on this file.
    """
    accepts = loaded.migrations.dynamic if loaded.migrations is not None else None
    if accepts is None:
        return
    prefix = prefix_of(loaded.name) if loaded.state.manifest.foreign else ""

    def allowed(table: str) -> bool:
        low = table.lower()
        if low in BASE_TABLES or low.startswith(RESERVED) or not low.startswith(prefix):
            return False
        return accepts(table)

    owners.allow_dynamic(loaded.name, allowed)
