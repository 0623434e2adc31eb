"""Models, answers, records and sessions for Prometheus, read from memory when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from augury.version import __version__
from augury_server.api.state import State

__all__ = ["PlatformMetrics"]

_RECORDS = ("recorded", "spilled", "replayed", "refused", "put_aside", "damaged")


class PlatformMetrics(Collector):
    """The series of one process beside those of its requests."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """The series, as Prometheus reads them."""
        yield from self._models()
        yield from self._answers()
        yield from self._records()
        yield GaugeMetricFamily("augury_stream_sessions", "Open sessions of this process.", len(self._state.sessions))

    def _models(self) -> Iterator[Metric]:
        host = self._state.host
        build = GaugeMetricFamily("augury_build", "The version that runs.", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build
        yield GaugeMetricFamily("augury_ready", "Whether requests are answered.", float(self._state.ready))
        names = ("model", "version")
        hosted = GaugeMetricFamily("augury_model_hosted", "Versions in memory.", labels=(*names, "artefact"))
        pace = GaugeMetricFamily("augury_model_row_seconds", "One row, as warming measured it.", labels=names)
        for model in host.models():
            hosted.add_metric((model.name, str(model.version), model.artefact_id), 1)
            pace.add_metric((model.name, str(model.version)), model.pace.row_us / 1e6)
        yield hosted
        yield pace
        yield GaugeMetricFamily("augury_model_problems", "What cannot be hosted as it should.", len(host.problems))

    def _answers(self) -> Iterator[Metric]:
        desk = getattr(self._state, "desk", None)
        if desk is None:
            return
        figures = desk.figures()
        yield CounterMetricFamily("augury_predictions", "Rows and bars that were answered.", figures.answers)
        yield CounterMetricFamily("augury_predictions_batched", "Of those, rows run together.", figures.batched_rows)
        yield CounterMetricFamily("augury_prediction_batches", "Runs of several rows.", figures.batches)
        yield CounterMetricFamily("augury_predictions_remembered", "Answers not computed again.", figures.remembered)
        yield CounterMetricFamily("augury_shadows", "Answers of shadow versions.", figures.shadows)
        yield CounterMetricFamily("augury_shadows_failed", "Shadow versions that failed.", figures.shadows_failed)

    def _records(self) -> Iterator[Metric]:
        counts = self._state.recorder.counts()
        records = CounterMetricFamily("augury_records", "Predictions by what became of them.", labels=("outcome",))
        for name in _RECORDS:
            records.add_metric((name,), getattr(counts, name))
        yield records
        yield GaugeMetricFamily("augury_records_waiting", "Predictions that wait in memory.", counts.waiting)
        yield GaugeMetricFamily("augury_records_backlog", "Predictions that wait on disk.", counts.backlog)
        yield GaugeMetricFamily("augury_records_backlog_bytes", "The room they take.", counts.backlog_bytes)
