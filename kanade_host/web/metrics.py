"""What HTTP counts, for Prometheus. Counting is a dictionary and an addition; families are made on demand."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper bounds in seconds."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Series:
    """Answers of one route, method and status: how many took how long."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class HttpMetrics(Collector):
    """Requests by plugin, method, route template and status; durations; what is going on now.

    Templates come from routes, never from requests, so that nobody can make labels.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.overran: Counter[str] = Counter()
        """Times that code of a plugin held the loop and was ended."""
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        """Name -> help text and where to read it, for parts that count for themselves."""
        self.counters: dict[str, tuple[str, Callable[[], float]]] = {}
        self._series: dict[tuple[str, str, str, int], _Series] = {}

    def observe(self, plugin: str, method: str, template: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (plugin, method, template, status)
        found = self._series.get(key)
        if found is None:
            shown = method if method in _METHODS else "other"
            found = self._series.setdefault((plugin, shown, template, status), _Series())
        found.counts[bisect_left(BUCKETS, seconds)] += 1
        found.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """All families, for a registry."""
        labels = ["plugin", "method", "route", "status"]
        requests = CounterMetricFamily("kanade_http_requests", "Answers by route and status", labels=labels)
        for (plugin, method, template, status), series in list(self._series.items()):
            requests.add_metric([plugin, method, template, str(status)], sum(series.counts))
        yield requests
        yield self._histogram()
        flight = GaugeMetricFamily("kanade_http_in_flight", "Requests that are being answered")
        flight.add_metric([], self.in_flight)
        yield flight
        overran = CounterMetricFamily(
            "kanade_plugin_overran", "Times that code of a plugin held the event loop and was ended",
            labels=["plugin"],
        )  # fmt: skip
        for plugin, count in list(self.overran.items()):
            overran.add_metric([plugin], count)
        yield overran
        for name, (text, read) in self.gauges.items():
            yield GaugeMetricFamily(name, text, value=read())
        for name, (text, read) in self.counters.items():
            yield CounterMetricFamily(name, text, value=read())

    def _histogram(self) -> Metric:
        family = HistogramMetricFamily(
            "kanade_http_request_duration_seconds",
            "Seconds until the answer began",
            labels=["plugin", "route"],
        )
        summed: dict[tuple[str, str], _Series] = {}
        for (plugin, _, template, _), series in list(self._series.items()):
            one = summed.setdefault((plugin, template), _Series())
            one.counts = [a + b for a, b in zip(one.counts, series.counts, strict=True)]
            one.seconds += series.seconds
        for (plugin, template), one in summed.items():
            total, buckets = 0, []
            for bound, count in zip([*map(str, BUCKETS), "+Inf"], one.counts, strict=True):
                total += count
                buckets.append((bound, total))
            family.add_metric([plugin, template], buckets, sum_value=one.seconds)
        return family
