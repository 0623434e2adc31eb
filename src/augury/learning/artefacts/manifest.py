"""The manifest: all that has to be known to run a model and to judge it, beside the graph that computes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from augury.errors import InvalidInput
from augury.features.chart_image_spec import ChartSpec
from augury.learning.artefacts.calibration_map import CalibrationMap
from augury.spec import Spec

__all__ = ["FORMAT_VERSION", "Abstention", "Manifest", "ManifestExtras", "TensorForm"]

FORMAT_VERSION = 1
"""Of the manifest and what it says about the graph; raised when an older reader would misread an artefact."""

_Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorForm(Spec):
    """An input or output of the graph: `shape` per axis, None where any number of rows fits."""

    name: str
    kind: Literal["tabular", "sequence", "image", "probabilities", "values"]
    shape: tuple[int | None, ...]
    dtype: Literal["float32"] = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention(Spec):
    """When a model declines to decide; by default never.

    `min_probability`: the largest calibrated probability must reach it. `conformal_quantile` q: the classes whose
    1 - p is at most q form the prediction set, and there is a decision only when it holds exactly one (split conformal
    prediction; Vovk, Gammerman and Shafer 2005).
    """

    min_probability: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    conformal_quantile: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestExtras(Spec):
    """What an exporter cannot read off the fitted model: where its inputs come from and how it was trained and judged.

    `features` are the texts that `augury.features.parse_feature` reads, `feature_ids` what they were when the model
    was trained, `columns` their columns in order. `label`, `classes` from the most bearish on (none: a regression).
    `keep_nan`: rows with undefined features were trained on, and are judged. Times are ns UTC: opens of the first and
    last training bars, and `fit_end`, the last bar that a training label looked at: later bars only are out of sample.
    """

    features: tuple[str, ...] = ()
    feature_ids: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    label: str = ""
    classes: tuple[str, ...] = ()
    sequence_bars: int | None = None
    chart: ChartSpec | None = None
    keep_nan: bool = False
    calibration: CalibrationMap = field(default_factory=CalibrationMap)
    abstention: Abstention = field(default_factory=Abstention)
    data_fingerprint: str = ""
    first_training_time: int | None = None
    last_training_time: int | None = None
    fit_end: int | None = None
    symbols: tuple[str, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Features and their ids go together, times are in order."""
        if len(self.features) != len(self.feature_ids):
            raise InvalidInput(
                f"expected an id for each feature; got {len(self.features)} features and {len(self.feature_ids)} ids"
            )
        for name, value in self.scores.items():
            if value != value or value in (float("inf"), float("-inf")):
                raise InvalidInput(f"score {name!r} is {value}; leave out what could not be computed")
        times = [at for at in (self.first_training_time, self.last_training_time, self.fit_end) if at is not None]
        if times != sorted(times):
            raise InvalidInput(f"training times should be in order (first, last, fit_end); got {times}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(ManifestExtras):
    """All that is known about a model: see `ManifestExtras`, and what the exporter adds.

    `model_id` names family and content: equal graphs with equal manifests have equal ids. `model` is the text that
    makes the untrained estimator. `seed` is that of the training. `graph_sha256` and `graph_bytes` are those of
    `model.onnx`. `reads_nan`: undefined features are an input like any other. `tolerance` is the largest difference
    from the training code's probabilities that the exporter allows (1e-5; more for int8).
    """

    format_version: int
    model_id: str
    family: str
    model: str
    task: Literal["classification", "regression"]
    inputs: tuple[TensorForm, ...]
    outputs: tuple[TensorForm, ...]
    reads_nan: bool
    seed: int | None
    tolerance: Annotated[float, Meta(gt=0.0, le=1.0)]
    libraries: dict[str, str]
    graph_sha256: _Sha256
    graph_bytes: Annotated[int, Meta(ge=1)]

    def check(self) -> None:
        """Also: inputs and outputs are named apart, and there are classes exactly for a classification."""
        ManifestExtras.check(self)
        names = [form.name for form in (*self.inputs, *self.outputs)]
        if len(set(names)) != len(names) or not self.inputs or len(self.outputs) != 1:
            raise InvalidInput(f"expected distinct inputs and one output; got {names}")
        if (self.task == "classification") != bool(self.classes):
            raise InvalidInput(f"a {self.task} model was given the classes {self.classes}")
        kinds = {form.kind for form in self.inputs}
        if ("sequence" in kinds and self.sequence_bars is None) or ("image" in kinds and self.chart is None):
            raise InvalidInput(
                f"the graph reads {sorted(kinds)}; give sequence_bars for sequences and chart for images"
            )

    @property
    def readable(self) -> str:
        """One line: id, what it reads and says."""
        reads = ", ".join(f"{form.name}{list(form.shape)}" for form in self.inputs)
        return f"{self.model_id}: {self.model} reads {reads}, gives {', '.join(self.classes) or 'values'}"
