"""Requests counted and timed, for Prometheus: plain numbers while requests run, named series when they are read."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

__all__ = ["METRICS_TYPE", "RequestMetrics", "metrics_text"]

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PLACES = len(_BOUNDS) + 1


class RequestMetrics(Collector):
    """How many requests each route answered with which status, and how long they took.

    Only the event loop adds; reading from another thread sees numbers of about the same moment. A route is its
    template, so that there are as many series as routes; paths that no route has are counted as "none".
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}
        self._times: dict[str, list[float]] = {}
        self.running = 0
        self.refused_keys = 0
        self.limited = 0

    def add(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        series = (route, method, status)
        counts = self._counts
        counts[series] = counts.get(series, 0) + 1
        times = self._times.get(route)
        if times is None:
            times = self._times[route] = [0.0] * (_PLACES + 1)
        times[bisect.bisect_left(_BOUNDS, seconds)] += 1.0
        times[_PLACES] += seconds

    def collect(self) -> Iterator[Metric]:
        """The series, as Prometheus reads them."""
        counts = CounterMetricFamily("augury_requests", "Requests answered.", labels=("route", "method", "status"))
        for (route, method, status), number in sorted(self._counts.copy().items()):
            counts.add_metric((route, method, str(status)), number)
        yield counts
        times = HistogramMetricFamily("augury_request_seconds", "How long requests took.", labels=("route",))
        for route, kept in sorted(self._times.copy().items()):
            sums = list(itertools.accumulate(kept[:_PLACES]))
            buckets = list(zip((*map(str, _BOUNDS), "+Inf"), sums, strict=True))
            times.add_metric((route,), buckets, kept[_PLACES])
        yield times
        yield GaugeMetricFamily("augury_requests_running", "Requests under way.", self.running)
        yield CounterMetricFamily("augury_keys_refused", "Requests with a key that was refused.", self.refused_keys)
        yield CounterMetricFamily("augury_requests_limited", "Requests over their limit.", self.limited)


def metrics_text(registry: Any) -> bytes:
    """Everything that a registry's collectors have, as Prometheus reads it."""
    assert isinstance(registry, CollectorRegistry)
    return generate_latest(registry)
