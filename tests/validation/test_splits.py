"""No training label ever looks into a test block; the combinatorial splits are those of skfolio."""

from __future__ import annotations

import warnings
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from augury.errors import InvalidInput, NotEnoughData
from augury.validation import (
    PurgedSpec,
    WalkForwardSpec,
    combinatorial_purged_splits,
    purged_splits,
    walk_forward_splits,
)


@pytest.fixture(scope="module")
def skfolio_splitter():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from skfolio.model_selection import CombinatorialPurgedCV
    return CombinatorialPurgedCV


@given(
    bars=st.integers(60, 300),
    groups=st.integers(2, 7),
    tested=st.integers(1, 3),
    embargo=st.one_of(st.none(), st.integers(0, 6)),
    seed=st.integers(0, 10000),
)
def test_no_training_interval_meets_a_test_block(bars, groups, tested, embargo, seed):
    assume(tested < groups)
    ends = np.arange(bars) + np.random.default_rng(seed).integers(0, 6, bars)
    spec = PurgedSpec(groups=groups, test_groups=tested, embargo_bars=embargo)
    try:
        found = combinatorial_purged_splits(ends, spec)
    except NotEnoughData:
        return
    assert len(found.splits) == comb(groups, tested)
    for split in found.splits:
        inside = np.zeros(bars + 10, dtype=bool)
        for t in split.test:
            inside[t : ends[t] + 1] = True
        for t in split.train:
            assert not inside[t : ends[t] + 1].any()
        assert not np.intersect1d(split.train, split.test).size
        after = [t for t in split.train if (split.test < t).any()]
        gap = embargo if embargo is not None else max(5, bars // 100) if (ends - np.arange(bars)).max() == 5 else 0
        for t in after:
            before = split.test[split.test < t]
            assert t > ends[before].max() + gap or t < ends[before].max()
            assert t - before.max() > gap
    assert (np.bincount(np.concatenate([split.test for split in found.splits])) == comb(groups - 1, tested - 1)).all()


def test_combinatorial_splits_are_those_of_skfolio(skfolio_splitter):
    for groups, tested, horizon, embargo in ((6, 2, 5, 3), (10, 3, 2, 7), (8, 2, 0, 0)):
        oracle = skfolio_splitter(n_folds=groups, n_test_folds=tested, purged_size=horizon, embargo_size=embargo)
        spec = PurgedSpec(groups=groups, test_groups=tested, embargo_bars=embargo)
        found = combinatorial_purged_splits(np.arange(1200) + horizon, spec)
        pairs = list(oracle.split(np.zeros((1200, 2))))
        assert len(pairs) == len(found.splits)
        for split, (train, test) in zip(found.splits, pairs, strict=True):
            assert (split.train == train).all()
            assert (split.test == np.concatenate(test)).all()
        assert len(found.paths) == oracle.n_test_paths


def test_the_published_case_of_six_groups_and_two_tests():
    found = combinatorial_purged_splits(np.arange(600) + 5, PurgedSpec(embargo_bars=3))
    split = next(split for split in found.splits if split.test_groups == (1, 4))
    edges = np.flatnonzero(np.diff(split.train) > 1)
    assert split.train[0] == 0
    assert [(int(split.train[i]), int(split.train[i + 1])) for i in edges] == [(94, 208), (394, 508)]
    assert found.paths.shape == (5, 6)


def test_each_test_of_a_group_belongs_to_exactly_one_path():
    found = combinatorial_purged_splits(np.arange(600) + 1)
    used = [(int(split), group) for row in found.paths for group, split in enumerate(row)]
    assert len(set(used)) == len(used) == 30
    predictions = [split.test.astype(float) for split in found.splits]
    for number in range(5):
        assert (found.path(number, predictions) == np.arange(600)).all()


def test_a_long_label_is_purged_even_far_before_the_test():
    ends = np.arange(100)
    ends[10] = 60
    splits = purged_splits(ends, PurgedSpec(groups=4, embargo_bars=0))
    assert len(splits) == 4
    assert 10 not in splits[2].train  # tests bars 50 to 74
    assert 9 in splits[2].train


def test_the_embargo_follows_the_longest_label_or_one_percent():
    first = purged_splits(np.arange(1000), PurgedSpec(groups=5))[0]
    assert first.train[0] == 200 + 10
    assert purged_splits(np.arange(1000) + 30, PurgedSpec(groups=5))[0].train[0] == 200 + 30 + 30


def test_walk_forward_windows_roll_or_grow_and_never_look_ahead():
    rolling = walk_forward_splits(1000, WalkForwardSpec(train_bars=300, test_bars=100, gap_bars=5))
    assert len(rolling) == 7
    for split in rolling:
        assert split.train.size == 300
        assert split.train[-1] + 6 == split.test[0]
    assert (np.concatenate([split.test for split in rolling]) == np.arange(305, 1000)).all()
    anchored = walk_forward_splits(1000, WalkForwardSpec(train_bars=300, test_bars=100, anchored=True))
    assert all(split.train[0] == 0 and split.train[-1] + 1 == split.test[0] for split in anchored)
    with pytest.raises(NotEnoughData, match="at least 1500"):
        walk_forward_splits(1499)


def test_impossible_splits_are_refused():
    with pytest.raises(InvalidInput, match="at least t"):
        purged_splits(np.arange(10) - 1)
    with pytest.raises(InvalidInput, match="int64"):
        purged_splits(np.arange(10.0))
    with pytest.raises(InvalidInput, match="less than groups"):
        PurgedSpec(groups=3, test_groups=3)
    with pytest.raises(NotEnoughData, match="no training bar"):
        purged_splits(np.full(20, 19), PurgedSpec(groups=2, test_groups=1))
    with pytest.raises(NotEnoughData, match="6 groups"):
        combinatorial_purged_splits(np.arange(5))
