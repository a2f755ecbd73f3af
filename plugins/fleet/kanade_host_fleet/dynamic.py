"""Dynamic groups: the host keeps the members of a group as its filter says.

Agents, the CLI and every fire know groups only as rows of the bucket `agent_groups`, so that is where the
members are written: by compare-and-set, one PC at a time, and nothing but names of dynamic groups is
touched. What somebody else writes there by hand is put right, and said.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kanade_host.plugin import (
    BadJson,
    BadShape,
    Context,
    Entry,
    HttpError,
    InvalidKey,
    KanadeError,
    Tx,
    audit,
    decode,
    encode,
)
from kanade_host_fleet import definitions
from kanade_host_fleet.api import DYNAMIC
from kanade_host_fleet.definitions import Definition
from kanade_host_fleet.memberships import BUCKET, MOST_GROUPS, memberships_of, normal
from kanade_host_fleet.messages import AgentGroups

if TYPE_CHECKING:
    from kanade_host_heartbeat.api import Selection

SELECTION = "heartbeat.selection"
EVERY_SECONDS = 60.0
AGAIN_SECONDS = 5.0
SETTLE_SECONDS = 0.5
"""Changes come in crowds: one look for all of them."""
NAMED_AT_MOST = 100
"""PCs that an audit record names; the number is always there."""

Members = dict[str, frozenset[str]]
"""Group -> its PCs."""


class Dynamic:
    """Implements `DynamicGroups`; the task that keeps the memberships."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._names: frozenset[str] = frozenset()
        self._wanted: Members = {}

    def changed(self) -> None:
        self._wake.set()

    def membership_changed(self, entry: Entry) -> None:
        """A row of the bucket changed: look, if it is not as we want it."""
        now = self._names & frozenset(_groups(entry.value) or ())
        if now != {name for name in self._names if entry.key in self._wanted.get(name, ())}:
            self.changed()

    async def names(self) -> frozenset[str]:
        """The names of all dynamic groups."""
        self._names = frozenset(await definitions.all_definitions(self._ctx))
        return self._names

    async def run(self) -> None:
        """The task: as long as the plugin runs."""
        while True:
            self._wake.clear()
            pause = EVERY_SECONDS
            try:
                await self.look()
            except KanadeError as error:
                pause = AGAIN_SECONDS
                self._ctx.log.warning("dynamic groups could not be followed", reason=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
            await asyncio.sleep(SETTLE_SECONDS)

    async def look(self) -> int:
        """Ask every filter and write what differs; answers how many rows of the bucket were written."""
        async with self._looking:
            groups = await definitions.all_definitions(self._ctx)
            self._names = frozenset(groups)
            if not groups:
                return 0
            await memberships_of(self._ctx).map.synced()
            wanted, problems = await self._evaluate(groups)
            self._wanted = wanted
            before = self.members(wanted)
            rows, failed = await self._write(wanted, before, problems)
            done = {name: (pcs - failed) | (before[name] & failed) for name, pcs in wanted.items()}
            await self._note(groups, done, before, problems)
            return rows

    async def empty(self, name: str) -> int:
        """Take everybody out of a group that is to be deleted; answers how many."""
        async with self._looking:
            await memberships_of(self._ctx).map.synced()
            before = self.members({name: None})
            self._wanted = self._wanted | {name: frozenset()}
            return (await self._write({name: frozenset()}, before, {}))[0]

    def members(self, names: Mapping[str, object]) -> Members:
        """Who is in these groups now, by the live map."""
        found: dict[str, set[str]] = {name: set() for name in names}
        for pc_id, own in memberships_of(self._ctx).snapshot().items():
            for name in own:
                if name in found:
                    found[name].add(pc_id)
        return {name: frozenset(pcs) for name, pcs in found.items()}

    async def _evaluate(self, groups: Mapping[str, Definition]) -> tuple[Members, dict[str, str]]:
        """Who is to be in each group. One whose filter cannot be asked keeps its members."""
        wanted: Members = {}
        problems: dict[str, str] = {}
        selection: Selection | None = self._ctx.find(SELECTION)
        if selection is None or not (await selection.select({})).pc_ids:
            # A database that was lost knows nobody: that is no reason to empty the groups.
            reason = "no PC is known at the moment: its members stay as they are"
            return {}, dict.fromkeys(groups, reason)
        for name, group in groups.items():
            try:
                wanted[name] = frozenset((await selection.select(group.filter)).pc_ids)
            except HttpError as error:
                problems[name] = error.text or f"the filter was refused with {error.status}"
        return wanted, problems

    async def _write(
        self, wanted: Members, before: Members, problems: dict[str, str]
    ) -> tuple[int, frozenset[str]]:
        """Row by row, only those that differ; answers how many, and the PCs whose row cannot be changed."""
        failed: set[str] = set()
        differ = {pc_id for name, pcs in wanted.items() for pc_id in pcs ^ before[name]}
        kv, rows = self._ctx.bus.kv(BUCKET), 0
        for pc_id in sorted(differ):
            mine = frozenset(name for name, pcs in wanted.items() if pc_id in pcs)

            def change(stored: bytes | None, mine: frozenset[str] = mine) -> bytes | None:
                own = [] if stored is None else decode(AgentGroups, stored).groups
                groups = normal([*(name for name in own if name not in wanted), *mine])
                if len(groups) > max(MOST_GROUPS, len(own)):
                    raise HttpError(400, f"it would be in more than {MOST_GROUPS} groups")
                return stored if groups == normal(own) else encode(AgentGroups(groups))

            try:
                await kv.revise(pc_id, change)
                rows += 1
            except (BadJson, BadShape, HttpError, InvalidKey) as error:
                text = f"`{pc_id}` could not be changed: {getattr(error, 'message', None) or error}"
                failed.add(pc_id)
                for name in mine | {name for name, pcs in before.items() if pc_id in pcs}:
                    problems[name] = text
        return rows, frozenset(failed)

    async def _note(
        self,
        groups: Mapping[str, Definition],
        wanted: Members,
        before: Members,
        problems: Mapping[str, str],
    ) -> None:
        """Keep what was written, and record what changed and what was put right."""
        at = self._ctx.clock.now()

        def work(tx: Tx) -> None:
            for name, group in groups.items():
                pcs = wanted.get(name, group.written)
                definitions.evaluated(tx, at, name, problems.get(name), pcs)
                if name in wanted:
                    for action, payload in records(group, pcs, before[name]):
                        audit(tx, at, action, name, payload, actor="host")

        await self._ctx.write(work)


def records(
    group: Definition, wanted: frozenset[str], before: frozenset[str]
) -> list[tuple[str, dict[str, Any]]]:
    """What a look has to say: members that changed with the filter, and those that others had changed.

    By hand is who is in the group though we did not put them there, and who we did and is not there. What
    a static group had when it was replaced leaves with the filter.
    """
    put_back = (group.written & wanted) - before
    ours = before if group.evaluated_at is None else group.written
    taken_out = before - ours - wanted
    joined = wanted - before - put_back
    left = (before & ours) - wanted
    found = []
    if joined or left:
        found.append(("dynamic_group_members", _told("joined", joined) | _told("left", left)))
    if put_back or taken_out:
        by_hand = _told("put_back", put_back) | _told("taken_out", taken_out)
        found.append(("dynamic_group_reconciled", by_hand))
    return found


def _told(word: str, pcs: frozenset[str]) -> dict[str, Any]:
    return {word: len(pcs), f"{word}_pcs": sorted(pcs)[:NAMED_AT_MOST]}


def _groups(value: bytes | None) -> list[str] | None:
    try:
        return None if value is None else decode(AgentGroups, value).groups
    except (BadJson, BadShape):
        return None


def dynamic_of(ctx: Context) -> Dynamic:
    """This plugin's own instance."""
    return ctx.service(DYNAMIC, Dynamic)
