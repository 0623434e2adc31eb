"""Features, labels, folds, scaler and weights together: what is trained on does not know the test block."""

from dataclasses import replace

import numpy as np
import pytest

from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.data.folds import holdout, purged_folds, walk_forward_folds
from augury.learning.data.scaling import RobustScaler
from augury.learning.labels.registry import label_definitions
from augury.testing.bar_interventions import noise, surge
from augury.validation.splits import PurgedSpec, WalkForwardSpec

FEATURES = ("rsi", "natr", "macd_atr", "range_position", "hurst_rs(window_bars=100)")


def changed_from(universe, first, change, seed):
    """Every bar of every symbol from the first tested time on becomes another one."""
    rng = np.random.default_rng(seed)
    return {name: change(bars, int(np.searchsorted(bars.index.asi8, first)), rng) for name, bars in universe.items()}


def trained_on(built, rows):
    """Everything that training sees of these rows, with who they are."""
    part = built.rows(rows)
    scaler = RobustScaler.fit(part.inputs.tabular(), part.inputs.columns)
    return {
        "opened_at": part.inputs.opened_at,
        "symbol": part.inputs.symbol,
        "label_end": part.inputs.label_end,
        "features": part.inputs.tabular(),
        "windows": part.inputs.sequence(),
        "target": part.target,
        "outcome": part.outcome,
        "scaled": scaler.transform(part.inputs.tabular()),
        "scale": scaler.scale,
        "weights": part.weights,
    }


def moved(one, other):
    """Names of what differs; weights may differ in their last digits, since a common factor is divided out."""
    names = []
    for name, values in one.items():
        if name == "weights":
            same = values.shape == other[name].shape and np.allclose(values, other[name], rtol=1e-12, atol=0.0)
        else:
            same = np.array_equal(values, other[name])
        if not same:
            names.append(name)
    return names


def same_rows(built, rows, other):
    """Positions in another data set of the rows of the same symbols and times."""
    names = [each.inputs.opened_at + each.inputs.symbol for each in (built, other)]  # a symbol's number as ns
    return np.flatnonzero(np.isin(names[1], names[0][rows]))


def folds_of(built):
    """The last training set, one in the middle, and the one before the tested last group."""
    yield holdout(built, 0.3)
    yield walk_forward_folds(built, WalkForwardSpec(train_bars=150, test_bars=80, anchored=True))[1]
    yield purged_folds(built, PurgedSpec(groups=4, test_groups=1))[-1]


@pytest.mark.parametrize("change", [noise, surge], ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", list(label_definitions()))
def test_nothing_that_training_sees_moves_when_the_test_block_changes(universe, name, change):
    spec = DatasetSpec(features=FEATURES, label=name, sequence_bars=10)
    built = build_dataset(universe, spec)
    for fold in folds_of(built):
        first = built.inputs.opened_at[fold.test].min()
        other = build_dataset(changed_from(universe, first, change, seed=1), spec)
        before = trained_on(built, fold.train)
        assert moved(before, trained_on(other, same_rows(built, fold.train, other))) == []
        assert before["target"].size > 100


def test_planted_a_scaler_fitted_on_every_row_is_found(universe):
    spec = DatasetSpec(features=FEATURES, sequence_bars=10)
    built = build_dataset(universe, spec)
    fold = holdout(built, 0.3)
    other = build_dataset(changed_from(universe, built.inputs.opened_at[fold.test].min(), noise, seed=1), spec)
    whole = [RobustScaler.fit(each.inputs.tabular()) for each in (built, other)]
    assert not np.array_equal(whole[0].scale, whole[1].scale)


def test_planted_unpurged_rows_are_found(universe):
    spec = DatasetSpec(features=FEATURES, sequence_bars=10)
    built = build_dataset(universe, spec)
    fold = holdout(built, 0.3)
    first = built.inputs.opened_at[fold.test].min()
    naive = np.flatnonzero(built.inputs.opened_at < first)
    other = build_dataset(changed_from(universe, first, noise, seed=1), spec)
    found = moved(trained_on(built, naive), trained_on(other, np.flatnonzero(other.inputs.opened_at < first)))
    assert "target" in found
    assert "features" not in found


def test_planted_features_of_the_whole_sample_are_found(universe):
    spec = DatasetSpec(features=FEATURES, sequence_bars=10)

    def ranked(bars):
        built = build_dataset(bars, spec)
        tables = tuple(table - np.nanmean(table, axis=0) for table in built.inputs.tables)
        return replace(built, inputs=replace(built.inputs, tables=tables))

    built = ranked(universe)
    fold = holdout(built, 0.3)
    first = built.inputs.opened_at[fold.test].min()
    other = ranked(changed_from(universe, first, noise, seed=1))
    rows = np.flatnonzero(other.inputs.label_end < first)
    assert {"features", "windows"} <= set(moved(trained_on(built, fold.train), trained_on(other, rows)))
