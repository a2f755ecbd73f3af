"""Which jobs bring inventory, and what is to be done with it: the bucket `jobs`, decoded and kept.

`contract/projections.md` 4, 5.5. The live map is asked first. A result can overtake the watch, so where
the map lacks a key the bucket itself is read before anybody gives up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kanade_host.plugin import BadJson, BadShape, Context, Entry, decode, encode
from kanade_host_inventory.manifest import ExplodeSpec, InventoryHint, Manifest

BUCKET = "jobs"
SERVICE = "inventory.hints"


@dataclass(frozen=True, slots=True)
class Hint:
    """What a manifest says about inventory; the first two as they are stored beside the facts."""

    display_json: str
    summary_json: str | None
    explode: tuple[ExplodeSpec, ...]
    scalars: tuple[str, ...]

    @classmethod
    def of(cls, inventory: InventoryHint) -> Hint:
        """Scalars that are named twice count once."""
        summary = None if inventory.summary is None else encode(inventory.summary).decode()
        return cls(
            encode(inventory.display).decode(),
            summary,
            tuple(inventory.explode or ()),
            tuple(dict.fromkeys(inventory.history_scalars or ())),
        )


@dataclass(frozen=True, slots=True)
class Held:
    """One value of the bucket, decoded. `error`: why it is no manifest.

    `search` is the last manifest that did decode: a broken one does not take the search away.
    """

    value: bytes
    manifest: Manifest | None
    hint: Hint | None
    error: str | None
    search: Manifest | None


class Hints:
    """Service "inventory.hints": manifests by key."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._held: dict[str, Held] = {}

    def known(self, key: str) -> Held | None:
        """What the live map holds; None: nothing (yet)."""
        entry = self._ctx.watch(BUCKET).get(key)
        return self._remember(entry) if entry is not None else None

    async def find(self, key: str) -> Held | None:
        """What the map holds, else what the bucket holds; None: nothing.

        Raises `BrokerUnavailable`, `ResourceMissing`, `InvalidKey`.
        """
        held = self.known(key)
        if held is not None:
            return held
        entry = await self._ctx.bus.kv(BUCKET).get(key)
        if entry is None or entry.value is None:
            self.forget(key)
            return None
        return self._remember(entry)

    def all(self) -> Iterator[Held]:
        """Everything in the live map, by key."""
        yield from (self._remember(entry) for _, entry in list(self._ctx.watch(BUCKET).items()))

    def forget(self, key: str) -> None:
        """The key is gone from the bucket."""
        self._held.pop(key, None)

    def _remember(self, entry: Entry) -> Held:
        value = entry.value or b""
        held = self._held.get(entry.key)
        if held is None or held.value != value:
            held = self._held[entry.key] = self._decoded(entry.key, value, held)
        return held

    def _decoded(self, key: str, value: bytes, before: Held | None) -> Held:
        try:
            manifest = decode(Manifest, value)
        except (BadJson, BadShape) as error:
            reason = str(error)
            self._ctx.log.warning("an entry of the job catalogue is no manifest", job_id=key, reason=reason)
            return Held(value, None, None, reason, None if before is None else before.search)
        hint = None if manifest.inventory is None else Hint.of(manifest.inventory)
        return Held(value, manifest, hint, None, manifest)


def hints_of(ctx: Context) -> Hints:
    """The service of this plugin itself."""
    return ctx.service(SERVICE, Hints)
