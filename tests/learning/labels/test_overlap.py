import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.learning.labels.overlap import age_decay, average_uniqueness, concurrency, return_attribution

BOOK = (np.array([0, 2, 4]), np.array([3, 4, 6]), 7)  # labels made of returns 1-3, 3-4 and 5-6


def slow(start, end, bars, returns):
    """An indicator matrix of labels by returns, read cell by cell."""
    held = np.array([[s < bar <= e for bar in range(bars)] for s, e in zip(start, end, strict=True)])
    count = held.sum(axis=0)
    unique = [np.mean([1.0 / count[bar] for bar in range(bars) if row[bar]]) for row in held]
    gained = [abs(sum(returns[bar] / count[bar] for bar in range(bars) if row[bar])) for row in held]
    return count, np.array(unique), np.array(gained)


def test_the_books_example_of_three_labels():
    np.testing.assert_array_equal(concurrency(*BOOK), [0, 1, 1, 2, 1, 1, 1])
    np.testing.assert_allclose(average_uniqueness(*BOOK), [5 / 6, 3 / 4, 1.0])


@st.composite
def labels(draw):
    bars = draw(st.integers(2, 40))
    start = np.array(draw(st.lists(st.integers(0, bars - 2), min_size=1, max_size=30)))
    end = np.array([draw(st.integers(int(s) + 1, bars - 1)) for s in start])
    return start, end, bars


@given(labels(), st.integers(0, 1000))
def test_overlap_agrees_with_the_indicator_matrix(case, seed):
    start, end, bars = case
    returns = 0.01 * np.random.default_rng(seed).standard_normal(bars)
    returns[0] = np.nan  # there is no return to the first bar
    count, unique, gained = slow(start, end, bars, returns)
    np.testing.assert_array_equal(concurrency(start, end, bars), count)
    np.testing.assert_allclose(average_uniqueness(start, end, bars), unique, rtol=1e-12)
    np.testing.assert_allclose(return_attribution(start, end, returns), gained, rtol=1e-9, atol=1e-15)
    assert (average_uniqueness(start, end, bars) <= 1.0).all()


def test_labels_of_one_bar_never_overlap_and_labels_of_h_bars_share_every_return_h_times():
    t = np.arange(50)
    np.testing.assert_array_equal(average_uniqueness(t, t + 1, 60), 1.0)
    np.testing.assert_allclose(average_uniqueness(t, t + 5, 60)[10:40], 0.2)


@pytest.mark.parametrize(
    ("oldest", "expected"),
    [(1.0, [1, 1, 1, 1]), (0.0, [0.25, 0.5, 0.75, 1]), (0.5, [0.625, 0.75, 0.875, 1]), (-0.5, [0, 0, 0.5, 1])],
)
def test_age_lowers_weights_along_a_line(oldest, expected):
    np.testing.assert_allclose(age_decay(np.ones(4), oldest), expected)


def test_age_is_counted_in_unique_labels_not_in_rows():
    np.testing.assert_allclose(age_decay(np.array([0.5, 0.5, 1.0]), 0.0), [0.25, 0.5, 1.0])


@pytest.mark.parametrize("oldest", [-1.0, 1.5, np.nan])
def test_a_decay_that_leaves_nothing_or_grows_is_refused(oldest):
    with pytest.raises(InvalidInput, match="oldest_weight"):
        age_decay(np.ones(3), oldest)


@pytest.mark.parametrize(("start", "end"), [([-1], [2]), ([2], [2]), ([3], [5])])
def test_labels_outside_the_series_or_without_length_are_refused(start, end):
    with pytest.raises(InvalidInput, match="label 0"):
        average_uniqueness(np.array(start), np.array(end), 5)
