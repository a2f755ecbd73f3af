"""Groups and configuration of a PC that leaves or gets another id (`kanade_host_heartbeat.api.PcRecords`)."""

from __future__ import annotations

from kanade_host.plugin import BadJson, BadShape, Context, InvalidKey, KeyValue, decode, encode
from kanade_host_fleet.memberships import BUCKET as GROUPS
from kanade_host_fleet.memberships import normal
from kanade_host_fleet.messages import AgentGroups
from kanade_host_fleet.scopes import BUCKET as SCOPES
from kanade_host_fleet.scopes import PC_PREFIX


class FleetRecords:
    """The PC's row of `agent_groups` and its scope in `agent_config`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def retire(self, pc_id: str) -> tuple[int, list[str]]:
        notes: list[str] = []
        rows = await self._clear(self._ctx.bus.kv(GROUPS), pc_id, "groups", notes)
        rows += await self._clear(self._ctx.bus.kv(SCOPES), PC_PREFIX + pc_id, "configuration", notes)
        return rows, notes

    async def move(self, pc_id: str, successor: str) -> tuple[int, list[str]]:
        """The successor is in the groups of both; a configuration of its own stays."""
        notes: list[str] = []
        await self._unite_groups(pc_id, successor, notes)
        await self._give_scope(PC_PREFIX + pc_id, PC_PREFIX + successor, notes)
        rows, _ = await self.retire(pc_id)
        return rows, notes

    async def _clear(self, kv: KeyValue, key: str, what: str, notes: list[str]) -> int:
        """Delete a key, and note what stood there: nobody else keeps it."""
        try:
            entry = await kv.get(key)
        except InvalidKey:  # such a PC never had any
            return 0
        if entry is None or entry.value is None:
            return 0
        await kv.delete(key)
        notes.append(f"{what} deleted: {entry.value.decode(errors='replace')[:1000]}")
        return 1

    async def _unite_groups(self, pc_id: str, successor: str, notes: list[str]) -> None:
        kv = self._ctx.bus.kv(GROUPS)
        try:
            entry = await kv.get(pc_id)
            groups = [] if entry is None or entry.value is None else decode(AgentGroups, entry.value).groups
        except InvalidKey:
            return
        except (BadJson, BadShape) as error:
            notes.append(f"the groups of `{pc_id}` were left out: their row does not decode: {error.message}")
            return

        def united(stored: bytes | None) -> bytes:
            own = [] if stored is None else decode(AgentGroups, stored).groups
            return encode(AgentGroups(normal([*own, *groups])))

        if groups:
            await kv.revise(successor, united)

    async def _give_scope(self, old: str, new: str, notes: list[str]) -> None:
        kv = self._ctx.bus.kv(SCOPES)
        try:
            entry = await kv.get(old)
        except InvalidKey:
            return
        if entry is None or entry.value is None:
            return
        value, kept = entry.value, False

        def given(stored: bytes | None) -> bytes:
            nonlocal kept
            kept = stored is not None and stored != value
            return value if stored is None else stored

        await kv.revise(new, given)
        if kept:
            notes.append(
                f"`{new}` keeps its own configuration; that of the other was {value.decode()[:1000]}"
            )
