import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skfolio.model_selection import CombinatorialPurgedCV

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.data.folds import (
    combinatorial_folds,
    holdout,
    purged_folds,
    require_disjoint,
    walk_forward_folds,
)
from augury.validation.splits import PurgedSpec, WalkForwardSpec


def meets(inputs, train, test):
    """Whether a training row's stretch meets a tested one's, pair by pair."""
    return (
        (inputs.label_end[train][:, None] >= inputs.opened_at[test])
        & (inputs.opened_at[train][:, None] <= inputs.label_end[test])
    ).any()


def test_one_series_splits_as_another_library_does(toy_inputs):
    inputs = toy_inputs([np.arange(600) + 5])
    found = combinatorial_folds(inputs, PurgedSpec(groups=6, test_groups=2, embargo_bars=3))
    peer = CombinatorialPurgedCV(n_folds=6, n_test_folds=2, purged_size=5, embargo_size=3)
    theirs = list(peer.split(np.zeros((600, 1))))
    assert len(found.folds) == len(theirs) == 15
    for fold, (train, test) in zip(found.folds, theirs, strict=True):
        np.testing.assert_array_equal(fold.train, train)
        np.testing.assert_array_equal(fold.test, np.concatenate(test))


@st.composite
def pooled_ends(draw):
    symbols = draw(st.integers(1, 3))
    lengths = [draw(st.integers(120, 160)) for _ in range(symbols)]
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    longest = draw(st.integers(1, 12))
    return [np.arange(length) + rng.integers(1, longest + 1, length) for length in lengths]


@given(ends=pooled_ends(), groups=st.integers(3, 6))
def test_no_label_of_any_symbol_reaches_from_training_into_the_test(toy_inputs, ends, groups):
    inputs = toy_inputs(ends)
    tested = []
    for fold in purged_folds(inputs, PurgedSpec(groups=groups, test_groups=1)):
        assert not meets(inputs, fold.train, fold.test)
        require_disjoint(inputs[fold.train], inputs[fold.test])
        tested.append(fold.test)
    np.testing.assert_array_equal(np.sort(np.concatenate(tested)), np.arange(len(inputs)))
    last = holdout(inputs, 0.2)
    assert not meets(inputs, last.train, last.test)
    assert inputs.opened_at[last.train].max() < inputs.opened_at[last.test].min()


def test_all_rows_of_one_time_are_on_one_side(toy_inputs):
    inputs = toy_inputs([np.arange(200) + 3, np.arange(180) + 3, np.arange(200) + 3])
    for fold in purged_folds(inputs):
        assert not np.isin(inputs.opened_at[fold.train], inputs.opened_at[fold.test]).any()


def test_a_planted_long_label_takes_its_row_out_of_training(toy_inputs):
    ends = np.arange(200) + 2
    ends[50] = 120  # far into the second group
    plain = purged_folds(
        toy_inputs([np.arange(200) + 2], bars=203), PurgedSpec(groups=2, test_groups=1, embargo_bars=0)
    )
    planted = purged_folds(toy_inputs([ends], bars=203), PurgedSpec(groups=2, test_groups=1, embargo_bars=0))
    assert 50 in plain[1].train
    assert 50 not in planted[1].train


def test_the_embargo_keeps_rows_after_the_test_out_and_none_before_it(toy_inputs):
    inputs = toy_inputs([np.arange(300) + 5])
    without, with_it = (
        purged_folds(inputs, PurgedSpec(groups=3, test_groups=1, embargo_bars=bars))[1] for bars in (0, 20)
    )
    gone = np.setdiff1d(without.train, with_it.train)
    np.testing.assert_array_equal(gone, np.arange(205, 225))


def test_label_ends_between_the_rows_still_purge(universe):
    spec = DatasetSpec(features=("rsi",), label="direction(horizon_bars=7)", every_bars=5)
    built = build_dataset(universe, spec)
    for fold in purged_folds(built, PurgedSpec(groups=4, test_groups=1, embargo_bars=0)):
        assert not meets(built.inputs, fold.train, fold.test)
    last = holdout(built, 0.3)
    assert not meets(built.inputs, last.train, last.test)
    assert last.train.size + last.test.size > 0.95 * len(built)


def test_combinatorial_paths_join_predictions_into_whole_histories(universe):
    built = build_dataset(universe, DatasetSpec(features=("rsi",)))
    found = combinatorial_folds(built)
    predictions = [np.stack([fold.test, fold.test + 0.5], axis=1).astype(float) for fold in found.folds]
    assert found.paths.shape == (5, 6)
    for number in range(5):
        np.testing.assert_array_equal(found.path(number, predictions)[:, 0], np.arange(len(built)))
    used = {(int(fold), group) for row in found.paths for group, fold in enumerate(row)}
    assert len(used) == 30


def test_walk_forward_trains_on_the_past_and_purges_beyond_the_gap(toy_inputs):
    inputs = toy_inputs([np.arange(300) + 8, np.arange(300) + 4])
    spec = WalkForwardSpec(train_bars=100, test_bars=50, gap_bars=2, anchored=True)
    folds = walk_forward_folds(inputs, spec)
    assert len(folds) == 4
    for fold in folds:
        first = inputs.opened_at[fold.test].min()
        assert inputs.label_end[fold.train].max() < first
    bars = inputs.bar[folds[0].train]
    assert bars.max() == 102 - 8 - 1
    np.testing.assert_array_equal(np.unique(inputs.bar[folds[1].test]), np.arange(152, 202))


def test_holdout_is_the_last_share_of_the_times(toy_inputs):
    fold = holdout(toy_inputs([np.arange(200) + 5, np.arange(200) + 5]), 0.15)
    assert fold.test.size == 60
    assert fold.train.size == 2 * (170 - 5)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_leaves_one_side_empty_is_refused(toy_inputs, share):
    with pytest.raises(InvalidInput, match="share"):
        holdout(toy_inputs([np.arange(50) + 1]), share)


def test_too_few_training_rows_after_purging_are_refused_with_the_count(toy_inputs):
    with pytest.raises(NotEnoughData, match=r"at least 10 training rows after purging, got \d"):
        holdout(toy_inputs([np.arange(40) + 30]), 0.2)
    with pytest.raises(NotEnoughData, match="training"):
        purged_folds(toy_inputs([np.arange(60) + 50]), PurgedSpec(groups=3, test_groups=1))
    with pytest.raises(NotEnoughData, match="expected at least"):
        walk_forward_folds(toy_inputs([np.arange(60) + 1]))
    with pytest.raises(NotEnoughData, match="got none"):
        purged_folds(toy_inputs([np.arange(60) + 1])[:0])


def test_a_planted_overlap_with_the_test_set_is_refused_and_told(toy_inputs):
    inputs = toy_inputs([np.arange(100) + 5])
    require_disjoint(inputs[:45], inputs[50:])
    with pytest.raises(InvalidInput, match=r"1 of 46 training rows overlap the test set.*1970-02-20"):
        require_disjoint(inputs[:46], inputs[50:])
    with pytest.raises(InvalidInput, match="5 of 50 training rows"):
        require_disjoint(inputs[:50], inputs[50:])
    with pytest.raises(InvalidInput, match="overlap"):
        require_disjoint(inputs[55:], inputs[:51])  # training after the test, within the reach of its labels
    require_disjoint(inputs[56:], inputs[:51])
    require_disjoint(inputs[:0], inputs)


def test_overlap_is_seen_across_symbols_and_behind_short_labels(toy_inputs):
    long_first = np.arange(60) + 1
    long_first[10] = 40
    inputs = toy_inputs([long_first, np.arange(60) + 1])
    test = inputs[(inputs.bar >= 10) & (inputs.bar < 15)]  # one tested label reaches to bar 40, later ones do not
    train = inputs[(inputs.bar == 30) & (inputs.symbol == 1)]
    with pytest.raises(InvalidInput, match="overlap"):
        require_disjoint(train, test)


def test_other_objects_are_refused():
    with pytest.raises(InvalidInput, match="expected a Dataset or its Inputs, got ndarray"):
        purged_folds(np.zeros(5))
