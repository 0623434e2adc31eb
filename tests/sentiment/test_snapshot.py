"""The snapshot: plain formulas, the constant-time form, and the defects that must not come back."""

from __future__ import annotations

from dataclasses import fields
from math import isnan, log, nan

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.numerics.decayed_sums import (
    GROUP_FIELDS,
    GROUP_WEIGHT,
    OWN_FIELDS,
    SQUARES,
    add_to_group,
    add_to_own,
    decay_group,
    decay_own,
)
from augury.sentiment.scored_news import ScoredNews
from augury.sentiment.snapshot import TAU_HOURS, SentimentSnapshot, SnapshotSpec, snapshot, surprise_of
from augury.sentiment.snapshot_fields import FIELDS, fields_from_sums

HOUR = 3_600_000_000_000
NOW = 1_400_000_000_000_000_000
SPEC = SnapshotSpec()
FIELD_NAMES = [
    "valid",
    "documents",
    "weight",
    "n_eff",
    "mean",
    "mean_shrunk",
    "std",
    "skew",
    "entropy",
    "disagreement",
    "novelty",
    "momentum",
    "sharpe_like",
    "t_like",
]


def news_of(scores: list[float], ages_hours: list[float] | None = None, **columns: list[float]) -> ScoredNews:
    ages = np.zeros(len(scores)) if ages_hours is None else np.array(ages_hours, dtype=float)
    order = np.argsort(-ages, kind="stable")
    weight = np.array(columns.get("weight", np.ones(len(scores))), dtype=float)
    novel = np.array(columns.get("novel", np.ones(len(scores))), dtype=bool)
    return ScoredNews(
        tickers=("X",),
        ticker_codes=np.zeros(len(scores), dtype=np.int64),
        known_at_ns=(NOW - np.round(ages * HOUR).astype(np.int64))[order],
        score=np.array(scores, dtype=float)[order],
        weight=weight[order],
        novel=novel[order],
        item_index=order.astype(np.int64),
    )


def constant_time(news: ScoredNews, at_ns: int, spec: SnapshotSpec = SPEC) -> dict[str, float]:
    """Run the documents one by one through the decayed sums, then read the fields."""
    params = np.array(spec.vector())
    sums = np.zeros(OWN_FIELDS)
    last = at_ns
    for i in range(len(news)):
        now = int(news.known_at_ns[i])
        if now > at_ns:
            break
        decay_own(sums, now - last if i else 0, spec.tau_ns, sums)
        add_to_own(sums, news.score[i], news.weight[i], float(news.novel[i]), spec.class_threshold)
        last = now
    later = np.empty(OWN_FIELDS)
    decay_own(sums, at_ns - last, spec.tau_ns, later)
    out = np.empty(FIELDS)
    fields_from_sums(later, params, out)
    return dict(zip(FIELD_NAMES, out.tolist(), strict=True))


def assert_alike(direct: SentimentSnapshot, quick: dict[str, float], tolerance: float = 1e-9) -> None:
    assert bool(quick["valid"]) == direct.valid
    for name in FIELD_NAMES[1:]:
        np.testing.assert_allclose(quick[name], getattr(direct, name), rtol=tolerance, atol=tolerance, err_msg=name)


def test_documents_of_one_moment_give_the_plain_moments_of_their_scores() -> None:
    scores = [0.5, -0.2, 0.01, 0.9, 0.3, -0.7]
    got = snapshot(news_of(scores), "X", NOW)
    assert got.documents == got.weight == 6.0
    assert got.n_eff == pytest.approx(6.0)
    assert got.mean == pytest.approx(np.mean(scores))
    assert got.mean_shrunk == pytest.approx(np.mean(scores) * 6 / 8)
    assert got.std == pytest.approx(np.std(scores, ddof=1))
    assert got.skew == pytest.approx(scipy.stats.skew(scores))
    assert got.sharpe_like == pytest.approx(np.mean(scores) / np.std(scores, ddof=1))
    assert got.t_like == pytest.approx(scipy.stats.ttest_1samp(scores, 0.0).statistic)
    shares = [3 / 6, 2 / 6, 1 / 6]
    assert got.entropy == pytest.approx(min(1.0, (scipy.stats.entropy(shares) + 2 / 12) / log(3)))
    assert got.disagreement == pytest.approx(1 - 1 / 5)
    assert got.momentum == pytest.approx(0.0)


def test_decay_is_evaluated_when_one_looks_and_not_when_the_document_arrives() -> None:
    news = news_of([1.0, -1.0], [36.0, 0.0])
    expected = (np.exp(-1) - 1) / (np.exp(-1) + 1)
    assert snapshot(news, "X", NOW).mean == pytest.approx(expected)
    later = snapshot(news, "X", NOW + 36 * HOUR)
    assert later.mean == pytest.approx(expected)
    assert later.weight == pytest.approx((np.exp(-1) + 1) * np.exp(-1))


def test_momentum_is_the_mean_with_fast_decay_minus_the_mean_with_slow_decay() -> None:
    got = snapshot(news_of([-1.0, 1.0], [36.0, 0.0]), "X", NOW)
    fast = (1 - np.exp(-4)) / (1 + np.exp(-4))
    slow = (1 - np.exp(-1)) / (1 + np.exp(-1))
    assert got.momentum == pytest.approx(fast - slow)
    assert got.momentum > 0


def test_weighted_documents_give_weighted_moments() -> None:
    """Every field from NumPy's weighted averages, with sources, ages and novelty that differ."""
    rng = np.random.default_rng(12)
    score, age, source = rng.uniform(-1, 1, 40), rng.uniform(0, 90, 40), rng.choice([0.25, 0.5, 1.0], 40)
    score[::10], novel = 0.01, rng.random(40) < 0.6
    got = snapshot(news_of(list(score), list(age), weight=list(source), novel=list(novel)), "X", NOW)
    weight, fast = source * np.exp(-age / 36), source * np.exp(-age / 9)
    mean = np.average(score, weights=weight)
    n_eff = weight.sum() ** 2 / (weight**2).sum()
    sigma = np.sqrt(np.average((score - mean) ** 2, weights=weight))
    assert got.weight == pytest.approx(weight.sum())
    assert got.n_eff == pytest.approx(n_eff)
    assert got.mean == pytest.approx(mean)
    assert got.mean_shrunk == pytest.approx(mean * n_eff / (n_eff + 2))
    assert got.std == pytest.approx(sigma * np.sqrt(n_eff / (n_eff - 1)))
    assert got.skew == pytest.approx(np.average((score - mean) ** 3, weights=weight) / sigma**3)
    up, down = weight[score > 0.05].sum(), weight[score < -0.05].sum()
    shares = np.array([up, down, weight.sum() - up - down]) / weight.sum()
    assert got.entropy == pytest.approx(min(1.0, (scipy.stats.entropy(shares) + 2 / (2 * n_eff)) / log(3)))
    assert got.disagreement == pytest.approx(1 - abs(up - down) / (up + down))
    assert got.novelty == pytest.approx(weight[novel].sum() / weight.sum())
    assert got.momentum == pytest.approx(np.average(score, weights=fast) - mean)
    assert got.sharpe_like == pytest.approx(mean / got.std)
    assert got.t_like == pytest.approx(mean * np.sqrt(n_eff) / got.std)


def test_one_document_has_no_momentum_and_a_heavier_one_has_more() -> None:
    """An average that starts at zero would show momentum at once; one that ignores weights would not tell these."""
    assert snapshot(news_of([0.8]), "X", NOW).momentum == pytest.approx(0.0, abs=1e-15)
    light, heavy = (snapshot(news_of([-1.0, 1.0], [36, 0], weight=[1.0, w]), "X", NOW) for w in (0.1, 1.0))
    assert light.momentum == pytest.approx((0.1 - np.exp(-4)) / (0.1 + np.exp(-4)) - light.mean)
    assert light.momentum != pytest.approx(heavy.momentum, abs=0.05)


def test_documents_that_agree_reach_the_ratio_that_a_buy_rule_asks_for() -> None:
    agreeing = snapshot(news_of([0.3, 0.5, 0.4, 0.6, 0.5, 0.4]), "X", NOW)
    assert agreeing.sharpe_like > 1.5
    divided = snapshot(news_of([0.9, -0.5, 0.4, -0.6, 0.5, 0.4]), "X", NOW)
    assert 0 < divided.sharpe_like < 1.5


def test_disagreement_is_one_when_both_sides_weigh_the_same_and_zero_when_all_agree() -> None:
    assert snapshot(news_of([0.5, -0.5]), "X", NOW).disagreement == 1.0
    assert snapshot(news_of([0.5, 0.9]), "X", NOW).disagreement == 0.0
    assert isnan(snapshot(news_of([0.0, 0.01]), "X", NOW).disagreement)


def test_a_duplicate_lowers_novelty() -> None:
    got = snapshot(news_of([0.5, 0.5], weight=[1.0, 0.25], novel=[True, False]), "X", NOW)
    assert got.novelty == pytest.approx(1 / 1.25)


@pytest.mark.parametrize("at_ns", [NOW - 1, NOW + 30 * 24 * HOUR])
def test_nothing_known_or_nothing_fresh_enough_is_unknown_in_every_field(at_ns: int) -> None:
    got = snapshot(news_of([0.5, 0.6]), "X", at_ns)
    assert not got.valid
    names = [field.name for field in fields(got) if field.name not in ("ticker", "at_ns", "valid")]
    assert all(isnan(getattr(got, name)) for name in names)
    quick = constant_time(news_of([0.5, 0.6]), NOW + 30 * 24 * HOUR)
    assert quick.pop("valid") == 0.0
    assert all(isnan(value) for value in quick.values())


def test_one_wire_story_stays_valid_for_seven_days_on_daily_bars() -> None:
    news = news_of([0.5])
    assert snapshot(news, "X", NOW + 167 * HOUR).valid
    assert not snapshot(news, "X", NOW + 169 * HOUR).valid


def test_one_document_has_a_mean_and_no_spread() -> None:
    got = snapshot(news_of([0.6]), "X", NOW)
    assert (got.mean, got.mean_shrunk, got.entropy) == (0.6, pytest.approx(0.2), 0.0)
    assert all(isnan(value) for value in (got.std, got.skew, got.sharpe_like, got.t_like, got.surprise))


def test_the_sharpe_like_ratio_needs_five_effective_documents() -> None:
    assert isnan(snapshot(news_of([0.1, 0.2, 0.3, 0.4]), "X", NOW).sharpe_like)
    assert not isnan(snapshot(news_of([0.1, 0.2, 0.3, 0.4, 0.5]), "X", NOW + HOUR).sharpe_like)
    quick = constant_time(news_of([0.1, 0.2, 0.3, 0.4, 0.5]), NOW + 17 * HOUR + 123)
    assert not isnan(quick["sharpe_like"])


def test_equal_scores_have_no_spread_no_skew_and_a_bounded_ratio() -> None:
    news = news_of([0.1] * 7, [5, 4, 3, 2.5, 2, 1, 0.3])
    for got in (snapshot(news, "X", NOW).std, constant_time(news, NOW)["std"]):
        assert got == pytest.approx(0.0, abs=1e-15)
    assert isnan(snapshot(news, "X", NOW).skew)
    assert isnan(constant_time(news, NOW)["skew"])
    assert snapshot(news, "X", NOW).sharpe_like == pytest.approx(0.1 / 0.05)


def test_asking_twice_gives_the_same_answer_and_changes_nothing() -> None:
    news = news_of([0.5, -0.1, 0.3], [20, 3, 1])
    first = snapshot(news, "X", NOW, history=np.linspace(0, 1, 30))
    assert snapshot(news, "X", NOW, history=np.linspace(0, 1, 30)) == first
    sums, out = np.arange(1.0, 1.0 + OWN_FIELDS), np.empty(OWN_FIELDS)
    before = sums.copy()
    decay_own(sums, HOUR, SPEC.tau_ns, out)
    assert np.array_equal(sums, before)


def test_later_documents_change_nothing() -> None:
    scores, ages = [0.5, -0.1, 0.3, 0.9], [20.0, 3.0, 1.0, -2.0]
    assert snapshot(news_of(scores, ages), "X", NOW) == snapshot(news_of(scores[:3], ages[:3]), "X", NOW)


def test_surprise_is_measured_against_history_without_now() -> None:
    history = np.concatenate(([5.0] * 50, np.random.default_rng(0).normal(0.1, 0.2, 120)))
    known = history[-120:]
    expected = (0.6 - known.mean()) / known.std(ddof=1)
    assert surprise_of(0.6, history, SPEC) == pytest.approx(expected)
    assert snapshot(news_of([0.6]), "X", NOW, history=history).surprise == pytest.approx(expected)


def test_surprise_is_unknown_with_little_or_constant_history() -> None:
    assert isnan(surprise_of(0.5, np.array([0.1, 0.2] * 9 + [nan] * 10), SPEC))
    assert isnan(surprise_of(0.5, np.full(50, 0.1), SPEC))


def test_a_hard_window_forgets_older_documents() -> None:
    news = news_of([0.9, 0.1], [10, 1])
    assert snapshot(news, "X", NOW, window_ns=5 * HOUR).mean == pytest.approx(0.1)
    assert not snapshot(news, "X", NOW, window_ns=HOUR).valid
    with pytest.raises(InvalidInput, match="positive"):
        snapshot(news, "X", NOW, window_ns=0)


def test_another_ticker_has_no_sentiment_here() -> None:
    assert not snapshot(news_of([0.5]), "Y", NOW).valid


def test_the_constants_are_the_stated_ones() -> None:
    assert (SPEC.window, SPEC.class_threshold, SPEC.shrinkage, SPEC.std_floor) == ("1d", 0.05, 2.0, 0.05)
    assert (SPEC.sharpe_documents, SPEC.history_samples) == (5.0, 120)


def test_windows_map_to_their_decay_times() -> None:
    assert TAU_HOURS == {"5m": 1.5, "30m": 6.0, "1h": 12.0, "1d": 36.0}
    assert SnapshotSpec(window="5m").tau_ns == 90 * 60e9


DOCUMENTS = st.lists(
    st.tuples(
        st.sampled_from([-1.0, -0.4, -0.051, 0.0, 0.03, 0.2, 0.7, 1.0]) | st.floats(-1, 1),
        st.floats(0, 200),
        st.floats(0.05, 1.0),
        st.booleans(),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(documents=DOCUMENTS, later_hours=st.floats(0, 100), window=st.sampled_from(list(TAU_HOURS)))
def test_the_constant_time_form_equals_the_direct_one(
    documents: list[tuple[float, float, float, bool]], later_hours: float, window: str
) -> None:
    score, ages, weight, novel = map(list, zip(*documents, strict=True))
    news = news_of(score, ages, weight=weight, novel=novel)
    spec = SnapshotSpec.from_dict({"window": window})
    at_ns = NOW + round(later_hours * HOUR)
    direct = snapshot(news, "X", at_ns, spec)
    if direct.valid and (direct.std < 1e-6 or abs(direct.weight / spec.min_weight - 1) < 1e-9):
        return  # at a threshold, where rounding decides whether a field is known
    if abs(direct.n_eff - 2) < 1e-6 or abs(direct.n_eff - 5) < 1e-6:
        return
    assert_alike(direct, constant_time(news, at_ns, spec), 1e-7)


def test_the_constant_time_form_is_as_exact_as_floating_point_allows() -> None:
    rng = np.random.default_rng(4)
    worst = 0.0
    for _ in range(50):
        news = news_of(
            list(rng.uniform(-1, 1, 200)), list(rng.uniform(0, 100, 200)), weight=list(rng.uniform(0.1, 1, 200))
        )
        direct, quick = snapshot(news, "X", NOW), constant_time(news, NOW)
        worst = max(
            worst, *(abs(quick[name] - getattr(direct, name)) for name in ("mean", "std", "momentum", "entropy"))
        )
    assert worst <= 3e-15


def test_the_mean_stands_still_between_documents_bit_for_bit() -> None:
    news = news_of([0.3, -0.7, 0.11], [20, 3, 1])
    means = {constant_time(news, NOW + hours * HOUR)["mean"] for hours in range(100)}
    assert len(means) == 1


def test_group_sums_decay_and_count_their_members_once() -> None:
    group, own = np.zeros(GROUP_FIELDS), np.zeros(OWN_FIELDS)
    for _ in range(2):
        before = own.copy()
        add_to_own(own, 0.5, 1.0, 1.0, 0.05)
        add_to_group(group, before, own, 0.5, 1.0)
    assert group.tolist() == [2.0, 1.0, 0.5, 1.0]
    decay_group(group, int(SPEC.tau_ns), SPEC.tau_ns, group)
    assert group[GROUP_WEIGHT] == pytest.approx(2 * np.exp(-1))
    assert group[3] == 1.0


def test_sums_may_decay_in_place() -> None:
    sums = np.arange(1.0, 1.0 + OWN_FIELDS)
    apart = np.empty(OWN_FIELDS)
    decay_own(sums, HOUR, SPEC.tau_ns, apart)
    decay_own(sums, HOUR, SPEC.tau_ns, sums)
    assert np.array_equal(sums, apart)
    assert sums[SQUARES] < 1.0 + SQUARES
