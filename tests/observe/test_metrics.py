"""The figures for Prometheus are those of their sources, under stable names."""

from __future__ import annotations

import asyncio
import contextlib
import time

from prometheus_client.parser import text_string_to_metric_families

from kanade_host.observe.metrics import Metrics, PluginFigures, SampleFigures, WriterFigures
from kanade_host.projection.status import Status


def scraped(metrics: Metrics) -> dict[tuple[str, frozenset[str]], float]:
    text = metrics.render().decode()
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_host_without_parts_is_scraped_too() -> None:
    found = scraped(Metrics("1.2.3"))
    assert ("kanade_loop_lag_seconds", frozenset()) in found
    assert any(name == "kanade_host_info" and "1.2.3" in labels for name, labels in found)
    assert not any(name.startswith("kanade_writer") for name, _ in found)


def test_all_sources() -> None:
    metrics = Metrics("1")
    status = Status("results.results", "results", "RESULTS", "results")
    status.set("running")
    status.passed(3, 10, 5, 7)
    metrics.sources.projections = lambda: [status]
    metrics.sources.samples = lambda: [SampleFigures("heartbeat.beats", "heartbeat", 9, 7, 1, 1)]
    metrics.sources.plugins = lambda: [PluginFigures("results", "running")]
    metrics.sources.writer = lambda: WriterFigures(5, 4, 3, 2, 1.5, 0.25, 0.125, (6, 7))
    metrics.sources.outbox = lambda: 8
    metrics.sources.connected = lambda: True
    found = scraped(metrics)

    def figure(name: str, *labels: str) -> float:
        return found[name, frozenset(labels)]

    one = ("results.results", "results")
    assert figure("kanade_projection_lag", *one) == 7
    assert figure("kanade_projection_messages_total", *one) == 3
    assert figure("kanade_projection_state", *one, "running") == 1
    assert figure("kanade_projection_state", *one, "paused") == 0
    assert figure("kanade_samples_total", "heartbeat.beats", "heartbeat", "dropped") == 1
    assert figure("kanade_plugin_state", "results", "running") == 1
    assert figure("kanade_writer_waiting", "batch") == 7
    assert figure("kanade_commit_number") == 5
    assert figure("kanade_outbox_waiting") == 8
    assert figure("kanade_broker_connected") == 1


def test_a_lag_that_is_not_known_is_not_shown() -> None:
    metrics = Metrics("1")
    metrics.sources.projections = lambda: [Status("a.b", "a", "S", "d")]
    assert not any(name == "kanade_projection_lag" for name, _ in scraped(metrics))


async def test_a_held_loop_is_seen_once() -> None:
    lag = Metrics("1").loop_lag
    lag.EVERY = 0.01  # type: ignore[misc]
    task = asyncio.create_task(lag.run())
    await asyncio.sleep(0.02)
    time.sleep(0.1)  # noqa: ASYNC251 - holding the loop is the point
    await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert lag.take_worst() > 0.05
    assert lag.take_worst() == 0
