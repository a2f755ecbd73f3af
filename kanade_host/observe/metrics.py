"""What the host counts for Prometheus: projections, samples, the writer, the outbox, the event loop.

Everything is read when it is scraped, from objects that count for themselves; nothing is added to a hot
path. Names are stable: dashboards and alerts are built on them.
"""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from kanade_host.observe.logs import dropped_lines

STATES = ("starting", "running", "waiting", "paused", "stopped")


class ProjectionFigures(Protocol):
    """One projection; `kanade_host.projection.status.Status` is one. `lag` -1 = not known."""

    @property
    def name(self) -> str: ...
    @property
    def plugin(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def lag(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def messages(self) -> int: ...
    @property
    def batches(self) -> int: ...
    @property
    def dead_letters(self) -> int: ...


@dataclass(frozen=True, slots=True)
class SampleFigures:
    """One core subscription, since the start."""

    name: str
    plugin: str
    received: int
    written: int
    dropped: int
    bad: int


@dataclass(frozen=True, slots=True)
class WriterFigures:
    """The writer of the database. `waiting` are jobs in its queue: requests, batches."""

    commit: int
    commits: int
    jobs: int
    failed: int
    busy_seconds: float
    last_commit_seconds: float
    last_sync_seconds: float
    waiting: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PluginFigures:
    """One plugin and the phase that it is in."""

    name: str
    state: str


@dataclass(slots=True)
class Sources:
    """Where figures come from; a part that is not there yet has none."""

    projections: Callable[[], Iterable[ProjectionFigures]] = tuple
    samples: Callable[[], Iterable[SampleFigures]] = tuple
    plugins: Callable[[], Iterable[PluginFigures]] = tuple
    writer: Callable[[], WriterFigures | None] = lambda: None
    outbox: Callable[[], int | None] = lambda: None
    connected: Callable[[], bool | None] = lambda: None
    log_lines_dropped: Callable[[], int] = dropped_lines


class LoopLag:
    """How late the event loop comes to what was planned; a task of its own measures."""

    EVERY = 0.25

    def __init__(self) -> None:
        self.last = 0.0
        self.total = 0.0
        self.worst = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            planned = time.monotonic() + self.EVERY
            await asyncio.sleep(self.EVERY)
            self.last = max(0.0, time.monotonic() - planned)
            self.total += self.last
            self.worst = max(self.worst, self.last)

    def take_worst(self) -> float:
        """The worst since the last scrape."""
        worst, self.worst = self.worst, 0.0
        return worst


class _HostCollector(Collector):
    def __init__(self, sources: Sources, lag: LoopLag, version: str) -> None:
        self._sources, self._lag, self._version = sources, lag, version

    def collect(self) -> Iterator[Metric]:
        about = {"version": self._version, "python": platform.python_version()}
        yield InfoMetricFamily("kanade_host", "Which program this is", value=about)
        yield from self._projections()
        yield from self._samples()
        yield from self._writer()
        yield from self._parts()

    def _projections(self) -> Iterator[Metric]:
        labels = ["projection", "plugin"]
        lag = GaugeMetricFamily("kanade_projection_lag", "Messages that wait at the broker", labels=labels)
        sequence = GaugeMetricFamily(
            "kanade_projection_sequence", "Last sequence that is committed", labels=labels
        )
        state = GaugeMetricFamily(
            "kanade_projection_state", "1 for the state that it is in", labels=[*labels, "state"]
        )
        messages = CounterMetricFamily("kanade_projection_messages", "Messages committed", labels=labels)
        batches = CounterMetricFamily("kanade_projection_batches", "Batches committed", labels=labels)
        letters = CounterMetricFamily("kanade_projection_dead_letters", "Messages set aside", labels=labels)
        for one in self._sources.projections():
            names = [one.name, one.plugin]
            if one.lag >= 0:
                lag.add_metric(names, one.lag)
            sequence.add_metric(names, one.sequence)
            messages.add_metric(names, one.messages)
            batches.add_metric(names, one.batches)
            letters.add_metric(names, one.dead_letters)
            for known in STATES:
                state.add_metric([*names, known], float(one.state == known))
        yield from (lag, sequence, state, messages, batches, letters)

    def _samples(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "kanade_samples", "Core messages by what became of them", labels=["samples", "plugin", "outcome"]
        )
        for one in self._sources.samples():
            outcomes = {
                "received": one.received, "written": one.written, "dropped": one.dropped, "bad": one.bad,
            }  # fmt: skip
            for outcome, count in outcomes.items():
                family.add_metric([one.name, one.plugin, outcome], count)
        yield family

    def _writer(self) -> Iterator[Metric]:
        one = self._sources.writer()
        if one is None:
            return
        yield GaugeMetricFamily("kanade_commit_number", "The database's commit number", value=one.commit)
        yield CounterMetricFamily("kanade_writer_commits", "Transactions committed", value=one.commits)
        yield CounterMetricFamily("kanade_writer_jobs", "Pieces of work committed", value=one.jobs)
        yield CounterMetricFamily("kanade_writer_failed", "Pieces of work undone", value=one.failed)
        yield CounterMetricFamily(
            "kanade_writer_busy_seconds", "Time inside transactions", value=one.busy_seconds
        )
        yield GaugeMetricFamily(
            "kanade_writer_last_commit_seconds", "Duration of the last COMMIT", value=one.last_commit_seconds
        )
        yield GaugeMetricFamily(
            "kanade_writer_last_sync_seconds",
            "Duration of the last wait for the disk, apart from the writer",
            value=one.last_sync_seconds,
        )
        waiting = GaugeMetricFamily("kanade_writer_waiting", "Work in the writer's queue", labels=["kind"])
        for kind, count in zip(("request", "batch"), one.waiting):
            waiting.add_metric([kind], count)
        yield waiting

    def _parts(self) -> Iterator[Metric]:
        outbox, connected = self._sources.outbox(), self._sources.connected()
        if outbox is not None:
            yield GaugeMetricFamily("kanade_outbox_waiting", "Messages in the outbox", value=outbox)
        if connected is not None:
            yield GaugeMetricFamily("kanade_broker_connected", "1 while connected", value=float(connected))
        plugins = GaugeMetricFamily(
            "kanade_plugin_state", "1 for the state that a plugin is in", labels=["plugin", "state"]
        )
        for one in self._sources.plugins():
            plugins.add_metric([one.name, one.state], 1.0)
        yield plugins
        yield GaugeMetricFamily(
            "kanade_loop_lag_seconds", "Worst delay of the event loop since the last scrape",
            value=self._lag.take_worst(),
        )  # fmt: skip
        yield CounterMetricFamily(
            "kanade_log_lines_dropped", "Log lines that did not fit the queue",
            value=self._sources.log_lines_dropped(),
        )  # fmt: skip


class Metrics:
    """The registry of one host; other parts add collectors of their own with `add`."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.sources = Sources()
        self.loop_lag = LoopLag()
        self.add(_HostCollector(self.sources, self.loop_lag, version))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def add(self, collector: Collector) -> None:
        """Have a collector asked at each scrape."""
        self.registry.register(collector)

    def render(self) -> bytes:
        """The text that Prometheus scrapes; its type is `content_type`."""
        return generate_latest(self.registry)
