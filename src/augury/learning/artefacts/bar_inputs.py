"""From bars to what a graph reads: the manifest's features, windows and charts, for a whole history or bar by bar."""

from __future__ import annotations

import numpy as np

from augury.arrays import BoolVector, FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.features.chart_image_spec import ChartSpec
from augury.features.computing import parse_feature
from augury.features.feature import Feature
from augury.learning.artefacts.arrays import GraphInput
from augury.learning.artefacts.manifest import Manifest
from augury.market.bars import BarArrays

__all__ = ["BarInputs", "BarInputsStream"]

_FLOAT32_LARGEST = float(np.finfo(np.float32).max)


class BarInputs:
    """The features of a manifest, checked to be those that the model was trained on, and what its graph reads of them.

    Raises InvalidInput when the model was exported without its features, or when one of them is another now than it
    was then (another version or other defaults).
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.kinds = {form.kind for form in manifest.inputs}
        if not manifest.features and self.kinds != {"image"}:
            raise InvalidInput(
                f"{manifest.model_id} was exported without its features, so it cannot read bars; export it with "
                "ManifestExtras(features=..., feature_ids=..., columns=...), or pass rows to predict"
            )
        self.features: tuple[Feature, ...] = tuple(parse_feature(text) for text in manifest.features)
        self._refuse_other_features()
        made = [column for feature in self.features for column in feature.columns]
        self.kept = np.flatnonzero([column in manifest.columns for column in made])
        self.warm_up = max((feature.warm_up for feature in self.features), default=0)
        self.window = (manifest.sequence_bars or 1) if "sequence" in self.kinds else 1
        self.chart = manifest.chart if "image" in self.kinds else None

    @property
    def unjudged(self) -> int:
        """Leading bars that are never judged."""
        first = self.warm_up + self.window - 1
        if self.manifest.keep_nan:
            first = max(min((feature.warm_up for feature in self.features), default=0), self.window - 1)
        return first if self.chart is None else max(first, self.chart.warm_up)

    def _refuse_other_features(self) -> None:
        for text, then, feature in zip(self.manifest.features, self.manifest.feature_ids, self.features, strict=True):
            if feature.id != then:
                raise InvalidInput(
                    f"{self.manifest.model_id} was trained on {text} as {then}, which is {feature.id} now: its options "
                    "or version differ; train the model again, or use the Augury version "
                    f"{self.manifest.libraries.get('augury', 'it was trained with')}"
                )
        columns = tuple(column for feature in self.features for column in feature.columns)
        if tuple(column for column in columns if column in self.manifest.columns) != self.manifest.columns:
            changed = ", ".join(sorted(set(columns) ^ set(self.manifest.columns)))[:200] or "another order"
            raise InvalidInput(
                f"{self.manifest.model_id} was trained on {len(self.manifest.columns)} columns, its features give "
                f"{len(columns)} now ({changed}); train the model again"
            )

    def read(self, bars: BarArrays) -> tuple[IntVector, dict[str, GraphInput]]:
        """The bars that can be judged, int64[m] rising, and the graph's inputs for them, float32 [m, ...]."""
        parts = [feature.batch(bars.opened_at, bars.matrix) for feature in self.features]
        table = np.ascontiguousarray(np.concatenate(parts)[self.kept].T) if parts else np.empty((len(bars), 0))
        judged = self.judged(table, np.arange(len(bars)))
        charts = None
        if self.chart is not None:
            from augury.features.chart_images import ChartSeries  # a kernel, loaded when images are drawn

            charts = ChartSeries(bars, self.chart)
            judged &= charts.drawable
        rows: IntVector = np.flatnonzero(judged)
        feeds: dict[str, GraphInput] = {}
        for form in self.manifest.inputs:
            if form.kind == "tabular":
                feeds[form.name] = _single(table[rows])
            elif form.kind == "sequence":
                feeds[form.name] = _windows(_single(table), rows, self.window)
            elif charts is not None:
                feeds[form.name] = charts.draw(rows).astype(np.float32)
        return rows, feeds

    def read_last(self, bars: BarArrays) -> dict[str, GraphInput] | None:
        """The inputs [1, ...] at the last bar, those of `read` bit for bit for less work; None: it is not judged."""
        count = min(self.window, len(bars))
        parts = [_tail(feature, bars, count) for feature in self.features]
        table = np.ascontiguousarray(np.concatenate(parts)[self.kept].T) if parts else np.empty((count, 0))
        if not self.judged(table, np.arange(len(bars) - count, len(bars)))[-1]:
            return None
        feeds: dict[str, GraphInput] = {}
        for form in self.manifest.inputs:
            if form.kind == "tabular":
                feeds[form.name] = _single(table[-1:])
            elif form.kind == "sequence":
                feeds[form.name] = _single(table[None])
            elif self.chart is not None:
                image = _last_chart(bars, self.chart)
                if image is None:
                    return None
                feeds[form.name] = image
        return feeds

    def judged(self, table: FloatMatrix, position: IntVector) -> BoolVector:
        """Which rows can be judged, from consecutive features float64[n, k] of bars `position` int64[n].

        Those that training would have had as rows: warmed up and defined throughout (with sequences, the whole window);
        one known feature is enough for a model that was trained on rows with NaN.
        """
        undefined = np.isnan(table)
        if self.manifest.keep_nan:
            found: BoolVector = ~undefined.all(axis=1) & (position >= self.window - 1)
            return found
        known = (position >= self.warm_up) & ~undefined.any(axis=1)
        whole: BoolVector = np.zeros(position.size, dtype=np.bool_)
        if position.size >= self.window:
            total = np.concatenate(([0], np.cumsum(known)))
            whole[self.window - 1 :] = total[self.window :] - total[: -self.window] == self.window
        return whole


class BarInputsStream:
    """The streaming twin of `BarInputs.read`: one bar in, the graph's inputs for it out, the same bits."""

    def __init__(self, inputs: BarInputs) -> None:
        self._inputs = inputs
        manifest = inputs.manifest
        self._streams = tuple(feature.open_stream() for feature in inputs.features)
        self._charts = None
        if inputs.chart is not None:
            from augury.features.chart_stream import ChartStream  # a kernel, loaded when images are drawn

            self._charts = ChartStream(inputs.chart)
        self._window = inputs.window
        self._rows = np.full((self._window, len(manifest.columns)), np.nan)
        self._known = 0  # how many of the last bars, this one included, were known in a row
        self._seen = 0

    def update(self, opened_at: int, bar: FloatVector) -> dict[str, GraphInput] | None:
        """Feed one closed bar; the inputs [1, ...] of the graph, or None where the bar cannot be judged."""
        manifest, bar = self._inputs.manifest, np.ascontiguousarray(bar, dtype=np.float64)
        parts = [stream.update(opened_at, bar) for stream in self._streams]
        row = np.concatenate(parts)[self._inputs.kept] if parts else np.empty(0)
        image = self._charts.update(opened_at, bar) if self._charts is not None else None
        self._rows[:-1] = self._rows[1:]
        self._rows[-1] = row
        self._seen += 1
        if not self._judged(row) or (self._charts is not None and image is None):
            return None
        feeds: dict[str, GraphInput] = {}
        for form in manifest.inputs:
            if form.kind == "tabular":
                feeds[form.name] = _single(row[None, :])
            elif form.kind == "sequence":
                feeds[form.name] = _single(self._rows[None, :, :])
            elif image is not None:
                feeds[form.name] = image[None, :, :].astype(np.float32)
        return feeds

    def _judged(self, row: FloatVector) -> bool:
        undefined = np.isnan(row)
        if self._inputs.manifest.keep_nan:
            return not bool(undefined.all()) and self._seen >= self._window
        known = self._seen > self._inputs.warm_up and not bool(undefined.any())
        self._known = self._known + 1 if known else 0
        return self._known >= self._window

    def snapshot(self) -> tuple[list[bytes], bytes, bytes, int, int]:
        """The whole state as plain values."""
        charts = b"" if self._charts is None else self._charts.snapshot()
        streams = [stream.snapshot() for stream in self._streams]
        return streams, charts, self._rows.astype("<f8").tobytes(), self._known, self._seen

    def restore(self, saved: tuple[list[bytes], bytes, bytes, int, int]) -> None:
        """Replace the state by that of a snapshot of the same manifest; InvalidInput for another."""
        streams, charts, rows, known, seen = saved
        if len(streams) != len(self._streams) or len(rows) != self._rows.nbytes or bool(charts) != bool(self._charts):
            raise InvalidInput(f"this snapshot is not one of {self._inputs.manifest.model_id}; replay the bars")
        for stream, state in zip(self._streams, streams, strict=True):
            stream.restore(state)
        if self._charts is not None:
            self._charts.restore(charts)
        self._rows = np.frombuffer(rows, dtype="<f8").astype(np.float64).reshape(self._rows.shape)
        self._known, self._seen = known, seen


def _windows(table: GraphInput, rows: IntVector, window: int) -> GraphInput:
    """float32[m, window, k]: the rows of `table` up to and with each of `rows`, oldest first."""
    found: GraphInput = table[rows[:, None] + np.arange(1 - window, 1)]
    return found


def _tail(feature: Feature, bars: BarArrays, count: int) -> FloatMatrix:
    if feature.tail is not None:
        return feature.tail(bars.opened_at, bars.matrix, count)
    return feature.batch(bars.opened_at, bars.matrix)[:, -count:]


def _last_chart(bars: BarArrays, chart: ChartSpec) -> GraphInput | None:
    """The image float32[1, height, width] at the last bar, or None where there is none."""
    from augury.features.chart_images import ChartSeries  # a kernel, loaded when images are drawn

    recent = BarArrays(bars.opened_at[-chart.look_back :], np.ascontiguousarray(bars.matrix[:, -chart.look_back :]))
    charts = ChartSeries(recent, chart)
    last = len(recent) - 1
    if not charts.drawable[last]:
        return None
    image: GraphInput = charts.draw([last]).astype(np.float32)
    return image


def _single(values: FloatMatrix) -> GraphInput:
    """float32, values beyond its range at its ends, as training code reads them."""
    return np.clip(values, -_FLOAT32_LARGEST, _FLOAT32_LARGEST).astype(np.float32)
