"""What a fitted model consists of, as plain arrays beside its graph, so that it can be trained on and cut later.

`state.npz` holds arrays only, no Python objects; its SHA-256 stands among the manifest's notes.
"""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.errors import InvalidArtefact, InvalidInput, NotFound
from augury.extras import require
from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.exporting import export_model
from augury.learning.artefacts.manifest import ManifestExtras
from augury.learning.artefacts.network_state import network_arrays, network_of_arrays
from augury.learning.data.scaling import RobustScaler
from augury.learning.estimators.families import make_model, model_text

__all__ = [
    "STATE_FILE",
    "STATE_NOTE",
    "export_trainable",
    "restore_model",
    "restore_state",
    "save_state",
    "state_bytes",
]

STATE_FILE = "state.npz"
STATE_NOTE = "state_sha256"
_LARGEST = 1 << 30
_AGAIN = "export the model again with its state"

State = Mapping[str, npt.NDArray[Any]]


def save_state(model: Any) -> dict[str, npt.NDArray[Any]]:
    """All that a fitted model needs to predict and to be trained on: arrays of numbers and texts by name.

    Names of members' and inner models' arrays start with `members/0/` or `inner/`. Raises sklearn's NotFittedError, and
    InvalidInput for a model of no known family.
    """
    family = getattr(model, "family", None)
    if family not in _SAVERS:
        raise InvalidInput(f"expected a model of one of the families {', '.join(sorted(_SAVERS))}; got {model!r:.80}")
    require("sklearn.utils.validation", extra="learn").check_is_fitted(model)
    state: dict[str, npt.NDArray[Any]] = {"n_features_in_": np.array(model.n_features_in_, dtype=np.int64)}
    if model.task == "classification":
        state["classes_"] = np.asarray(model.classes_, dtype=np.int64)
    if getattr(model, "columns_", None) is not None:
        state["columns_"] = np.array(model.columns_, dtype=np.str_)
    return state | _SAVERS[family](model)


def restore_state(text: str, state: State) -> Any:
    """The fitted model that `text` makes (`model_text`), with this state; it predicts bit for bit what it did.

    Raises InvalidArtefact when text and state do not belong together.
    """
    model = make_model(text)
    try:
        model.n_features_in_ = int(state["n_features_in_"])
        if model.task == "classification":
            model.classes_ = np.asarray(state["classes_"], dtype=np.int64)
        model.columns_ = tuple(str(name) for name in state["columns_"]) if "columns_" in state else None
        _RESTORERS[model.family](model, state)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise InvalidArtefact(f"the state is not one of {text}: {error!r:.120}; {_AGAIN}") from error
    return model


def state_bytes(model: Any) -> bytes:
    """`save_state` as the bytes of a NumPy archive; equal models give equal bytes."""
    written = io.BytesIO()
    np.savez(written, allow_pickle=False, **save_state(model))
    return written.getvalue()


def export_trainable(
    model: Any, folder: str | Path, extras: ManifestExtras | None = None, *, replace: bool = False, sample: Any = None
) -> Artefact:
    """`export_model`, with `state.npz` beside the graph and its hash among the manifest's notes.

    Such an artefact can be compressed by cutting and training on; `restore_model` gives the model back.
    """
    data = state_bytes(model)
    known = extras or ManifestExtras()
    known = known.replace(notes=known.notes | {STATE_NOTE: hashlib.sha256(data).hexdigest()})
    return export_model(model, folder, known, replace=replace, sample=sample, beside={STATE_FILE: data})


def restore_model(artefact: Artefact) -> Any:
    """The trainable model of an artefact that was written with its state.

    Raises NotFound when it was written without, InvalidArtefact when the file is not the one that the manifest names.
    """
    expected = artefact.manifest.notes.get(STATE_NOTE)
    if expected is None or artefact.folder is None:
        raise NotFound(f"{artefact.model_id} holds no state to train on, only its graph; {_AGAIN}")
    path = artefact.folder / STATE_FILE
    try:
        found = path.lstat()
    except OSError as error:
        raise NotFound(f"the artefact {str(artefact.folder)!r} has no {STATE_FILE}; {_AGAIN}") from error
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
        raise InvalidArtefact(f"{STATE_FILE} of {artefact.model_id} is no plain file of at most {_LARGEST:,} bytes")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != expected:
        raise InvalidArtefact(
            f"{STATE_FILE} of {artefact.model_id} does not have the SHA-256 in its manifest: it was altered; {_AGAIN}"
        )
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            state = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise InvalidArtefact(f"{STATE_FILE} of {artefact.model_id} is no archive of arrays; {_AGAIN}") from error
    return restore_state(artefact.manifest.model, state)


def _save_linear(model: Any) -> dict[str, npt.NDArray[Any]]:
    scaler = model.scaler_
    return {
        "coef_": model.coef_,
        "intercept_": model.intercept_,
        "n_iter_": np.array(model.n_iter_),
        "scaler_columns": np.array(scaler.columns, dtype=np.str_),
        "scaler_centre": scaler.centre,
        "scaler_scale": scaler.scale,
        "scaler_clip": np.array(scaler.clip),
    }


def _restore_linear(model: Any, state: State) -> None:
    model.coef_, model.intercept_ = state["coef_"], state["intercept_"]
    model.n_iter_ = int(state["n_iter_"])
    model.scaler_ = RobustScaler(
        columns=tuple(str(name) for name in state["scaler_columns"]),
        centre=state["scaler_centre"],
        scale=state["scaler_scale"],
        clip=float(state["scaler_clip"]),
    )


def _save_trees(model: Any) -> dict[str, npt.NDArray[Any]]:
    return {
        "booster_": np.frombuffer(bytes(model.booster_.save_raw("ubj")), dtype=np.uint8),
        "best_round_": np.array(model.best_round_),
    }


def _restore_trees(model: Any, state: State) -> None:
    xgboost = require("xgboost", extra="learn")
    try:
        model.booster_ = xgboost.Booster(model_file=bytearray(state["booster_"].tobytes()))
    except xgboost.core.XGBoostError as error:
        raise ValueError(f"no booster: {str(error)[:80]}") from error
    model.booster_.set_param({"nthread": model.threads})
    model.best_round_ = int(state["best_round_"])
    model.history_ = {}


def _save_wavelet(model: Any) -> dict[str, npt.NDArray[Any]]:
    inner = save_state(model.model_)
    return {
        "wavelet_positions_": model.wavelet_positions_,
        "inner_text": np.array(model_text(model.model_)),
        **{f"inner/{name}": value for name, value in inner.items()},
    }


def _restore_wavelet(model: Any, state: State) -> None:
    model.wavelet_positions_ = state["wavelet_positions_"]
    model.model_ = restore_state(str(state["inner_text"]), _below(state, "inner/"))


def _save_network(model: Any) -> dict[str, npt.NDArray[Any]]:
    arrays = {f"module/{name}": value for name, value in network_arrays(model).items()}
    return arrays | {
        "input_shape_": np.array(model.input_shape_, dtype=np.int64),
        "best_epochs_": np.array(model.best_epochs_, dtype=np.int64),
    }


def _restore_network(model: Any, state: State) -> None:
    rows, columns = (int(length) for length in state["input_shape_"])
    outputs = int(model.classes_.size) if model.task == "classification" else 1
    model.module_ = network_of_arrays(model, _below(state, "module/"), (rows, columns), outputs)
    model.input_shape_ = (rows, columns)
    model.best_epochs_ = tuple(int(epoch) for epoch in state["best_epochs_"])
    model.best_epoch_ = model.best_epochs_[0]
    model.history_ = []


def _save_members(model: Any) -> dict[str, npt.NDArray[Any]]:
    state: dict[str, npt.NDArray[Any]] = {
        "weights_": model.weights_,
        "member_texts": np.array([model_text(member) for member in model.models_], dtype=np.str_),
    }
    for name in ("losses_", "known_at_", "out_of_fold_"):
        if hasattr(model, name):
            state[name] = getattr(model, name)
    for place, member in enumerate(model.models_):
        state |= {f"members/{place}/{name}": value for name, value in save_state(member).items()}
    return state


def _restore_members(model: Any, state: State) -> None:
    texts = [str(text) for text in state["member_texts"]]
    model.models_ = [restore_state(text, _below(state, f"members/{at}/")) for at, text in enumerate(texts)]
    model.weights_ = state["weights_"]
    for name in ("losses_", "known_at_", "out_of_fold_"):
        if name in state:
            setattr(model, name, state[name])


def _below(state: State, prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


_NETWORKS = ("lstm", "gru", "transformer", "chart_cnn")
_ENSEMBLES = ("average", "stack")
_SAVERS: dict[str, Callable[[Any], dict[str, npt.NDArray[Any]]]] = {
    "linear": _save_linear,
    "xgboost": _save_trees,
    "wavelet": _save_wavelet,
    **dict.fromkeys(_NETWORKS, _save_network),
    **dict.fromkeys(_ENSEMBLES, _save_members),
}
_RESTORERS: dict[str, Callable[[Any, State], None]] = {
    "linear": _restore_linear,
    "xgboost": _restore_trees,
    "wavelet": _restore_wavelet,
    **dict.fromkeys(_NETWORKS, _restore_network),
    **dict.fromkeys(_ENSEMBLES, _restore_members),
}
