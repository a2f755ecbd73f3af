"""Everything that lies in the broker, at a glance: streams, buckets and object stores with their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kanade_host.plugin.instants import Instant

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus

MOST = 1_000
"""Streams that are listed; a broker of ours has about twenty."""
_KINDS: tuple[tuple[str, Literal["bucket", "objects"]], ...] = (("KV_", "bucket"), ("OBJ_", "objects"))


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One stream, bucket or object store. Sizes are in bytes, `max_age` in seconds (0: for ever)."""

    name: str
    kind: Literal["stream", "bucket", "objects"]
    stream: str
    subjects: list[str]
    messages: int
    bytes: int
    first_sequence: int
    last_sequence: int
    last_at: Instant | None
    consumers: int
    max_age: int
    max_bytes: int
    created_at: Instant | None


class BrokerView(msgspec.Struct, frozen=True, kw_only=True):
    """How the connection stands. `reason` says why it does not, or why nothing could be listed.
    `embedded`: the broker is the host's own child."""

    connected: bool
    reason: str | None
    embedded: bool
    held: list[Held]


async def held(bus: NatsBus) -> list[Held]:
    """By kind and name. Raises `BrokerUnavailable`, `ApiError`."""
    found: list[Held] = []
    while len(found) < MOST:
        page = await bus.api("STREAM.LIST", msgspec.json.encode({"offset": len(found)}))
        rows = page.get("streams") or []
        found += [_held(row) for row in rows]
        if not rows or len(found) >= page["total"]:
            break
    order = {"stream": 0, "bucket": 1, "objects": 2}
    return sorted(found[:MOST], key=lambda one: (order[one.kind], one.name))


def _held(row: dict[str, Any]) -> Held:
    config, state = row["config"], row["state"]
    name: str = config["name"]
    kind: Literal["stream", "bucket", "objects"] = "stream"
    shown = name
    for prefix, of in _KINDS:
        if name.startswith(prefix):
            kind, shown = of, name.removeprefix(prefix)
    return Held(
        name=shown,
        kind=kind,
        stream=name,
        subjects=list(config.get("subjects") or ()),
        messages=state["messages"],
        bytes=state["bytes"],
        first_sequence=state["first_seq"],
        last_sequence=state["last_seq"],
        last_at=_instant(state.get("last_ts")),
        consumers=state.get("consumer_count", 0),
        max_age=config.get("max_age", 0) // 1_000_000_000,
        max_bytes=max(config.get("max_bytes", -1), -1),
        created_at=_instant(row.get("created")),
    )


def _instant(text: str | None) -> Instant | None:
    return None if text is None or text.startswith("0001-") else Instant.parse(text)
