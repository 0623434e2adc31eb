"""The state beside a graph: arrays only, hashed, and the same model bit for bit."""

from __future__ import annotations

import io
import warnings
import zipfile

import numpy as np
import pytest

from augury.errors import InvalidArtefact, NotFound
from augury.learning.artefacts.exporting import build_artefact, extras_of
from augury.learning.artefacts.reading import load_artefact
from augury.learning.artefacts.state import STATE_FILE, export_trainable, restore_model, save_state, state_bytes
from augury.learning.estimators.families import make_model

TREES = "xgboost(rounds=15, max_depth=3)"
MODELS = [
    "linear(l2=0.5)",
    TREES,
    "lstm(hidden=4, layers=1, epochs=1, device='cpu', members=2)",
    "gru(hidden=4, layers=2, epochs=1, device='cpu')",
    "transformer(width=8, heads=2, blocks=1, feed_forward=8, epochs=1, device='cpu')",
    "chart_cnn(channels=2, epochs=1, batch_rows=64, device='cpu')",
    "average(members=('linear', 'xgboost(rounds=5, patience=None)'), combine='dynamic')",
    "stack(members=('linear', 'gru(hidden=4, layers=1, epochs=1)'), folds=2)",
]


@pytest.mark.parametrize("text", MODELS)
def test_a_restored_model_predicts_bit_for_bit_what_it_did(fitted, dataset, tmp_path, text):
    model = fitted(text)
    export_trainable(model, tmp_path / "m", extras_of(dataset))
    again = restore_model(load_artefact(tmp_path / "m"))
    assert type(again) is type(model)
    assert again.get_params() == model.get_params()
    assert np.array_equal(again.predict_proba(dataset.inputs), model.predict_proba(dataset.inputs))
    assert again.columns_ == model.columns_
    assert state_bytes(again) == state_bytes(model)


@pytest.mark.parametrize("text", ["linear", "xgboost(rounds=9)", "gru(hidden=4, layers=1, epochs=1, device='cpu')"])
def test_regressions_are_restored_too(dataset, tmp_path, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_model(text, task="regression").fit(dataset.inputs, dataset.outcome)
    export_trainable(model, tmp_path / "m", extras_of(dataset, classes=()))
    again = restore_model(load_artefact(tmp_path / "m"))
    assert np.array_equal(again.predict(dataset.inputs), model.predict(dataset.inputs))


def test_a_wavelet_model_is_restored(tmp_path):
    rng = np.random.default_rng(1)
    import pandas as pd

    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["rsi", "wavelet_energy_1", "wavelet_trend"])
    model = make_model("wavelet(learner='xgboost(rounds=5, patience=None)')").fit(frame, frame["wavelet_trend"] > 0)
    from augury.learning.artefacts.state import restore_state
    from augury.learning.estimators.families import model_text

    again = restore_state(model_text(model), save_state(model))
    assert np.array_equal(again.predict_proba(frame), model.predict_proba(frame))


def test_states_hold_numbers_and_texts_only(fitted):
    for text in MODELS:
        assert {value.dtype.kind for value in save_state(fitted(text)).values()} <= set("iufbU")


@pytest.fixture
def folder(fitted, dataset, tmp_path):
    return export_trainable(fitted(TREES), tmp_path / "m", extras_of(dataset)).folder


def test_an_altered_state_is_refused(folder):
    data = bytearray((folder / STATE_FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / STATE_FILE).write_bytes(bytes(data))
    with pytest.raises(InvalidArtefact, match="altered"):
        restore_model(load_artefact(folder))


def test_a_missing_state_is_said_to_be_missing(folder, fitted, dataset):
    (folder / STATE_FILE).unlink()
    with pytest.raises(NotFound, match=r"no state\.npz"):
        restore_model(load_artefact(folder))
    with pytest.raises(NotFound, match="holds no state"):
        restore_model(build_artefact(fitted(TREES), extras_of(dataset)))


def test_pickled_objects_are_never_read(folder):
    """Even when the hash in the manifest vouches for them."""
    import hashlib

    from augury.learning.artefacts.exporting import seal_artefact
    from augury.learning.artefacts.writing import write_artefact

    written = io.BytesIO()
    np.savez(written, n_features_in_=np.array([object()], dtype=object))
    known = load_artefact(folder)
    notes = {"state_sha256": hashlib.sha256(written.getvalue()).hexdigest()}
    forged = write_artefact(
        seal_artefact(known.graph, known.to_dict() | {"notes": notes}),
        folder.parent / "forged",
        beside={STATE_FILE: written.getvalue()},
    )
    with pytest.raises(InvalidArtefact, match="no archive of arrays"):
        restore_model(forged)


def test_a_state_of_another_model_is_refused(fitted, dataset):
    from augury.learning.artefacts.state import restore_state

    with pytest.raises(InvalidArtefact, match="is not one of"):
        restore_state("linear", save_state(fitted(TREES)))


def test_states_are_stored_without_compression(folder):
    with zipfile.ZipFile(folder / STATE_FILE) as archive:
        assert all(item.compress_type == zipfile.ZIP_STORED for item in archive.infolist())
