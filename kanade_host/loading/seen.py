"""Plugins that have never run here before are told to the operator: logged, and audited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

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
