"""The audit trail: the hooks, which are the table of contents of this plugin.

Recording is not here: `kanade_host.plugin.audit` puts a record into the outbox of whoever acts, so nothing
is lost while this plugin is switched off; it catches up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kanade_host.plugin import (
    Context,
    Job,
    Migrations,
    Page,
    Projection,
    Route,
    Settings,
    Subscription,
    Sweep,
    hookimpl,
)
from kanade_host_audit.messages import AuditEvent
from kanade_host_audit.pages import PAGES
from kanade_host_audit.projector import apply_audit
from kanade_host_audit.rebuild import REBUILD
from kanade_host_audit.routes import routes
from kanade_host_audit.settings import AuditSettings
from kanade_host_audit.sweep import sweep


@hookimpl
def kanade_settings() -> type[Settings]:
    """Retention, which is off by default."""
    return AuditSettings


@hookimpl
def kanade_migrations() -> Migrations:
    """The stream AUDIT is kept for ever and gives every row again."""
    return Migrations(Path(__file__).parent / "migrations" / "sqlite", rebuild=REBUILD)


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001
    """Everything that anybody recorded."""
    return [
        Projection(
            name="audit.audit",
            stream="AUDIT",
            durable="backend_audit_projector",
            message=AuditEvent,
            apply=apply_audit,
        )
    ]


@hookimpl
def kanade_routes(settings: Settings) -> Sequence[Route]:  # noqa: ARG001
    """The trail."""
    return routes()


@hookimpl
def kanade_pages() -> Sequence[Page]:
    """What the web interface shows."""
    return PAGES


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    """Retention."""
    return [Sweep("audit.retention", lambda: sweep(ctx))]
