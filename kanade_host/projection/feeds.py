"""Everything that feeds plugins, in one place: who runs, what it is called, how far it has come."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.live import LiveBucket
from kanade_host.plugin.clock import Clock
from kanade_host.plugin.context import Context, Entry, LiveMap
from kanade_host.plugin.errors import PluginError
from kanade_host.plugin.subscriptions import Projection, Samples, Subscription, Watch
from kanade_host.projection.convoy import Convoy
from kanade_host.projection.runner import Runner
from kanade_host.projection.samples import Sampler

log = structlog.get_logger("kanade_host.projection")

Report = Callable[[str, str | None], None]
"""Takes what is meant (`projection results.results`) and the reason, or None."""


@dataclass(slots=True)
class _Watched:
    map: LiveBucket
    plugins: set[str] = field(default_factory=set)
    listeners: list[asyncio.Queue[Entry]] = field(default_factory=list)


class Feeds:
    """Makes and knows the runners, samplers and live maps of all plugins."""

    def __init__(
        self,
        *,
        bus: NatsBus,
        writer: Any,
        clock: Clock,
        ours: bool,
        changed: Callable[[str, Sequence[str]], None],
    ) -> None:
        self._bus, self._writer, self._clock, self._ours, self._changed = bus, writer, clock, ours, changed
        self.runners: dict[str, Runner] = {}
        self.samplers: dict[str, Sampler] = {}
        self._watched: dict[str, _Watched] = {}
        self._convoys: dict[str, Convoy] = {}

    def make(
        self, subscriptions: Sequence[Subscription], ctx: Context, report: Report
    ) -> Mapping[str, Coroutine[Any, Any, None]]:
        """The endless work that feeds one plugin, by name. Live maps are registered at once."""
        works: dict[str, Coroutine[Any, Any, None]] = {}
        for one in subscriptions:
            if isinstance(one, Projection):
                works[f"projection {one.name}"] = self._runner(one, ctx, report).run()
            elif isinstance(one, Samples):
                works[f"samples {one.name}"] = self._sampler(one, ctx, report).run()
            elif one.on_change is not None:
                works[f"watch {one.bucket}"] = self._listen(one, ctx)
        return works

    def _runner(self, projection: Projection, ctx: Context, report: Report) -> Runner:
        key = f"projection {projection.name}"
        runner = self.runners[projection.name] = Runner(
            projection,
            plugin=ctx.plugin,
            ctx=ctx,
            bus=self._bus,
            writer=self._writer,
            ours=self._ours,
            report=lambda reason: report(key, reason),
            ahead=self.runners.get,
            convoy=self._convoys.setdefault(projection.stream, Convoy(projection.stream)),
        )
        return runner

    def _sampler(self, samples: Samples, ctx: Context, report: Report) -> Sampler:
        key = f"samples {samples.name}"
        sampler = self.samplers[samples.name] = Sampler(
            samples,
            plugin=ctx.plugin,
            bus=self._bus,
            writer=self._writer,
            clock=self._clock,
            report=lambda reason: report(key, reason),
        )
        return sampler

    # -- live maps ---------------------------------------------------------------------------

    def watch(self, plugin: str, subscriptions: Sequence[Subscription]) -> None:
        """Register the live maps that a plugin wants; they run from `start_maps` on."""
        for one in subscriptions:
            if isinstance(one, Watch):
                if one.bucket not in self._watched:
                    on_change = functools.partial(self._on_change, one.bucket)
                    live = LiveBucket(self._bus, one.bucket, on_change=on_change)
                    self._watched[one.bucket] = _Watched(live)
                self._watched[one.bucket].plugins.add(plugin)

    def map_of(self, plugin: str, bucket: str) -> LiveMap:
        """Raises `PluginError` when that plugin has no `Watch` for the bucket."""
        watched = self._watched.get(bucket)
        if watched is None or plugin not in watched.plugins:
            raise PluginError(f"plugin {plugin!r} has no Watch({bucket!r}) among its subscriptions")
        return watched.map

    def map_works(self) -> dict[str, Coroutine[Any, Any, None]]:
        """The endless work that keeps each live map alive."""
        return {f"map {name}": watched.map.run() for name, watched in self._watched.items()}

    async def maps_complete(self) -> None:
        """Wait until every live map has read its whole bucket once."""
        await asyncio.gather(*(watched.map.complete() for watched in self._watched.values()))

    def _on_change(self, bucket: str, entry: Entry) -> None:
        self._changed(f"kv:{bucket}", [entry.key])
        for queue in self._watched[bucket].listeners:
            queue.put_nowait(entry)

    async def _listen(self, watch: Watch, ctx: Context) -> None:
        assert watch.on_change is not None
        watched = self._watched[watch.bucket]
        queue: asyncio.Queue[Entry] = asyncio.Queue()
        for entry in dict(watched.map.items()).values():
            queue.put_nowait(entry)
        watched.listeners.append(queue)
        try:
            while True:
                entry = await queue.get()
                try:
                    await watch.on_change(ctx, entry)
                except Exception:
                    log.exception("a watch failed on a change", plugin=ctx.plugin, bucket=watch.bucket)
        finally:
            watched.listeners.remove(queue)
