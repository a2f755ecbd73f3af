"""Keeping the agents' durables on EXEC narrowed to their own subjects.

An agent binds its durable if it is there, whatever its configuration, and makes it otherwise. So the
host makes those of known PCs, narrows what agents made themselves, follows changes of groups, and does
it again after a reset. What was ensured is remembered: a look at a quiet fleet costs two calls.

Ours carry a mark in their metadata. A durable is removed only if it carries the mark and its PC was
known in this process and is not any more: after a database was lost nobody is known, and the durables
of PCs that are switched off hold the only copy of where they stand.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any

from kanade_host.plugin import ApiError, Context, KanadeError, encode
from kanade_host_jobs.replay_filters import PREFIX, wanted_filters

LOOK_SECONDS = 10.0
RELIST_SECONDS = 600.0
REFUSED_SECONDS = 60.0
MARK = {"kanade_host": "made"}
CONSUMER_EXISTS, NO_CONSUMER, TOO_MANY = 10148, 10149, 10026
TOO_MANY_TEXT = (
    "the broker allows no more consumers on EXEC, and each agent needs one: set "
    "`jetstream { limits { default_max_consumers: -1 } }` in the configuration of nats-server"
)
NOT_FOUND = 404
EVERYTHING = ("commands.>",)
_FILTERS = ("filter_subject", "filter_subjects")


class BrokerRefuses(KanadeError):
    """The broker's configuration stands against what the agents need."""


class ReplayDurables:
    """What the broker has, what it is to have, and the way from one to the other."""

    def __init__(self, ctx: Context, *, rate: int, narrow: bool) -> None:
        self._ctx, self._rate, self._narrow = ctx, rate, narrow
        self._wake = asyncio.Event()
        self._found: dict[str, dict[str, Any]] | None = None
        self._refused: set[str] = set()
        self._stream = ""
        self._consumers = -1
        self._listed_at = 0.0
        self._groups_changed = True
        self._compare = True
        self._known = -1
        self._wanted: dict[str, tuple[str, ...]] = {}
        self._retired: set[str] = set()
        self._next = 0.0

    def groups_changed(self) -> None:
        """Somebody's groups changed: look soon."""
        self._groups_changed = True
        self._wake.set()

    async def run(self) -> None:
        """The task: as long as the plugin runs."""
        while True:
            self._wake.clear()
            pause = LOOK_SECONDS
            try:
                await self.look()
                self._ctx.degraded(None)
            except BrokerRefuses as error:
                self._ctx.degraded(str(error))
                pause = REFUSED_SECONDS
            except (KanadeError, TimeoutError) as error:
                self._found = None
                if self._ctx.bus.connected:
                    self._ctx.log.warning("the agents' durables could not be narrowed", reason=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def look(self) -> int:
        """One look; answers how many durables were made, changed or removed."""
        await self._observe()
        await (self._want() if self._narrow else self._want_all())
        if not self._compare:
            return 0
        changes = 0
        for name, filters in await asyncio.to_thread(self._different):
            await self._pause()
            changes += await self._ensure(name, filters)
        for name in sorted(self._retired):
            if self._is_ours(name):
                await self._pause()
                changes += await self._remove(name)
            self._retired.discard(name)
        self._compare = False
        return changes

    def _different(self) -> list[tuple[str, tuple[str, ...]]]:
        """What is not as it is to be, new ones last; on a thread, for there may be a hundred thousand."""
        different = [
            (name, filters)
            for name, filters in self._wanted.items()
            if name not in self._refused and self._filters(name) != filters
        ]
        return sorted(different, key=lambda one: one[0] not in (self._found or {}))

    # -- what there is -----------------------------------------------------------------------

    async def _observe(self) -> None:
        """List the durables again where something says that they are not what we remember."""
        info = await self._ctx.bus.api("STREAM.INFO.EXEC")
        consumers = int(info["state"].get("consumer_count", 0))
        stale = time.monotonic() - self._listed_at > RELIST_SECONDS
        if self._found is None or stale or info["created"] != self._stream or consumers != self._consumers:
            self._found = await self._list()
            self._refused.clear()
            self._stream, self._consumers = info["created"], consumers
            self._listed_at = time.monotonic()
            self._groups_changed = True  # also notices one PC that came while another went
            self._compare = True

    async def _list(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        offset = 0
        while True:
            page = await self._ctx.bus.api("CONSUMER.LIST.EXEC", encode({"offset": offset}))
            consumers = page.get("consumers") or []
            found |= {one["name"]: one["config"] for one in consumers if one["name"].startswith(PREFIX)}
            offset += len(consumers)
            if not consumers or offset >= page["total"]:
                return found

    def _filters(self, name: str) -> tuple[str, ...] | None:
        config = (self._found or {}).get(name)
        if config is None:
            return None
        return tuple(sorted(config.get("filter_subjects") or [config.get("filter_subject") or ">"]))

    def _is_ours(self, name: str) -> bool:
        metadata: Mapping[str, str] = (self._found or {}).get(name, {}).get("metadata") or {}
        return MARK.items() <= metadata.items()

    # -- what there is to be -----------------------------------------------------------------

    async def _want(self) -> None:
        """Work it out again where PCs came or went, groups changed, or the durables were listed again."""
        agents = self._ctx.find("heartbeat.agents")
        if agents is None:
            return
        known, _ = await agents.counts(self._ctx.clock.now())
        if known == self._known and not self._groups_changed:
            return
        self._groups_changed = False
        groups = self._ctx.find("fleet.groups")
        members = groups.snapshot() if groups is not None else {}
        wanted = await asyncio.to_thread(wanted_filters, await agents.known(), members)
        self._retired = (self._retired | self._wanted.keys()) - wanted.keys()
        self._wanted, self._known = wanted, known
        self._compare = True

    async def _want_all(self) -> None:
        """Switched off: what was narrowed becomes as wide again as agents make it."""
        self._wanted = dict.fromkeys(self._found or (), EVERYTHING)

    # -- the way from one to the other -------------------------------------------------------

    async def _pause(self) -> None:
        """Not all at once: agents are served by the same broker."""
        now = time.monotonic()
        self._next = max(now, self._next + 1 / self._rate)
        await asyncio.sleep(self._next - now)

    async def _ensure(self, name: str, filters: tuple[str, ...]) -> int:
        assert self._found is not None
        config = self._found.get(name)
        fresh = config is None
        config = _new(name) if config is None else {k: v for k, v in config.items() if k not in _FILTERS}
        if len(filters) == 1:
            config["filter_subject"] = filters[0]
        else:
            config["filter_subjects"] = list(filters)
        ask = encode({"stream_name": "EXEC", "config": config, "action": "create" if fresh else "update"})
        try:
            made = await self._ctx.bus.api(f"CONSUMER.CREATE.EXEC.{name}", ask)
        except ApiError as error:
            if error.err_code in (CONSUMER_EXISTS, NO_CONSUMER) or error.code == NOT_FOUND:
                self._consumers = -1  # somebody made or removed it meanwhile: list again
                return 0
            if error.err_code == TOO_MANY:
                raise BrokerRefuses(TOO_MANY_TEXT) from None
            self._refused.add(name)
            self._ctx.log.warning("an agent's durable was not narrowed", durable=name, reason=str(error))
            return 0
        self._found[name] = made["config"]
        self._consumers += fresh
        return 1

    async def _remove(self, name: str) -> int:
        assert self._found is not None
        try:
            await self._ctx.bus.api(f"CONSUMER.DELETE.EXEC.{name}")
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise
        del self._found[name]
        self._consumers -= 1
        return 1


def _new(name: str) -> dict[str, Any]:
    """As the agent would make it, but for the filter and our mark."""
    return {
        "name": name,
        "durable_name": name,
        "ack_policy": "explicit",
        "deliver_policy": "last_per_subject",
        "replay_policy": "instant",
        "metadata": dict(MARK),
    }
