"""Assignment: the same for ever, uniform over units, independent across experiments, exactly as shared out."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from augury.errors import InvalidInput
from augury.experiments import BUCKETS, assign, bucket

GOLDEN = {
    ("2f6c", "AAPL"): 5957,
    ("salt", "AAPL"): 5603,
    ("salt", "MSFT"): 2034,
    ("x", "AAPL 2023-11-14"): 2370,
    ("2f6c", ""): 6727,
    ("ü", "é"): 2073,
}
SALTS = st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"]), min_size=1, max_size=20)
UNITS = st.text(max_size=40)


def test_buckets_are_what_they_were_when_the_first_experiment_was_started() -> None:
    assert {pair: bucket(*pair) for pair in GOLDEN} == GOLDEN


@given(salt=SALTS, unit=UNITS)
def test_a_bucket_is_the_hash_read_slowly(salt: str, unit: str) -> None:
    digest = blake2b(salt.encode() + b":" + unit.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    assert bucket(salt, unit) == int(digest, 16) % 10_000


def test_another_process_with_another_hash_seed_assigns_alike() -> None:
    code = "from augury.experiments import bucket; print(*[bucket('s', f'U{n}') for n in range(50)])"
    told = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True
    )
    assert [int(text) for text in told.stdout.split()] == [bucket("s", f"U{n}") for n in range(50)]


@pytest.mark.parametrize("salt", ["first", "second", "a3f09c11"])
def test_buckets_are_uniform_over_symbols_and_days(salt: str) -> None:
    for make in (lambda n: f"S{n}", lambda n: f"AAPL 2024-{n}", str):
        drawn = np.array([bucket(salt, make(n)) for n in range(100_000)])
        assert drawn.min() >= 0
        assert drawn.max() < BUCKETS
        counts = np.bincount(drawn // 100, minlength=100)
        assert stats.chisquare(counts).pvalue > 1e-3


def test_a_biased_hash_would_be_found_by_the_same_test_of_uniformity() -> None:
    drawn = np.array([bucket("s", f"S{n}") for n in range(100_000)])
    drawn[:10_000] = drawn[:10_000] // 2  # the planted defect: one unit in twenty is in the lower half instead
    assert stats.chisquare(np.bincount(drawn // 100, minlength=100)).pvalue < 1e-3


def test_experiments_assign_independently_of_one_another() -> None:
    shares = {"treatment": 0.5, "control": 0.5}
    salts = [f"salt{n}" for n in range(6)]
    arms = np.array([[assign(salt, f"S{n}", shares) == "treatment" for n in range(20_000)] for salt in salts])
    correlations = np.corrcoef(arms)[np.triu_indices(len(salts), 1)]
    assert np.abs(correlations).max() < 4.0 / np.sqrt(20_000)
    for first, second in itertools.pairwise(arms):
        table = np.histogram2d(first, second, bins=2)[0]
        assert stats.chi2_contingency(table).pvalue > 1e-3


@given(salt=SALTS, unit=UNITS, cents=st.lists(st.integers(0, 10_000), max_size=5))
def test_a_unit_has_one_variant_which_is_the_one_whose_range_its_bucket_lies_in(
    salt: str, unit: str, cents: list[int]
) -> None:
    cuts = [0, *sorted(cents), BUCKETS]
    sizes = {f"v{n}": upper - lower for n, (lower, upper) in enumerate(itertools.pairwise(cuts))}
    shares = {name: size / BUCKETS for name, size in sizes.items()}
    chosen = assign(salt, unit, shares)
    assert chosen == assign(salt, unit, dict(shares))
    place, number = bucket(salt, unit), int(chosen[1:])
    assert cuts[number] <= place < cuts[number + 1]


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.1, 1 / 3, 0.5, 0.9, 0.9999])
def test_shares_are_kept_over_many_units(share: float) -> None:
    counts = Counter(assign("s", f"S{n}", {"treatment": share, "control": 1.0 - share}) for n in range(50_000))
    assert stats.binomtest(counts["treatment"], 50_000, share).pvalue > 1e-3


@given(salt=SALTS, unit=UNITS, small=st.integers(1, 9_999), more=st.integers(0, 9_999))
@settings(max_examples=200)
def test_a_share_that_grows_keeps_the_units_that_it_has(salt: str, unit: str, small: int, more: int) -> None:
    large = min(9_999, small + more)
    before = assign(salt, unit, {"treatment": small / BUCKETS, "control": 1 - small / BUCKETS})
    after = assign(salt, unit, {"treatment": large / BUCKETS, "control": 1 - large / BUCKETS})
    assert not (before == "treatment" and after == "control")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_nothing_or_everything_is_exactly_that(share: float) -> None:
    expected = "treatment" if share else "control"
    shares = {"treatment": share, "control": 1.0 - share}
    assert {assign("s", f"S{n}", shares) for n in range(2_000)} == {expected}


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({}, "sum to 1"),
        ({"a": 0.5, "b": 0.4}, "sum to 1"),
        ({"a": 0.00001, "b": 0.99999}, "should be 0, or a fraction"),
        ({"a": -0.5, "b": 1.5}, "should be 0, or a fraction"),
        ({"a": float("nan"), "b": 1.0}, "should be 0, or a fraction"),
        ({"a": float("inf")}, "should be 0, or a fraction"),
    ],
)
def test_shares_that_are_none_are_refused(shares: dict[str, float], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        assign("s", "AAPL", shares)


@pytest.mark.parametrize("salt", ["", "a:b", ":"])
def test_a_salt_that_two_pairs_could_share_is_refused(salt: str) -> None:
    with pytest.raises(InvalidInput, match="without a colon"):
        bucket(salt, "AAPL")
