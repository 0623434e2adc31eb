"""What the operations on models read: universes of files, and the data set as it is typed."""

from __future__ import annotations

import pytest

from augury import learning, market
from augury.errors import Conflict, InvalidInput, NotFound
from augury.operations.model_inputs import (
    DEFAULT_FEATURES,
    SAMPLE,
    DatasetOptions,
    dataset_of,
    nested_track,
    read_universe,
    reads_of,
)
from augury.operations.operation import Silent


def test_files_are_symbols_by_their_names(shelf):
    universe = read_universe((str(shelf / "EDGE.csv"), str(shelf / "NOISE.csv")), DatasetOptions())
    assert list(universe.bars) == ["EDGE", "NOISE"]
    assert universe.bars["EDGE"].equals(market.read_bars(shelf / "EDGE.csv"))
    assert universe.notes == ()


def test_the_word_sample_gives_the_bundled_bars_and_says_so():
    universe = read_universe((SAMPLE,), DatasetOptions())
    assert sorted(universe.bars) == ["AAPL", "GOOG", "IBM", "MSFT"]
    assert all(frame["close"].pct_change().abs().max() < 0.55 for frame in universe.bars.values())
    assert "FB is left out" in universe.notes[0]


def test_the_usual_data_set_of_the_sample_has_a_dozen_features():
    dataset = dataset_of(read_universe((SAMPLE,), DatasetOptions()), DatasetOptions(), ["tabular"])
    assert len(dataset.feature_ids) == len(DEFAULT_FEATURES) == 12
    assert (dataset.inputs.sequence_bars, dataset.inputs.chart) == (None, None)


@pytest.mark.parametrize(
    ("files", "kind", "words"),
    [
        ((), InvalidInput, "or the word sample"),
        (("EDGE.csv", "EDGE.csv"), Conflict, "EDGE.csv is given 2 times; name each file once"),
        (("sample", "sample"), Conflict, "sample is given 2 times"),
        (("EDGE.csv", "./EDGE.csv"), Conflict, "EDGE comes from two files"),
        (("EDG.csv",), NotFound, "did you mean"),
    ],
)
def test_files_that_cannot_be_a_universe_are_refused(files, kind, words, shelf, monkeypatch):
    monkeypatch.chdir(shelf)
    with pytest.raises(kind, match=words):
        read_universe(files, DatasetOptions())


def test_a_step_like_a_split_is_noted_or_taken_out(planted, tmp_path):
    frame = planted(300, strength=0.0)
    frame.iloc[150:, :4] /= 4.0
    frame.to_csv(tmp_path / "A.csv")
    left = read_universe((str(tmp_path / "A.csv"),), DatasetOptions())
    assert "Prices of A step as at a split (4 for 1 on 2015-05-31)" in left.notes[0]
    assert "--splits detect" in left.notes[0]
    taken = read_universe((str(tmp_path / "A.csv"),), DatasetOptions(splits="detect"))
    assert "were taken for splits: 4 for 1" in taken.notes[0]
    assert taken.bars["A"]["close"].pct_change().abs().max() < 0.1


def test_options_of_the_data_set_reach_it(shelf):
    options = DatasetOptions(
        features=("roc(timeperiod=1)", "rsi(timeperiod=60)"),
        label="direction(horizon_bars=2)",
        leave_out=("roc_1",),
        every_bars=3,
        sequence_bars=7,
        chart_days=5,
    )
    universe = read_universe((str(shelf / "EDGE.csv"),), options)
    dataset = dataset_of(universe, options, ["image", "sequence"])
    assert dataset.inputs.columns == ("rsi_60",)
    assert (dataset.inputs.sequence_bars, dataset.inputs.chart.days) == (7, 5)
    assert set(dataset.inputs.bar % 3) == {0}
    more = dataset_of(universe, options.replace(keep_nan=True, leave_out=()), ["tabular"])
    assert more.inputs.bar.min() < 60 <= dataset.inputs.bar.min()


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("linear", ["tabular"]),
        ("lstm(hidden=4)", ["sequence"]),
        ("stack(members=('linear', 'lstm', 'chart_cnn'))", ["image", "sequence", "tabular"]),
        ("average(members=('linear', \"stack(members=('gru', 'xgboost'))\"))", ["sequence", "tabular"]),
        ("average", ["tabular"]),
    ],
)
def test_an_ensemble_reads_what_its_members_read(model, kinds):
    assert reads_of(model) == kinds
    assert set(kinds) <= {family.input_kind for family in learning.FAMILIES.values()}


def test_a_fit_within_a_step_has_a_bar_of_its_own():
    seen = []

    class Watched(Silent):
        def track(self, items, label, total):
            seen.append((label, total))
            yield from items

    track = nested_track(Watched(), "Outside")
    for _ in track(range(2), 2):
        assert list(track("ab", 2)) == ["a", "b"]
    assert list(track(range(1), 1)) == [0]
    assert seen == [("Outside", 2), ("this fit", 2), ("this fit", 2), ("Outside", 1)]
