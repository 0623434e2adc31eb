"""Intervals of overlapping outcomes: their size under a known truth, and refusal where there is too little."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augury_server.signals.evidence import EvidenceTerms, mean_figure, share_figure

DAY = 86_400 * 10**9


def overlapping(rng: np.random.Generator, days: int, horizon: int, tickers: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes over `horizon` days of signals on every day for some tickers that one market moves; their mean is 0."""
    market = rng.normal(0, 0.01, days + horizon)
    own = rng.normal(0, 0.01, (tickers, days + horizon))
    daily = market + own
    sums = np.stack([daily[:, day : day + horizon].sum(axis=1) for day in range(days)], axis=1)
    times = np.tile(np.arange(days) * DAY, tickers)
    return sums.ravel(), times


def naive_width(values: np.ndarray) -> float:
    return float(2 * 1.96 * values.std(ddof=1) / math.sqrt(values.size))


def test_intervals_hold_the_truth_as_often_as_they_say_where_naive_ones_do_not() -> None:
    rng = np.random.default_rng(11)
    terms = EvidenceTerms(horizon_bars=5, replications=299)
    runs, covered, naive, shares = 60, 0, 0, 0
    for _ in range(runs):
        values, times = overlapping(rng, 250, 5, 6)
        found = mean_figure(values, times, terms)
        covered += found.lower <= 0.0 <= found.upper
        naive += abs(values.mean()) <= naive_width(values) / 2
        share = share_figure(values > 0.0, times, terms)
        shares += share.lower <= 0.5 <= share.upper
        assert share.effective < values.size / 2
    assert covered >= 0.85 * runs
    assert shares >= 0.85 * runs
    assert naive <= 0.60 * runs  # the planted defect: overlap and a common market ignored


def test_independent_outcomes_get_about_the_textbook_interval() -> None:
    rng = np.random.default_rng(5)
    values, times = rng.normal(0.001, 0.01, 800), np.arange(800) * DAY
    found = mean_figure(values, times, EvidenceTerms(horizon_bars=1))
    assert found.estimate == pytest.approx(values.mean())
    assert found.upper - found.lower == pytest.approx(naive_width(values), rel=0.2)
    share = share_figure(values > 0.0, times, EvidenceTerms(horizon_bars=1))
    assert share.estimate == pytest.approx((values > 0.0).mean())
    assert 0.0 < share.lower < share.estimate < share.upper < 1.0


@pytest.mark.parametrize(
    ("outcomes", "days", "horizon", "reason"),
    [
        (29, 29, 1, "29 outcomes; at least 30"),
        (60, 19, 1, "19 different times"),
        (60, 30, 10, "fewer than 5 blocks"),
    ],
)
def test_too_few_outcomes_are_refused_with_the_reason(outcomes: int, days: int, horizon: int, reason: str) -> None:
    values = np.random.default_rng(1).normal(size=outcomes)
    times = np.arange(outcomes) % days * DAY
    terms = EvidenceTerms(horizon_bars=horizon)
    for found in (mean_figure(values, times, terms), share_figure(values > 0, times, terms)):
        assert reason in (found.reason or "")
        assert math.isnan(found.estimate)
        assert math.isnan(found.lower)
        assert found.to_dict()["estimate"] is None


def test_a_share_without_misses_is_not_certain() -> None:
    found = share_figure(np.ones(100, dtype=np.bool_), np.arange(100) * DAY, EvidenceTerms(horizon_bars=5))
    assert found.estimate == 1.0
    assert found.lower < 0.9  # worth 20 blocks, not 100 outcomes
    assert found.effective == pytest.approx(20.0)


def test_the_order_of_outcomes_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    values, times = overlapping(rng, 80, 5, 3)
    shuffled = rng.permutation(values.size)
    terms = EvidenceTerms(horizon_bars=5, replications=299)
    one, two = mean_figure(values, times, terms), mean_figure(values[shuffled], times[shuffled], terms)
    assert one.estimate == pytest.approx(two.estimate, rel=1e-12)
    assert one.lower == pytest.approx(two.lower, rel=1e-9)
