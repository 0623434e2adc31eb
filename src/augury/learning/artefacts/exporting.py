"""Exporting a fitted model: graph and manifest, checked against the training code, written whole or not at all."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from augury.errors import InvalidInput, Refused
from augury.learning.artefacts.artefact import Artefact, check_graph
from augury.learning.artefacts.manifest import FORMAT_VERSION, Manifest, ManifestExtras
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.to_graph import INPUT_NAMES, to_onnx
from augury.learning.artefacts.writing import write_artefact
from augury.learning.data.dataset import Dataset
from augury.learning.estimators.families import model_text
from augury.version import __version__

__all__ = ["build_artefact", "export_model", "extras_of", "parity", "seal_artefact"]

_TOLERANCE = 1e-5
_LIBRARIES = {
    "numpy": ("numpy",),
    "onnx": ("onnx",),
    "onnxruntime": ("onnxruntime",),
    "sklearn": ("scikit-learn",),
    "torch": ("torch",),
    "xgboost": ("xgboost-cpu", "xgboost"),
}


def export_model(
    model: Any,
    folder: str | Path,
    extras: ManifestExtras | None = None,
    *,
    replace: bool = False,
    sample: Any = None,
    beside: Mapping[str, str | bytes] | None = None,
) -> Artefact:
    """Write a fitted model as an artefact: `model.onnx`, `manifest.json`, and files `beside` them by name.

    `extras` say where inputs come from and how the model was trained and judged (see `extras_of`). `sample` are rows
    on which the graph must agree with the model to 1e-5. An existing folder is refused (Conflict) unless `replace`.
    Raises what `build_artefact` raises.
    """
    return write_artefact(build_artefact(model, extras, sample=sample), folder, replace_existing=replace, beside=beside)


def build_artefact(model: Any, extras: ManifestExtras | None = None, *, sample: Any = None) -> Artefact:
    """A fitted model as an artefact in memory.

    Raises sklearn's NotFittedError, InvalidInput for extras that do not fit the model, and Refused when graph and
    model disagree on the `sample` by more than 1e-5.
    """
    extras = extras or ManifestExtras()
    graph = to_onnx(model)
    values = extras.to_dict() | {
        "family": model.family,
        "model": model_text(model),
        "task": model.task,
        "classes": _classes(model, extras),
        "inputs": [_form(item, _kind_of(item.name)) for item in graph.graph.input],
        "outputs": [_form(item, item.name) for item in graph.graph.output],
        "reads_nan": bool(_reads_nan(model)),
        "seed": model.seed,
        "tolerance": _TOLERANCE,
        "libraries": _versions(),
    }
    artefact = seal_artefact(graph.SerializeToString(), values)
    _refuse_other_widths(artefact.manifest)
    if sample is not None:
        difference = parity(model, Predictor(artefact), sample)
        if not difference <= _TOLERANCE:
            raise Refused(
                f"the graph differs from the model by up to {difference:.2g} on the sample, more than {_TOLERANCE:g}: "
                "a feature's level may be too large for its spread in float32; scale it, for example as a ratio"
            )
    return artefact


def seal_artefact(graph: bytes, values: Mapping[str, Any]) -> Artefact:
    """An artefact of a serialised graph and the manifest's other fields; size, hash, version and id are filled in.

    With `artefact.to_dict() | {"tolerance": 0.01}` as `values`, the artefact of a changed graph of the same model.
    """
    fields = {key: value for key, value in values.items() if key != "model_id"} | {
        "format_version": FORMAT_VERSION,
        "graph_sha256": hashlib.sha256(graph).hexdigest(),
        "graph_bytes": len(graph),
    }
    content = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    model_id = f"{fields['family']}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    manifest = Manifest.from_dict(fields | {"model_id": model_id})
    check_graph(graph, manifest)
    return Artefact(manifest=manifest, graph=graph)


def extras_of(dataset: Dataset, **more: Any) -> ManifestExtras:
    """The extras of a model that was fitted on all rows of a data set; `more` are other fields, such as `scores`."""
    inputs = dataset.inputs
    known = {
        "features": dataset.spec.features,
        "feature_ids": dataset.feature_ids,
        "columns": inputs.columns,
        "label": dataset.spec.label,
        "classes": dataset.classes,
        "sequence_bars": inputs.sequence_bars,
        "chart": inputs.chart,
        "keep_nan": dataset.spec.keep_nan,
        "data_fingerprint": dataset.fingerprint,
        "first_training_time": int(inputs.opened_at.min()),
        "last_training_time": int(inputs.opened_at.max()),
        "fit_end": int(inputs.label_end.max()),
        "symbols": dataset.symbols,
    }
    return ManifestExtras(**(known | more))


def parity(model: Any, predictor: Predictor, inputs: Any) -> float:
    """The largest difference between what the model and its artefact say about some rows, before calibration."""
    said = model.predict_proba(inputs) if model.task == "classification" else model.predict_values(inputs)[:, None]
    found = predictor.predict(inputs).raw
    if said.size == 0:
        raise InvalidInput("expected at least one row to compare model and artefact on; got none")
    scale = 1.0 if model.task == "classification" else max(1.0, float(np.abs(said).max()))
    return float(np.abs(said - found).max()) / scale


def _classes(model: Any, extras: ManifestExtras) -> list[str]:
    if model.task != "classification":
        return []
    numbers = [int(number) for number in model.classes_]
    if not extras.classes:
        return [str(number) for number in numbers]
    if max(numbers) >= len(extras.classes) or min(numbers) < 0:
        raise InvalidInput(f"the model learnt the classes {numbers}; the label names {len(extras.classes)} only")
    if len(numbers) < len(extras.classes):
        missing = [name for at, name in enumerate(extras.classes) if at not in numbers]
        raise InvalidInput(
            f"the model never met the class {' or '.join(map(repr, missing))} of its label, so it cannot say how "
            "likely that is; train it on a history in which every class occurs"
        )
    return [extras.classes[number] for number in numbers]


def _kind_of(name: str) -> str:
    return next(kind for kind, known in INPUT_NAMES.items() if known == name)


def _form(item: Any, kind: str) -> dict[str, Any]:
    shape = [axis.dim_value or None for axis in item.type.tensor_type.shape.dim]
    return {"name": item.name, "kind": kind, "shape": [None, *shape[1:]]}


def _reads_nan(model: Any) -> bool:
    members = getattr(model, "models_", None) or [getattr(model, "model_", model)]
    return all(_reads_nan(member) if member is not model else model.reads_nan for member in members)


def _refuse_other_widths(manifest: Manifest) -> None:
    for form in manifest.inputs:
        if form.kind != "image" and manifest.columns and form.shape[-1] != len(manifest.columns):
            raise InvalidInput(
                f"the model reads {form.shape[-1]} columns, the extras name {len(manifest.columns)}; pass those of the "
                "data set that it was fitted on"
            )
        if form.kind == "sequence" and form.shape[1] != manifest.sequence_bars:
            raise InvalidInput(f"the model reads {form.shape[1]} bars, the extras say {manifest.sequence_bars}")
        if form.kind == "image" and manifest.chart is not None and form.shape[1:] != manifest.chart.shape:
            raise InvalidInput(f"the model reads images {form.shape[1:]}, the extras' chart is {manifest.chart.shape}")


def _versions() -> dict[str, str]:
    """Versions of Augury and of what may have trained or exported the model, as installed."""
    found = {"augury": __version__}
    for name, packages in _LIBRARIES.items():
        for package in packages:
            try:
                found.setdefault(name, importlib.metadata.version(package))
            except importlib.metadata.PackageNotFoundError:
                continue
    return found
