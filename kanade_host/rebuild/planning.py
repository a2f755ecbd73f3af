"""Before a rebuild: what there is to replay, and what no stream can give again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.jetstream import stream_info
from kanade_host.parts import Store
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.errors import ResourceMissing
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.rebuild import Rebuild
from kanade_host.plugin.subscriptions import Projection
from kanade_host.projection.begin import Position
from kanade_host.projection.ledger import Ledger
from kanade_host.rebuild.scratch import Tables
from kanade_host.rebuild.status import RebuildPlan, Source
from kanade_host.store.connections import open_reader


@dataclass(frozen=True, slots=True)
class Found:
    """One projection and its stream as it is now. `never_cut`: it holds all messages since it was made."""

    projection: Projection
    created: str
    never_cut: bool
    source: Source


async def find(projection: Projection, plugin: str, bus: NatsBus, live: Store) -> Found:
    """Look at the stream and at the position. Raises `ResourceMissing`, `BrokerUnavailable`."""
    position = await position_of(projection, plugin, live)
    info = await stream_info(bus, projection.stream)
    if info is None:
        raise ResourceMissing(f"stream {projection.stream} does not exist")
    same = position is not None and position.stream_created == info.created
    last = position.sequence if position is not None and same else 0
    source = Source(
        projection=projection.name,
        stream=projection.stream,
        first=info.first_seq if info.messages else 0,
        last=last,
        messages=min(info.messages, max(last - info.first_seq + 1, 0)),
        begins=info.first_time,
        complete=info.first_seq <= 1 and (same or position is None),
    )
    return Found(projection, info.created, info.first_seq <= 1, source)


async def position_of(projection: Projection, plugin: str, live: Store) -> Position | None:
    """How far the live rows have come."""
    return await live.writer.run("host", Ledger(projection.name, plugin, projection.stream).read)


def begins_of(found: Found, clock: Clock) -> Instant:
    """See `Reach.begins`."""
    source = found.source
    if found.never_cut:
        return Instant.parse(found.created)
    return clock.now() if source.begins is None else source.begins + 1


def plan_of(
    plugin: str, rebuild: Rebuild, found: Sequence[Found], tables: Tables, live: Store
) -> RebuildPlan:
    """Blocking: counts rows."""
    with contextlib.closing(open_reader(live.writer.location)) as connection:
        replaces = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name in (*tables.replaced, *tables.dynamic)
        }
    losses = [] if rebuild.carries or not any(replaces.values()) else _losses(found, replaces)
    return RebuildPlan(
        plugin=plugin,
        sources=[one.source for one in found],
        replaces=replaces,
        keeps=list(tables.kept),
        losses=losses,
    )


def _losses(found: Sequence[Found], replaces: dict[str, int]) -> list[str]:
    rows = ", ".join(f"{name} ({count} rows)" for name, count in replaces.items() if count)
    return [
        f"{source.stream} {_begins(source)}; rows of {rows} that came from earlier ones would be lost."
        for source in (one.source for one in found)
        if not source.complete
    ]


def _begins(source: Source) -> str:
    if source.begins is None:
        return "holds no messages any more"
    return f"begins with message {source.first} of {source.begins.wire}"
