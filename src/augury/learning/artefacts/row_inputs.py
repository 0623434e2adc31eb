"""From rows, as training code holds them, to what a graph reads; refused in words when they do not fit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from augury.errors import InvalidInput, nearest
from augury.learning.artefacts.arrays import GraphInput
from augury.learning.artefacts.manifest import Manifest, TensorForm
from augury.learning.data.inputs import InputKind, Inputs, read_inputs

__all__ = ["graph_inputs"]

_FLOAT32_LARGEST = float(np.finfo(np.float32).max)


def graph_inputs(inputs: Inputs | GraphInput | Mapping[str, GraphInput], manifest: Manifest) -> dict[str, GraphInput]:
    """The graph's inputs by name, float32.

    Raises InvalidInput for another form, width, window or image size, unknown names or columns, rows that differ in
    number, infinite values, values beyond float32, and NaN unless the model reads it.
    """
    if isinstance(inputs, Inputs):
        _refuse_other_inputs(inputs, manifest)
        given: Mapping[str, GraphInput] = {form.name: read_inputs(inputs, _kind(form)) for form in manifest.inputs}
    elif isinstance(inputs, Mapping):
        given = inputs
    elif len(manifest.inputs) == 1:
        given = {manifest.inputs[0].name: inputs}
    else:
        names = ", ".join(repr(form.name) for form in manifest.inputs)
        raise InvalidInput(f"{manifest.model_id} reads several inputs; pass Inputs, or arrays by name: {names}")
    wanted = {form.name: form for form in manifest.inputs}
    for name in given:
        if name not in wanted:
            raise InvalidInput(f"{manifest.model_id} has no input {name!r}; {nearest(name, wanted)}")
    for name in wanted:
        if name not in given:
            raise InvalidInput(f"{manifest.model_id} also reads {name!r}; pass it too")
    feeds = {name: _checked(given[name], form, manifest) for name, form in wanted.items()}
    counts = {name: len(array) for name, array in feeds.items()}
    if len(set(counts.values())) > 1:
        raise InvalidInput(f"expected as many rows of every input; got {counts}")
    return feeds


def _kind(form: TensorForm) -> InputKind:
    kinds: dict[str, InputKind] = {"tabular": "tabular", "sequence": "sequence", "image": "image"}
    return kinds[form.kind]


def _refuse_other_inputs(inputs: Inputs, manifest: Manifest) -> None:
    if manifest.columns and inputs.columns != manifest.columns and any(f.kind != "image" for f in manifest.inputs):
        missing = [name for name in manifest.columns if name not in inputs.columns]
        extra = [name for name in inputs.columns if name not in manifest.columns]
        raise InvalidInput(
            f"{manifest.model_id} was trained on other columns: missing {missing[:5]}, unknown {extra[:5]}, or in "
            "another order; build the rows with the features of its manifest"
        )
    kinds = {form.kind for form in manifest.inputs}
    if "image" in kinds and inputs.chart is not None and inputs.chart != manifest.chart:
        raise InvalidInput(f"{manifest.model_id} was trained on charts {manifest.chart}, got {inputs.chart}")


def _checked(values: GraphInput, form: TensorForm, manifest: Manifest) -> GraphInput:
    array = read_inputs(values, _kind(form))
    if array.shape[1:] != form.shape[1:]:
        raise InvalidInput(
            f"{manifest.model_id} reads {form.name} [rows, {', '.join(map(str, form.shape[1:]))}], got "
            f"{list(array.shape)}; build the rows as they were in training"
        )
    if array.dtype.kind == "f":
        undefined = np.isnan(array)
        if not manifest.reads_nan and undefined.any():
            rows = int(undefined.reshape(len(array), -1).any(axis=1).sum())
            raise InvalidInput(
                f"{manifest.model_id} cannot read NaN, and {rows} of {len(array)} rows hold some; leave those rows out"
            )
        beyond = np.abs(array) > _FLOAT32_LARGEST
        if beyond.any():
            raise InvalidInput(
                f"{form.name} should be finite and within float32; {int(beyond.sum())} values are not: leave those "
                "rows out"
            )
    return np.ascontiguousarray(array, dtype=np.float32)
