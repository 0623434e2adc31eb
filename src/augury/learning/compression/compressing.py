"""Compress a model step by step, each step with a certificate that keeps or refuses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidInput, NotEnoughData, NotFound, Refused
from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.session import GraphSession
from augury.learning.artefacts.state import restore_model
from augury.learning.artefacts.to_graph import to_onnx
from augury.learning.compression.answers import judged_rows
from augury.learning.compression.bench import Bench, MeasuringSpec
from augury.learning.compression.levels import Bounds, bounds_of
from augury.learning.compression.outcome import Compression, StepRecord
from augury.learning.compression.planning import graph_steps, model_stages, require_methods
from augury.learning.compression.rows import CompressionRows, split_rows
from augury.learning.compression.step import Step, StepContext
from augury.learning.data.dataset import Dataset
from augury.learning.estimators.estimator import Track
from augury.spec import Spec

__all__ = ["CompressionSpec", "compress", "compress_with"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressionSpec(Spec):
    """All options: the level, methods (None: all that fit), the bounds that levels scale, and how to measure."""

    level: str = "moderate"
    methods: tuple[str, ...] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    measuring: MeasuringSpec = field(default_factory=MeasuringSpec)
    seed: int = 0

    def check(self) -> None:
        """Level and methods are known."""
        bounds_of(self.level, self.bounds)
        require_methods(self.methods)


def compress(
    model: Any,
    data: Dataset | CompressionRows,
    level: str = "moderate",
    methods: Sequence[str] | None = None,
    seed: int = 0,
    track: Track | None = None,
) -> Compression:
    """Make a fitted model, or an artefact, smaller and faster without losing what it can do.

    Steps are tried one after the other (`METHODS` lists them). A step is kept when it brings a real gain in size,
    parameters or time and its score on validation rows is not inferior within the bounds of the `level`
    (conservative, moderate or aggressive: half, once or twice `Bounds`); otherwise it is refused with its reason.

    `data` is cut in time by `split_rows`: for a model in memory pass its `CompressionRows`, whose `train` it was fitted
    on; a bare `Dataset` is cut at 60 % and 80 %, or at an artefact's `fit_end`. Test rows decide nothing. An artefact
    written without its state (see `export_trainable`) has only steps on its graph. Equal seeds give equal candidates;
    only gains in time alone depend on what was measured.

    Raises InvalidInput for unknown names, rows of another model or a fit that reaches into the validation rows,
    NotEnoughData for too few rows, MissingExtra without onnx.
    """
    names = None if methods is None else require_methods(methods)
    return compress_with(model, data, CompressionSpec(level=level, methods=names, seed=seed), track)


def compress_with(
    model: Any, data: Dataset | CompressionRows, spec: CompressionSpec, track: Track | None = None
) -> Compression:
    """`compress` with every option."""
    start = model if isinstance(model, Artefact) else None
    rows = _rows(data, start)
    trainable = _trainable(model)
    graph = model.graph if isinstance(model, Artefact) else _graph_of(model)
    bounds = bounds_of(spec.level, spec.bounds)
    context = StepContext(rows=rows, bounds=bounds, seed=spec.seed, track=None)
    benches = _benches(graph, _class_numbers(model, rows), rows, bounds, spec)
    work = _Work(model=trainable, graph=graph, bench=benches[0], context=context)
    methods = require_methods(spec.methods)
    family = model.manifest.family if isinstance(model, Artefact) else model.family
    steps = _planned(work, methods, family)
    for step in steps if track is None else track(steps, len(methods)):
        work.attempt(step)
    return Compression(
        level=spec.level,
        seed=spec.seed,
        family=family,
        steps=tuple(work.records),
        certificate=benches[0].certify(graph, work.graph, faithful=False, final=True),
        test=benches[1].certify(graph, work.graph, faithful=False, final=True),
        model=work.model,
        graph=work.graph,
        start=start,
    )


@dataclass(slots=True, kw_only=True)
class _Work:
    """The model as it is by now, and what has been tried."""

    model: Any
    graph: bytes
    bench: Bench
    context: StepContext
    records: list[StepRecord] = field(default_factory=list)

    def attempt(self, step: Step) -> None:
        """Make the step's candidate, certify it, keep or refuse it."""
        try:
            if step.works_on == "model":
                model = step.run(_present(self.model), self.context)
                graph = _graph_of(model)
            else:
                model, graph = self.model, step.run(self.graph, self.context)
        except (Refused, NotEnoughData) as error:
            self.records.append(StepRecord(name=step.name, kept=False, reason=f"refused: {error}", certificate=None))
            return
        found = self.bench.certify(self.graph, graph, faithful=step.faithful)
        self.records.append(StepRecord(name=step.name, kept=found.accepted, reason=found.reason, certificate=found))
        if found.accepted:
            self.model, self.graph = model, graph


def _present(model: Any) -> Any:
    if model is None:
        raise Refused("the artefact holds no state to train on; export it with export_trainable")
    return model


def _planned(work: _Work, methods: tuple[str, ...], family: str) -> Iterator[Step]:
    """Steps as they come up: which ones there are depends on what the steps before made of the model."""
    if work.model is not None:
        for stage in model_stages(methods):
            yield from stage(work.model)
    elif set(methods) - {"fold_batch_norm", "quantise", "store_int8"}:
        yield Step(name="steps on the model", works_on="model", faithful=False, summary="", run=lambda *_: None)
    yield from graph_steps(methods, work.model.family if work.model is not None else family)


def _rows(data: Any, start: Artefact | None) -> CompressionRows:
    if isinstance(data, CompressionRows):
        rows = data
    elif not isinstance(data, Dataset):
        raise InvalidInput(f"expected a Dataset or CompressionRows, got {type(data).__name__}; see build_dataset")
    elif start is None:
        rows = split_rows(data)
    elif start.manifest.fit_end is None:
        raise InvalidInput(
            f"{start.model_id} does not say when its training ended; pass split_rows(dataset, fit_end=...), so that it "
            "is judged on rows that it has not seen"
        )
    else:
        rows = split_rows(data, start.manifest.fit_end)
    if start is not None and (start.manifest.fit_end or 0) >= rows.validation.inputs.opened_at.min():
        raise InvalidInput(
            f"{start.model_id} learnt from rows that are now to validate it; pass rows after the end of its training"
        )
    return rows


def _trainable(model: Any) -> Any:
    if not isinstance(model, Artefact):
        return model
    try:
        return restore_model(model)
    except NotFound:
        return None


def _graph_of(model: Any) -> bytes:
    found: bytes = to_onnx(model).SerializeToString()
    return found


def _class_numbers(model: Any, rows: CompressionRows) -> IntVector:
    """The class numbers of the columns that the graph gives; empty for a regression."""
    if not isinstance(model, Artefact):
        return np.asarray(model.classes_, dtype=np.int64) if model.task == "classification" else np.empty(0, np.int64)
    known = rows.train.classes
    unknown = [name for name in model.manifest.classes if name not in known]
    if unknown:
        raise InvalidInput(
            f"{model.model_id} tells {', '.join(model.manifest.classes)} apart, the data set {', '.join(known)}; build "
            f"it with the label {model.manifest.label!r}"
        )
    return np.array([known.index(name) for name in model.manifest.classes], dtype=np.int64)


def _benches(
    graph: bytes, classes: IntVector, rows: CompressionRows, bounds: Bounds, spec: CompressionSpec
) -> tuple[Bench, Bench]:
    """One for the validation rows, one for the test rows."""
    names = tuple(GraphSession(graph).inputs)
    judged = (judged_rows(part, rows.train, classes, names) for part in (rows.validation, rows.test))
    first, second = (Bench(graph, part, bounds, seed=spec.seed, measuring=spec.measuring) for part in judged)
    return first, second
