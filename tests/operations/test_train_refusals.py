"""What `train` refuses: one sentence with the remedy, and nothing is written."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

import numpy as np
import pytest

from augury.errors import AuguryError, Conflict, InvalidInput, NotEnoughData, NotFound
from augury.operations import run

REFUSED = {
    "unknown family": ({"model": "xgbost"}, NotFound, "did you mean 'xgboost'"),
    "unknown option": ({"model": "linear(l3=1)"}, InvalidInput, "did you mean 'l2'"),
    "option out of bounds": ({"model": "linear(l2=-1)"}, InvalidInput, "Expected `?float`? > 0"),
    "no model": ({"model": "linear("}, InvalidInput, "expected a model such as"),
    "code": ({"model": "__import__('os').abort()"}, InvalidInput, "literal values"),
    "brackets": ({"model": "stack(members=" + "(" * 3000 + ")" * 3001}, InvalidInput, "expected a model"),
    "one member": ({"model": "stack(members=('linear',))"}, InvalidInput, "two or more different models"),
    "member as text": ({"model": "average(members='linear')"}, InvalidInput, "members"),
    "members as numbers": ({"model": "average(members=(1, 2))"}, InvalidInput, "expected a model such as"),
    "unknown member": ({"model": "stack(members=('linear', 'lstn'))"}, NotFound, "did you mean 'lstm'"),
    "member's option": ({"model": "stack(members=('linear', 'xgboost(depth=1)'))"}, InvalidInput, "max_depth"),
    "the other task": ({"model": "linear(task='regression')"}, InvalidInput, "the model does regression"),
    "unknown label": ({"label": "direktion"}, NotFound, "did you mean 'direction'"),
    "label's option": ({"label": "direction(horizon=1)"}, InvalidInput, "horizon_bars"),
    "horizon 0": ({"label": "direction(horizon_bars=0)"}, InvalidInput, ">= 1"),
    "long horizon": ({"label": "direction(horizon_bars=900)"}, NotEnoughData, "horizon of 900 bars reaches past"),
    "purged away": ({"label": "direction(horizon_bars=300)"}, NotEnoughData, "after purging"),
    "unknown feature": ({"features": ("rsy",)}, NotFound, "did you mean 'rsi'"),
    "feature twice": ({"features": ("rsi", "rsi")}, Conflict, "drop one of them"),
    "long warm-up": ({"features": ("rsi(timeperiod=900)",)}, NotEnoughData, "warm-up"),
    "unknown column": ({"leave_out": ("rsi_6",)}, NotFound, "did you mean 'rsi_5'"),
    "no column left": ({"leave_out": ("rsi_5", "roc_1")}, InvalidInput, "Expected that some"),
    "window too long": ({"model": "lstm", "sequence_bars": 900}, NotEnoughData, "window of 900 bars"),
    "NaN": ({"model": "linear", "keep_nan": True}, InvalidInput, "choose a model that reads NaN"),
    "wavelet": ({"model": "wavelet"}, InvalidInput, "add a wavelet feature"),
    "every 100th bar": ({"every_bars": 100}, NotEnoughData, "between every 100 bars"),
    "held out too little": ({"held_out": 0.0005}, NotEnoughData, "hold out a larger share"),
    "combinations": ({"combinations": 3}, InvalidInput, "test_groups"),
    "accuracy": ({"accuracy": 1.5}, InvalidInput, "< 1.0"),
    "a class missing": (
        {"label": "triple_barrier(horizon_bars=3, upper=50)"}, NotEnoughData, "is 'up'; pass a longer history",
    ),
    "no such file": ({"files": ("EDG.csv",)}, NotFound, "EDGE.csv"),
    "file twice": ({"files": ("EDGE.csv", "EDGE.csv")}, Conflict, "name each file once"),
    "report's ending": ({"report": "x.txt"}, InvalidInput, ".html"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_trained_is_refused_with_the_remedy_and_nothing_is_written(case, train, tmp_path, names):
    options, kind, words = REFUSED[case]
    with pytest.raises(kind, match=words):
        train(**options)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.assign(**dict.fromkeys(("open", "high", "low", "close"), 100.0)), "constant"),
        (lambda frame: frame.iloc[:60], "NaN|warm-up"),
        (lambda frame: frame.iloc[:12], "expected at least 20 rows"),
        (lambda frame: frame.iloc[:0], "expected rows"),
    ],
    ids=["constant", "short", "tiny", "empty"],
)
def test_bars_that_teach_nothing_are_refused(change, words, planted, tmp_path, tiny, names):
    change(planted(200)).to_csv(tmp_path / "A.csv")
    features = ("roc(timeperiod=1)", "rsi(timeperiod=50)")
    with pytest.raises(AuguryError, match=words):
        run(
            "train",
            **(tiny | {"features": features, "files": (str(tmp_path / "A.csv"),), "output": str(tmp_path / "m")}),
        )
    assert names(tmp_path) == ["A.csv"]


def test_one_class_only_is_refused(planted, tmp_path, tiny):
    frame = planted(200)
    close = 100.0 * 1.01 ** np.arange(200) * (1.0 + 0.001 * (np.arange(200) % 3))
    frame = frame.assign(open=close, high=close * 1.02, low=close * 0.98, close=close)
    frame.to_csv(tmp_path / "UP.csv")
    options = tiny | {"features": ("roc(timeperiod=1)",), "label": "direction(horizon_bars=3)"}
    with pytest.raises(NotEnoughData, match=r"none of the \d+ rows to train on is 'down'"):
        run("train", files=(str(tmp_path / "UP.csv"),), output=str(tmp_path / "m"), **options)


def test_bars_of_two_timeframes_and_copies_under_two_names_are_refused(shelf, planted, tmp_path, train):
    planted(300, frequency="h").to_csv(tmp_path / "HOUR.csv")
    with pytest.raises(InvalidInput, match="resample them to one timeframe"):
        train(("EDGE.csv", str(tmp_path / "HOUR.csv")))
    shutil.copy(shelf / "EDGE.csv", tmp_path / "COPY.csv")
    with pytest.raises(InvalidInput, match="pass each series once"):
        train(("EDGE.csv", str(tmp_path / "COPY.csv")))
    (tmp_path / "sub").mkdir()
    shutil.copy(shelf / "NOISE.csv", tmp_path / "sub" / "EDGE.csv")
    with pytest.raises(Conflict, match="EDGE comes from two files"):
        train(("EDGE.csv", str(tmp_path / "sub" / "EDGE.csv")))


def test_an_output_that_cannot_be_is_refused_before_the_bars_are_read(tmp_path, augury, names):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dir").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "dir")
    before = names(tmp_path)
    wanted = {
        "file": (1, "is no model"),
        "dir": (1, "is no model"),
        "link": (1, "is no model"),
        "file/below": (3, "file is a file"),
        "": (3, "expected a folder to write the model to"),
    }
    for name, (code, words) in wanted.items():
        for more in ((), ("--overwrite",)):
            shown = augury("train", "linear", "no_such.csv", "-o", tmp_path / name if name else "", *more, columns=200)
            assert shown.exit_code == code, (name, shown.output)
            assert words in " ".join(shown.stderr.split())
    assert names(tmp_path) == before


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody may write to")  # noqa: PTH112
def test_a_folder_that_takes_no_files_is_refused(train):
    with suppress(FileNotFoundError), pytest.raises(AuguryError, match=r"cannot write .*/proc"):
        train(output="/proc/model")
