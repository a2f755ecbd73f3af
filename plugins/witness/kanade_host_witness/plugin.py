"""What is done on the broker past this host is put on record: the hooks.

kanade's command line and anybody with the broker's token change buckets and objects and send kills without
asking the host (`contract/clients.md` 3.3). The command line says so on AUDIT, and most of that is lost
(2.5). Here the deeds themselves are watched; what was not said within a few seconds is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kanade_host.plugin import (
    Context,
    Job,
    Migrations,
    Projection,
    Samples,
    Settings,
    Subscription,
    Sweep,
    hookimpl,
)
from kanade_host_witness.projector import apply_audit, apply_kills, pick_records, watching
from kanade_host_witness.recording import Recorder
from kanade_host_witness.settings import WitnessSettings
from kanade_host_witness.sources import AUDIT_DURABLE, AUDIT_STREAM, KILLS, SOURCES
from kanade_host_witness.streams import Streams

RECORD_SECONDS = 1.0
STREAMS_SECONDS = 2.0


@hookimpl
def kanade_settings() -> type[Settings]:
    """How long to wait."""
    return WitnessSettings


@hookimpl
def kanade_migrations() -> Migrations:
    """Nothing to make anew: what was looked at once is not news again."""
    return Migrations(
        Path(__file__).parent / "migrations" / "sqlite",
        kept=(
            "witness_since",
            "witness_seen",
            "witness_values",
            "witness_changes",
            "witness_told",
            "witness_streams",
        ),
    )


@hookimpl
def kanade_subscriptions(settings: Settings) -> Sequence[Subscription]:  # noqa: ARG001
    """Deeds, and what is said of them."""
    return [
        *(
            Projection(
                name=f"witness.{source.name}",
                stream=source.stream,
                durable=f"witness_{source.name}",
                filter=source.filter,
                message=bytes,
                apply=watching(source),
            )
            for source in SOURCES
        ),
        Projection(
            name="witness.audit",
            stream=AUDIT_STREAM,
            durable=AUDIT_DURABLE,
            message=bytes,
            pick=pick_records,
            apply=apply_audit,
        ),
        Samples("witness.kills", subject=KILLS, message=bytes, apply=apply_kills),
    ]


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    """The look at what streams there are, and the records."""
    return [
        Sweep("witness.streams", Streams(ctx).look, every=STREAMS_SECONDS),
        Sweep("witness.record", Recorder(ctx).run, every=RECORD_SECONDS),
    ]
