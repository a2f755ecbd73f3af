"""Inventory: the hooks, which are the table of contents of this plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kanade_host.plugin import (
    Context,
    Entry,
    Job,
    Migrations,
    Page,
    Projection,
    Route,
    Settings,
    Subscription,
    Sweep,
    Watch,
    hookimpl,
)
from kanade_host_inventory import routes as http
from kanade_host_inventory.api import COLUMNS
from kanade_host_inventory.columns import InventoryColumns
from kanade_host_inventory.derived import find, makes
from kanade_host_inventory.hints import BUCKET, SERVICE, Hints, hints_of
from kanade_host_inventory.messages import ExecResult
from kanade_host_inventory.pages import PAGES
from kanade_host_inventory.pc_records import InventoryRecords
from kanade_host_inventory.preparing import pick, prepare
from kanade_host_inventory.projector import apply_scans
from kanade_host_inventory.rebuild import REBUILD
from kanade_host_inventory.settings import InventorySettings
from kanade_host_inventory.spec import BadSpec
from kanade_host_inventory.sweep import sweep


@hookimpl
def kanade_settings() -> type[Settings]:
    """Retention, and how large a derived table one PC may fill."""
    return InventorySettings


@hookimpl
def kanade_migrations() -> Migrations:
    """RESULTS holds 30 days, facts and history reach further back. Derived tables are made at run time."""
    return Migrations(
        Path(__file__).parent / "migrations" / "sqlite",
        rebuild=REBUILD,
        dynamic=makes,
    )


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001
    """Results once more, with a position of our own, and the manifests that say which are scans.

    There is no `after`: nothing here needs the rows of results, and their projection may stand still
    without stopping this one.
    """
    return [
        Projection(
            name="inventory.facts",
            stream="RESULTS",
            durable="kanade_inventory_facts",
            message=ExecResult,
            pick=pick,
            prepare=prepare,
            apply=apply_scans,
            begins_at="backend_results_projector",
        ),
        Watch(BUCKET, on_change=_manifest_changed),
    ]


async def _manifest_changed(ctx: Context, entry: Entry) -> None:
    """Make its derived tables, so that they are there before the first scan, and at every start."""
    hints = hints_of(ctx)
    if entry.value is None:
        hints.forget(entry.key)
        return
    held = hints.known(entry.key)
    for spec in held.hint.explode if held is not None and held.hint is not None else ():
        try:
            await find(ctx, spec)
        except BadSpec as error:
            ctx.log.warning(
                "derived table cannot be made", job_id=entry.key, table=spec.table, reason=str(error)
            )


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001
    """Facts, search and history."""
    return http.routes()


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    """The manifests, decoded; and what they brought, as conditions on PCs."""
    return {
        SERVICE: Hints(ctx),
        COLUMNS: InventoryColumns(ctx),
        "inventory.pc_records": InventoryRecords(ctx),
    }


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    """Retention."""
    return [Sweep("inventory.retention", lambda: sweep(ctx))]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES
