"""Tables that a plugin makes while it runs: `Migrations.dynamic` asks, the host takes out all others'."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from kanade_host.loading.collect import Loaded
from kanade_host.loading.migrating import allow_dynamic
from kanade_host.loading.state import Manifest, PluginState
from kanade_host.plugin import Migrations
from kanade_host.store.guard import Owners

OWNED = {"host_outbox": "host", "_yoyo_log": "host", "Results_Extra": "results", "own_things": "own"}


def owners(foreign: bool, dynamic: Any) -> Owners:
    manifest = Manifest("own", "own", "m", "d", "0", requires=(), after=(), foreign=foreign)
    loaded = Loaded(PluginState(manifest), ModuleType("m"), migrations=Migrations(Path(), dynamic=dynamic))
    made = Owners(OWNED)
    allow_dynamic(made, loaded)
    return made


@pytest.mark.parametrize(
    ("table", "ours", "foreign"),
    [
        ("own_derived", True, True),
        ("Own_Derived", True, True),
        ("anything", True, False),
        ("own_things", True, True),
        ("results_extra", False, False),
        ("host_outbox", False, False),
        ("HOST_new", False, False),
        ("users", False, False),
        ("Inventory_Facts", False, False),
        ("_sqlx_migrations", False, False),
        ("_yoyo_log", False, False),
        ("yoyo_new", False, False),
        ("sqlite_sequence", False, False),
    ],
)
def test_whose_names_are_refused(table: str, ours: bool, foreign: bool) -> None:
    assert owners(False, lambda _: True).may_write("own", table) is ours
    assert owners(True, lambda _: True).may_write("own", table) is foreign
    assert not owners(False, lambda _: True).may_write("somebody", "anything")


def test_the_plugin_has_to_want_it() -> None:
    assert not owners(False, None).may_write("own", "own_derived")
    wanting = owners(False, lambda table: table == "own_derived")
    assert wanting.may_write("own", "own_derived")
    assert not wanting.may_write("own", "own_other")


def test_a_plugin_without_migrations_makes_none() -> None:
    made = Owners()
    allow_dynamic(made, SimpleNamespace(name="own", migrations=None))  # type: ignore[arg-type]
    assert not made.may_write("own", "own_derived")
