import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput, LookAheadError, NotEnoughData
from augury.testing import (
    CausalityPlan,
    Experiment,
    Intervention,
    assert_causal,
    bars_experiment,
    check_causality,
    correlated_universe,
    garch_bars,
    news_with_effect,
)

PLAN = CausalityPlan(random_cuts=3, early_cuts=2, event_cuts=3)
BARS = garch_bars(160, seed=1)


@pytest.mark.parametrize(
    ("lag", "function"),
    [
        (1, lambda bars: bars["close"].shift(-1)),
        (2, lambda bars: bars["volume"].rolling(5, center=True).mean()),
        (5, lambda bars: bars["high"].rolling(11, center=True).max()),
        (9, lambda bars: bars["low"][::-1].rolling(10).min()[::-1]),
        (24, lambda bars: bars["open"].shift(-24)),
    ],
)
def test_the_lag_of_a_leak_is_counted_exactly(lag, function):
    (leak,) = check_causality(function, BARS, plan=PLAN).leaks
    assert leak.lag_bars == lag
    assert leak.cut - leak.first_affected == pd.Timedelta(hours=lag - 1)


def test_only_the_leaking_column_is_named_with_the_first_time_affected():
    def features(bars):
        return pd.DataFrame(
            {"clean": bars["close"].rolling(5).mean(), "early": (bars["low"] / bars["low"].shift(-1)).round(3)}
        )

    report = check_causality(features, BARS, plan=PLAN)
    assert [leak.column for leak in report.leaks] == ["early"]
    assert not report.causal
    with pytest.raises(LookAheadError, match=r"'early' looks at least 1 bar.*known at 2020-01-"):
        assert_causal(features, BARS, plan=PLAN)
    assert list(report.to_frame()["column"]) == ["early"]


def test_a_leak_of_the_last_bar_alone_is_found():
    def last_bar_trusted(bars):
        values = bars["close"].to_numpy().copy()
        values[-2:-1] = values[-1]
        return values

    report = check_causality(last_bar_trusted, BARS, plan=PLAN)
    assert "last_bar_next_up" in report.leaks[0].interventions


def test_a_leak_in_the_last_bit_is_found_and_a_tolerance_forgives_it():
    def tiny(bars):
        return bars["close"] * (1.0 + 1e-13 * np.sign(bars["close"].mean() - bars["close"].iloc[0]))

    assert check_causality(tiny, BARS, plan=PLAN).leaks
    assert not check_causality(tiny, BARS, plan=PLAN.replace(rtol=1e-9)).leaks


def test_the_same_plan_gives_the_same_report():
    reports = [str(check_causality(lambda bars: bars["close"].rank(), BARS, plan=PLAN)) for _ in range(2)]
    assert reports[0] == reports[1]
    assert "trials" in reports[0]


@pytest.mark.parametrize(
    "form",
    [
        lambda bars: bars["close"].to_numpy(),
        lambda bars: bars[["close", "volume"]].to_numpy(),
        lambda bars: bars[["close", "volume"]].to_numpy().T,
        lambda bars: {"a": bars["close"], "b": bars["volume"]},
        lambda bars: bars["close"].reset_index(drop=True),
        lambda bars: bars["close"].tolist(),
        lambda bars: pd.DataFrame({"side": np.where(bars["close"] > bars["open"], "BUY", "SELL")}, index=bars.index),
        lambda bars: pd.DataFrame({"up": bars["close"] > bars["open"], "n": np.arange(len(bars))}, index=bars.index),
    ],
)
def test_every_usual_form_of_output_is_accepted(form):
    report = assert_causal(form, BARS, plan=PLAN)
    assert report.rows == len(BARS)


def test_text_that_changes_is_a_leak():
    def side(bars):
        return pd.Series(np.where(bars["close"].shift(-1) > bars["close"], "BUY", "SELL"), index=bars.index)

    (leak,) = check_causality(side, BARS, plan=PLAN).leaks
    assert {leak.before, leak.after} == {"BUY", "SELL"}


def test_output_of_another_length_is_refused():
    with pytest.raises(InvalidInput, match="160 bars"):
        check_causality(lambda bars: bars["close"].to_numpy()[5:], BARS)


def test_a_function_with_two_answers_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(InvalidInput, match="two answers"):
        check_causality(lambda bars: bars["close"] + rng.random(), BARS)


def test_a_function_that_writes_on_its_bars_harms_no_other_run():
    def writes(bars):
        bars["close"] *= 2.0
        return bars["close"]

    before = BARS.copy()
    assert assert_causal(writes, BARS, plan=PLAN).causal
    pd.testing.assert_frame_equal(BARS, before)


def test_values_that_are_never_known_prove_nothing():
    def empty(bars):
        return bars["close"].rolling(10_000).mean()

    assert check_causality(empty, BARS, plan=PLAN).unproven == ("close",)
    with pytest.raises(NotEnoughData, match="nothing is known"):
        assert_causal(empty, BARS, plan=PLAN)


def test_three_bars_are_too_few():
    with pytest.raises(NotEnoughData, match="4 steps"):
        check_causality(lambda bars: bars["close"], BARS.iloc[:3])


def test_an_error_on_changed_inputs_names_the_change():
    def brittle(bars):
        if len(bars) != 160:
            raise RuntimeError("length")
        return bars["close"]

    with pytest.raises(RuntimeError) as caught:
        check_causality(brittle, BARS, plan=PLAN)
    assert any("brittle" in note and "changed after" in note for note in caught.value.__notes__)


def test_a_feature_is_tested_by_its_own_columns(mean_feature):
    report = assert_causal(mean_feature, BARS, plan=PLAN)
    assert report.columns == ("hand_made_mean", "hand_made_mean_above")


def test_an_experiment_of_ones_own_is_run_as_it_stands():
    ready = bars_experiment(lambda bars: bars["close"].shift(-1), BARS, name="mine")
    only_noise = Experiment(
        name="mine",
        inputs=ready.inputs,
        clock=ready.clock,
        run=ready.run,
        interventions=tuple(i for i in ready.interventions if i.name == "noise"),
    )
    report = check_causality(only_noise, plan=PLAN)
    assert report.leaks[0].interventions == ("noise",)
    with pytest.raises(InvalidInput, match="its own inputs"):
        check_causality(only_noise, BARS)


def test_rows_of_several_tickers_are_told_apart_by_a_second_level():
    universe = correlated_universe(60, seed=2).bars

    def ranks(shift):
        def run(universe):
            panel = pd.DataFrame({ticker: bars["close"] for ticker, bars in universe.items()}).shift(shift)
            return panel.rank(axis=1).stack().to_frame("rank")

        return run

    assert assert_causal(ranks(1), universe, plan=PLAN).causal
    assert check_causality(ranks(-1), universe, plan=PLAN).leaks


def test_a_ticker_that_lists_later_may_not_change_the_past():
    universe = correlated_universe(60, seed=2).bars

    def names_of_all(universe):
        panel = pd.DataFrame({ticker: bars["close"] for ticker, bars in universe.items()})
        return panel.mean(axis=1) * len(universe)

    leaks = check_causality(names_of_all, universe, plan=PLAN).leaks
    assert [leak.interventions for leak in leaks] == [("newcomer",)]


def test_news_known_later_may_not_change_the_past_in_either_form():
    sample = news_with_effect(80, seed=3)

    def counted(clock):
        def run(bars, news):
            closes = bars.index.asi8 + 3_600_000_000_000
            times = np.sort([getattr(item, clock) for item in news])
            return np.searchsorted(times, closes, side="right").astype(float)

        return run

    assert assert_causal(counted("known_at_ns"), sample.bars, sample.news, plan=PLAN).causal
    leak = check_causality(counted("published_at_ns"), sample.bars, sample.news, plan=PLAN).leaks[0]
    assert "news_arrives_late" in leak.interventions


def test_a_change_of_the_past_made_by_an_intervention_shows():
    """The suite itself must not touch what is known: a dishonest intervention moves even a clean function."""
    ready = bars_experiment(lambda bars: bars["close"], BARS)
    dishonest = Intervention(name="past", apply=lambda bars, _cut, _rng: bars * 2.0)
    experiment = Experiment(name="x", inputs=BARS, clock=ready.clock, run=ready.run, interventions=(dishonest,))
    assert check_causality(experiment, plan=PLAN).leaks


def test_no_ready_intervention_touches_what_is_known():
    def everything(bars):
        return bars.assign(opened=bars.index.asi8.astype(float), gap=bars.index.to_series().diff().dt.total_seconds())

    assert check_causality(everything, BARS).causal
    with_extra = BARS.assign(spread=0.01)
    assert check_causality(lambda bars: bars, with_extra, plan=PLAN).causal
    assert check_causality(lambda bars: bars["spread"].shift(-1), with_extra, plan=PLAN).leaks
