"""Every form of label and of model goes through `train`, `evaluate`, `predict` and `models`."""

from __future__ import annotations

import numpy as np
import pytest

from augury import learning
from augury.market import bar_arrays, read_bars
from augury.operations import run


@pytest.mark.parametrize(
    ("options", "classes"),
    [
        ({"model": "linear", "label": "forward_return(horizon_bars=1)"}, 0),
        ({"model": "xgboost(rounds=5)", "label": "forward_return(horizon_bars=1)"}, 0),
        ({"label": "triple_barrier(horizon_bars=5, upper=1, lower=1)"}, 3),
        ({"keep_nan": True, "features": ("roc(timeperiod=1)", "rsi(timeperiod=60)")}, 2),
        ({"leave_out": ("rsi_5",)}, 2),
        ({"model": "average(members=('linear', 'xgboost(rounds=5)'))"}, 2),
        ({"model": "stack(members=('linear', 'xgboost(rounds=5)'), folds=3)"}, 2),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_every_form_of_label_and_model_goes_through_all_operations(options, classes, train, shelf, tmp_path, augury):
    result = train(**options)
    assert len(result.training.artefact.manifest.classes) == classes
    judged = run("evaluate", model=result.folder, files=(str(shelf / "EDGE.csv"),))
    assert judged.found.rows >= result.training.held_out.rows
    said = run("predict", model=result.folder, files=(str(shelf / "EDGE.csv"),), rows=2)
    assert np.isfinite(said.last[list(result.training.artefact.manifest.classes) or ["value"]].to_numpy()).all()
    for verb in ("evaluate", "predict"):
        assert augury(verb, result.folder, shelf / "EDGE.csv").exit_code == 0
    assert run("models", folder=result.folder).exit_code == 0


def test_a_model_trained_on_some_columns_only_reads_bars_by_every_path(train, shelf):
    predictor = learning.Predictor(train(leave_out=("rsi_5",)).folder)
    assert predictor.manifest.columns == ("roc_1",)
    bars = read_bars(shelf / "EDGE.csv").iloc[:60]
    arrays = bar_arrays(bars)
    whole = predictor.predict_path(arrays).probabilities
    stream = predictor.open_stream()
    rows = [stream.update(int(at), bar) for at, bar in zip(arrays.opened_at, arrays.matrix.T, strict=True)]
    assert np.array_equal(np.array(rows), whole, equal_nan=True)
    assert np.array_equal(predictor.predict_last(arrays).probabilities[0], whole[-1])
