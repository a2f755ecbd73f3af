"""Which PC is in which group: rows of the bucket `agent_groups` (`contract/wire.md` 10)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kanade_host.plugin import BadJson, BadShape, Context, Decoder, Entry, HttpError, LiveMap
from kanade_host_fleet.api import SERVICE
from kanade_host_fleet.messages import AgentGroups

BUCKET = "agent_groups"
NAME_BYTES = 1_024
"""As many as a name in a subject may have (`kanade_host_jobs.subjects`), and less than a key may."""
MOST_GROUPS = 1_000
"""Of one PC. Each is a filter subject of its durable, and the broker compares each with each."""
EMPTY_NAME = "group name must not be empty"
_UNUSABLE = re.compile(r"[\s*>\x00-\x1f\x7f]|^\.|\.$|\.\.")

_row = Decoder(AgentGroups)


def normal(groups: Iterable[str]) -> list[str]:
    """Sorted by bytes, each once: how every writer stores them."""
    return sorted(set(groups))


def usable(name: str) -> str:
    """A new group's name, trimmed. What could never be addressed is a 400 (wire.md 1.2)."""
    trimmed = name.strip()
    if not trimmed:
        raise HttpError(400, EMPTY_NAME)
    if len(trimmed.encode()) > NAME_BYTES:
        raise HttpError(400, f"group name `{trimmed[:40]}…` cannot be used: longer than {NAME_BYTES} bytes")
    if _UNUSABLE.search(trimmed):
        raise HttpError(
            400,
            f"group name `{trimmed}` cannot be used: leave out white space, `*`, `>`,"
            " and dots at either end or next to each other",
        )
    return trimmed


def check_count(groups: list[str], before: int) -> None:
    """Refuse to put a PC into too many groups; a list that is longer already may get shorter."""
    if len(groups) > max(MOST_GROUPS, before):
        raise HttpError(400, f"{len(groups)} groups are too many: a PC can be in at most {MOST_GROUPS}")


class Memberships:
    """Implements `Groups`, over the live map; rows are decoded once per revision."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._decoded: dict[str, tuple[int, list[str]]] = {}

    async def members(self, group: str) -> list[str]:
        await self.map.synced()
        return [pc_id for pc_id, groups in self.snapshot().items() if group in groups]

    async def groups_of(self, pc_id: str) -> list[str]:
        await self.map.synced()
        entry = self.map.get(pc_id)
        return [] if entry is None else list(self._groups(entry))

    def snapshot(self) -> dict[str, list[str]]:
        found = {pc_id: self._groups(entry) for pc_id, entry in self.map.items()}
        if len(self._decoded) > len(found):
            self._decoded = {key: held for key, held in self._decoded.items() if key in found}
        return {pc_id: list(groups) for pc_id, groups in found.items()}

    def of(self, pc_ids: Iterable[str]) -> dict[str, list[str]]:
        rows = self.map
        entries = ((pc_id, rows.get(pc_id)) for pc_id in pc_ids)
        return {pc_id: list(self._groups(entry)) for pc_id, entry in entries if entry is not None}

    @property
    def map(self) -> LiveMap:
        return self._ctx.watch(BUCKET)

    def _groups(self, entry: Entry) -> list[str]:
        held = self._decoded.get(entry.key)
        if held is not None and held[0] == entry.revision:
            return held[1]
        try:
            groups = normal(_row.decode(entry.value or b"").groups)
        except (BadJson, BadShape) as error:
            self._ctx.log.warning("a row of agent_groups does not decode", pc_id=entry.key, reason=str(error))
            groups = []
        self._decoded[entry.key] = (entry.revision, groups)
        return groups


def memberships_of(ctx: Context) -> Memberships:
    """This plugin's own instance."""
    return ctx.service(SERVICE, Memberships)
