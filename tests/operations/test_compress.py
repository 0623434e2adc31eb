"""`augury compress`: what it prints, what it writes, and that it writes nothing when nothing is gained."""

from __future__ import annotations

import json

import numpy as np
import pytest

from augury import learning
from augury.errors import AuguryError, Conflict, InvalidInput, NotEnoughData
from augury.market import bars_frame
from augury.operations import run

pytest.importorskip("xgboost", reason="xgboost is not installed: it comes with the extra learn")

FEATURES = ("roc(timeperiod=1)", "roc(timeperiod=5)", "rsi", "natr", "range_position")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of many rounds on bars whose next move follows the last one, and the file of the bars."""
    rng = np.random.default_rng(5)
    moves = rng.normal(0.0, 0.01, 1500)
    for t in range(1, moves.size):
        moves[t] += 0.004 * np.sign(moves[t - 1])
    closes = 100.0 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], closes[:-1]])
    wick = 1.0 + np.abs(rng.normal(0.0, 0.002, (2, closes.size)))
    high, low = np.maximum(opens, closes) * wick[0], np.minimum(opens, closes) / wick[1]
    times = 1_400_000_000 * 10**9 + 86_400 * 10**9 * np.arange(closes.size, dtype=np.int64)
    place = tmp_path_factory.mktemp("compress")
    bars_frame(times, np.vstack([opens, high, low, closes, np.full(closes.size, 1e6)])).to_csv(place / "ACME.csv")
    model, bars = place / "model", str(place / "ACME.csv")
    text = "xgboost(patience=None, rounds=120, max_depth=3, learning_rate=0.05)"
    run(
        "train", model=text, files=(bars,), output=str(model), features=FEATURES, label="direction(horizon_bars=1)",
        held_out=0.4, folds=2, importance=False,
    )  # fmt: skip
    return model, bars


def test_a_compressed_model_is_smaller_and_says_what_was_done(trained, tmp_path, augury):
    model, bars = trained
    small = tmp_path / "small"
    found = augury("compress", model, bars, "-o", small, "-m", "truncate_rounds", "-m", "cut_features", columns=100)
    assert found.exit_code == 0, found.output
    for word in ("truncate_rounds", "Parameters", "Validation rows", "Untouched test rows", f"Written: {small}"):
        assert word in found.output.replace("\n", " ") or word in found.output
    before, after = learning.load_artefact(model), learning.load_artefact(small)
    assert after.manifest.graph_bytes < before.manifest.graph_bytes
    assert after.manifest.notes["compressed_from"] == before.model_id
    assert len(learning.Predictor(small).predict_bars(_frame(bars))) == 1500


def _frame(path):
    from augury.market import read_bars

    return read_bars(path)


def test_json_holds_every_certificate(trained, tmp_path, augury):
    model, bars = trained
    found = augury("compress", model, bars, "-o", tmp_path / "small", "-m", "truncate_rounds", "--json")
    told = json.loads(found.stdout)
    assert [step["name"] for step in told["steps"]] == ["truncate_rounds"]
    assert told["certificate"]["after"]["size_bytes"] < told["certificate"]["before"]["size_bytes"]
    assert told["test"]["score"]["rows"] > 60


def test_a_step_without_gain_is_refused_and_nothing_is_written(trained, tmp_path, augury):
    model, bars = trained
    learning.export_model(learning.restore_model(learning.load_artefact(model)), tmp_path / "bare",
                          _extras(model))  # fmt: skip
    found = augury("compress", tmp_path / "bare", bars, "-o", tmp_path / "small", "-m", "quantise")
    assert found.exit_code == 0, found.output
    assert "nothing was written" in " ".join(found.output.split())
    assert not (tmp_path / "small").exists()


def _extras(model):
    values = learning.load_artefact(model).to_dict()
    known = learning.ManifestExtras().to_dict()
    notes = {key: text for key, text in values["notes"].items() if key != "state_sha256"}
    return learning.ManifestExtras.from_dict({name: values[name] for name in known} | {"notes": notes})


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"methods": ("quantize",)}, InvalidInput, "quantise"),
        ({"level": "extreme"}, InvalidInput, "moderate"),
        ({"output": "MODEL"}, Conflict, "overwrite"),
        ({"model": "NOWHERE"}, AuguryError, "NOWHERE"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(trained, tmp_path, change, error, told):
    model, bars = trained
    given = {"model": str(model), "files": (bars,), "output": str(tmp_path / "small")} | change
    given = {key: str(model) if value == "MODEL" else value for key, value in given.items()}
    with pytest.raises(error, match=told):
        run("compress", **given)
    assert not (tmp_path / "small").exists()


def test_bars_that_end_with_the_training_leave_nothing_to_judge_on(trained, tmp_path):
    model, bars = trained
    frame = _frame(bars)
    frame.iloc[:950].to_csv(tmp_path / "ACME.csv")
    with pytest.raises(NotEnoughData, match="longer history"):
        run("compress", model=str(model), files=(str(tmp_path / "ACME.csv"),), output=str(tmp_path / "small"))
