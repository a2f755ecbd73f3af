"""Plugins that have never run here before are told to the operator: logged, and audited."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import structlog

from kanade_host.loading.find import RESERVED
from kanade_host.loading.plan import Plan
from kanade_host.loading.state import Manifest
from kanade_host.plugin.audit import audit
from kanade_host.plugin.instants import Instant

log = structlog.get_logger("kanade_host.loading")


def note_seen(tx: Any, manifests: Sequence[Manifest], at: Instant) -> list[Manifest]:
    """Remember which distributions and versions run; answers those that are new here.

    The first start of all is no news: then nothing is audited.
    """
    known = {
        row["name"]: (row["distribution"], row["version"])
        for row in tx.execute("SELECT name, distribution, version FROM host_plugins")
    }
    new = [one for one in manifests if known.get(one.name) != (one.distribution, one.version)]
    for one in new:
        tx.execute(
            "INSERT INTO host_plugins(name, distribution, version, first_seen, last_seen)"
            " VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(name) DO UPDATE SET distribution = excluded.distribution,"
            " version = excluded.version, last_seen = excluded.last_seen",
            (one.name, one.distribution, one.version, at.stored, at.stored),
        )
        if known:
            payload = {"distribution": one.distribution, "version": one.version}
            audit(tx, at, "plugin_seen", one.name, payload, actor="host")
    return new if known else []


def tell(new: Sequence[Manifest]) -> None:
    """Log what is new."""
    for one in new:
        log.warning(
            "a plugin runs here for the first time",
            plugin=one.name,
            distribution=one.distribution,
            version=one.version,
        )


def gone(tx: Any, installed: Collection[str]) -> list[Manifest]:
    """Plugins that ran here once and are not installed any more, by name."""
    rows = tx.execute("SELECT name, distribution, version FROM host_plugins ORDER BY name").fetchall()
    return [
        Manifest(row["name"], row["name"], "", row["distribution"], row["version"])
        for row in rows
        if row["name"] not in installed and row["name"] not in RESERVED
    ]


def tell_gone(gone: Sequence[Manifest]) -> None:
    """Log whose data lies here without its code."""
    for one in gone:
        log.warning(
            "a plugin that ran here is not installed any more; what it kept is still there",
            plugin=one.name,
            distribution=one.distribution,
            hint=f"install it again, or: kanade-host plugin purge {one.name}",
        )


def tell_off(plan: Plan) -> None:
    """Log in one line which features are off, and why."""
    off = [f"{state.manifest.title} ({state.name}): {state.reason}" for state in plan.states if state.out]
    if off:
        log.warning("features are off", count=len(off), which="; ".join(off))
