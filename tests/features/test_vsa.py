"""Volume spread analysis against a slow, readable version, hand-made bars and its known traps."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

from augury.errors import InvalidInput
from augury.features import make
from augury.features.catalogue.vsa import VsaSpec, vsa
from augury.market.bars import BarArrays, bar_arrays
from augury.testing import run_feature_suite
from augury.testing.generators.garch_bars import garch_bars

DAY = 86_400 * 10**9
MINUTE = 60 * 10**9
FLAGS = (
    "no_demand",
    "no_supply",
    "selling_climax",
    "buying_climax",
    "stopping_volume_bull",
    "stopping_volume_bear",
    "upthrust",
    "spring",
    "absorption",
)


def readable_vsa(arrays: BarArrays, spec: VsaSpec) -> pd.DataFrame:
    """Every output from its definition, one pandas expression each."""
    b = pd.DataFrame(arrays.matrix.T, columns=["open", "high", "low", "close", "volume"])
    previous = b.close.shift()
    spread = b.high - b.low
    if spec.gap_mode == "true_range":
        spread = np.maximum(b.high, previous) - np.minimum(b.low, previous)
        spread[0] = np.nan
    usual = usual_values(arrays.opened_at, pd.DataFrame({"spread": spread, "volume": b.volume}), spec)
    usual = usual.where(usual > 0)
    r = pd.DataFrame(index=b.index)
    r["relative_volume"] = b.volume / usual.volume
    r["relative_spread"] = spread / usual.spread
    full = b.high - b.low
    r["close_location"] = (((b.close - b.low) - (b.high - b.close)) / full.where(full > 0)).fillna(0.0)
    r["close_position"] = (r.close_location + 1) / 2
    rv, rs, cp = r.relative_volume, r.relative_spread, r.close_position
    r["effort_result"] = np.log(rv.where(rv > 0)) - np.log(rs.where(rs > 0))
    r["absorb"] = (rv / (rs + 1e-9)).where(full > 0)
    r["zero_volume"] = (b.volume == 0).astype(float)

    up, down = b.close > previous, b.close < previous
    quieter = (b.volume < b.volume.shift(1)) & (b.volume < b.volume.shift(2))
    quiet = (rs < spec.quiet_spread) & (rv < spec.quiet_volume) & quieter
    r["no_demand"] = up & quiet & (cp <= spec.no_demand_close)
    r["no_supply"] = down & quiet & (cp >= spec.no_supply_close)
    climax = (rv > spec.climax_volume) & (rs > spec.climax_spread)
    r["selling_climax"] = climax & down & (b.low == b.low.rolling(spec.climax_bars).min())
    r["buying_climax"] = climax & up & (b.high == b.high.rolling(spec.climax_bars).max())
    heavy = rv > spec.stopping_volume
    r["stopping_volume_bull"] = heavy & down & (cp > 0.5) & (b.low == b.low.rolling(spec.stopping_bars).min())
    r["stopping_volume_bear"] = heavy & up & (cp < 0.5) & (b.high == b.high.rolling(spec.stopping_bars).max())
    effort = (rs > spec.break_spread) & (rv > spec.break_volume)
    top = b.high.shift().rolling(spec.break_bars).max()
    bottom = b.low.shift().rolling(spec.break_bars).min()
    r["upthrust"] = effort & (b.high > top) & (cp < spec.reversal_close)
    r["spring"] = effort & (b.low < bottom) & (cp > 1 - spec.reversal_close)
    r["absorption"] = (rv > spec.absorption_volume) & (rs < spec.absorption_spread) & (full > 0)
    trend = np.sign(b.close.shift(spec.trend_bars) - b.close)
    r["absorption_direction"] = trend.where(r.absorption, 0.0)

    f = r[list(FLAGS)].astype(float)
    raw = (
        spec.weight_quiet * (f.no_supply - f.no_demand)
        + spec.weight_climax * (f.selling_climax - f.buying_climax)
        + spec.weight_stopping * (f.stopping_volume_bull - f.stopping_volume_bear)
        + spec.weight_break * (f.spring - f.upthrust)
        + spec.weight_close * r.close_location * np.tanh(rv - 1)
    )
    r["score"] = raw.clip(-1, 1)
    r = r.astype(float)
    judged = rv.notna() & rs.notna()
    r.loc[~judged, [*FLAGS, "absorption_direction", "score"]] = np.nan
    feature = vsa(spec)
    r.iloc[: feature.warm_up] = np.nan
    known = r.score.dropna().to_numpy()
    r["score_ema"] = np.nan
    if len(known) >= spec.ema_span:
        average = talib.EMA(known, spec.ema_span) if spec.ema_span > 1 else known
        r.loc[r.score.notna(), "score_ema"] = average
    return r.add_prefix("vsa_")[list(feature.columns)]


def usual_values(opened_at: np.ndarray, measured: pd.DataFrame, spec: VsaSpec) -> pd.DataFrame:
    """Mean or median of the bars before, all of them or those of the same time of day."""
    how = spec.baseline
    if spec.slot_days == 0:
        return measured.shift().rolling(spec.window_bars).agg(how)
    slot = (opened_at // MINUTE) % 1440 // spec.slot_minutes
    parts = []
    for _, group in measured.groupby(slot):
        known = group.dropna()
        parts.append(known.shift().rolling(spec.slot_days).agg(how).reindex(group.index))
    return pd.concat(parts).sort_index()


def computed(arrays: BarArrays, spec: VsaSpec) -> pd.DataFrame:
    feature = vsa(spec)
    return pd.DataFrame(feature.batch(arrays.opened_at, arrays.matrix).T, columns=list(feature.columns))


def assert_agrees(arrays: BarArrays, spec: VsaSpec) -> pd.DataFrame:
    ours, readable = computed(arrays, spec), readable_vsa(arrays, spec)
    pd.testing.assert_frame_equal(ours, readable, check_exact=False, rtol=1e-10, atol=1e-12)
    return ours


def steady(n: int = 51) -> np.ndarray:
    """Bars of spread 2, volume 1000, close 100."""
    matrix = np.empty((5, n))
    matrix[0], matrix[1], matrix[2], matrix[3], matrix[4] = 100.0, 101.0, 99.0, 100.0, 1000.0
    return matrix


def last(matrix: np.ndarray, **options: object) -> pd.Series:
    opened_at = np.arange(matrix.shape[1]) * DAY
    frame = computed(BarArrays(opened_at, np.ascontiguousarray(matrix)), VsaSpec(**options))
    return frame.iloc[-1].rename(lambda name: name.removeprefix("vsa_"))


def judged(open_, high, low, close, volume, **options):
    """The outputs of one bar after 50 steady ones that end with a close of 100."""
    matrix = steady()
    matrix[:, -1] = open_, high, low, close, volume
    return last(matrix, **options)


OPTIONS = {
    "defaults": {},
    "median": {"baseline": "median"},
    "even_median_true_range": {"baseline": "median", "gap_mode": "true_range", "window_bars": 20},
    "true_range": {"gap_mode": "true_range", "window_bars": 31},
    "other_thresholds": {
        "window_bars": 25,
        "climax_volume": 1.2,
        "climax_spread": 1.1,
        "climax_bars": 7,
        "stopping_volume": 1.1,
        "stopping_bars": 4,
        "break_bars": 5,
        "reversal_close": 0.45,
        "absorption_volume": 1.0,
        "absorption_spread": 1.0,
        "trend_bars": 3,
        "ema_span": 1,
    },
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_every_output_agrees_with_the_readable_version_on_random_bars(options):
    frame = garch_bars(1500, seed=5)
    ours = assert_agrees(bar_arrays(frame), VsaSpec(**options))
    if options.get("climax_bars") == 7:
        assert (ours[[f"vsa_{flag}" for flag in FLAGS]].sum() > 0).all()


@pytest.mark.parametrize("baseline", ["mean", "median"])
@pytest.mark.parametrize("slot_minutes", [1, 60])
def test_slot_baselines_agree_with_the_readable_version(baseline, slot_minutes):
    rng = np.random.default_rng(3)
    matrix = bar_arrays(garch_bars(600, seed=6)).matrix.copy()
    minutes = np.arange(600) // 7 * 1440 + np.arange(600) % 7 * 60 + 14 * 60
    kept = np.sort(rng.permutation(600)[:560])
    arrays = BarArrays((minutes * MINUTE)[kept], np.ascontiguousarray(matrix[:, kept]))
    spec = VsaSpec(slot_days=10, slot_minutes=slot_minutes, baseline=baseline, window_bars=5)
    ours = assert_agrees(arrays, spec)
    assert ours["vsa_relative_volume"].notna().sum() > 400


@pytest.mark.skipif("AUGURY_DATA" not in os.environ, reason="AUGURY_DATA names no folder of real bars")
@pytest.mark.parametrize("symbol", ["AAPL", "SPY"])
def test_every_output_agrees_with_the_readable_version_on_real_bars(symbol):
    table = pd.read_parquet(Path(os.environ["AUGURY_DATA"]) / "equities_daily" / "us_long_raw_1998_2021.parquet")
    frame = table[table["symbol"] == symbol].set_index("timestamp").drop(columns="symbol").astype(float)
    ours = assert_agrees(bar_arrays(frame), VsaSpec())
    assert len(ours) > 4000
    assert ours["vsa_no_demand"].mean() < 0.10


@pytest.mark.skipif("AUGURY_DATA" not in os.environ, reason="AUGURY_DATA names no folder of real bars")
def test_intraday_bars_need_slots_or_every_open_is_heavy():
    table = pd.read_parquet(Path(os.environ["AUGURY_DATA"]) / "intraday" / "us_equity_1h_1998_2021.parquet")
    frame = table[table["symbol"] == "SPY"].set_index("timestamp").drop(columns="symbol").astype(float).iloc[-6000:]
    arrays = bar_arrays(frame)
    plain = computed(arrays, VsaSpec())
    slots = assert_agrees(arrays, VsaSpec(slot_days=20))
    hour = frame.index.tz_convert("America/New_York").hour
    assert plain["vsa_relative_volume"].groupby(hour).mean().max() > 1.5
    assert slots["vsa_relative_volume"].groupby(hour).mean().between(0.8, 1.4).all()


def test_the_hand_made_bar_is_no_demand_and_not_no_supply():
    bar = judged(100.0, 100.9, 99.9, 100.4, 600.0)
    assert bar.relative_spread == pytest.approx(0.5)
    assert bar.relative_volume == pytest.approx(0.6)
    assert bar.close_position == pytest.approx(0.5)
    assert bar.close_location == pytest.approx(0.0, abs=1e-12)
    assert bar.no_demand == 1.0
    assert bar.no_supply == 0.0
    assert bar.score == pytest.approx(-0.5)


def test_williams_no_demand_closes_up_and_no_supply_closes_down():
    quiet_up = judged(100.0, 100.9, 99.9, 100.4, 600.0)
    quiet_down = judged(100.0, 100.1, 99.1, 99.6, 600.0)
    assert (quiet_up.no_demand, quiet_up.no_supply) == (1.0, 0.0)
    assert (quiet_down.no_demand, quiet_down.no_supply) == (0.0, 1.0)
    assert quiet_up.score < 0 < quiet_down.score


def test_a_quiet_up_close_at_the_high_is_not_no_supply():
    bar = judged(100.0, 100.9, 99.9, 100.9, 600.0)
    assert bar.no_supply == 0.0
    assert bar.no_demand == 0.0


def test_the_baseline_leaves_the_bar_itself_out():
    assert judged(100.0, 101.0, 99.0, 100.0, 6000.0).relative_volume == 6.0
    assert judged(100.0, 106.0, 94.0, 100.0, 1000.0).relative_spread == 6.0


def test_nothing_is_known_before_the_window_is_full():
    frame = computed(BarArrays(np.arange(60) * DAY, steady(60)), VsaSpec())
    assert frame.iloc[:50].isna().all().all()
    assert frame["vsa_relative_volume"].iloc[50:].notna().all()
    assert frame["vsa_score_ema"].first_valid_index() == 54


def test_a_climax_takes_the_side_of_the_bar():
    selling = judged(100.0, 100.2, 95.0, 96.0, 3000.0)
    buying = judged(100.0, 105.0, 99.8, 104.0, 3000.0)
    assert (selling.selling_climax, selling.buying_climax) == (1.0, 0.0)
    assert (buying.selling_climax, buying.buying_climax) == (0.0, 1.0)
    assert selling.score > 0 > buying.score


def test_stopping_volume_needs_the_recent_extreme():
    bull = judged(100.0, 100.2, 98.5, 99.9, 2500.0)
    bear = judged(100.0, 101.5, 99.8, 100.1, 2500.0)
    assert bull.stopping_volume_bull == 1.0
    assert bear.stopping_volume_bear == 1.0
    inside = judged(100.0, 100.2, 99.2, 99.9, 2500.0)
    assert inside.stopping_volume_bull == 0.0


def test_an_upthrust_and_a_spring_break_out_and_come_back():
    upthrust = judged(100.0, 103.0, 99.5, 99.9, 1500.0)
    spring = judged(100.0, 100.5, 97.0, 100.1, 1500.0)
    assert (upthrust.upthrust, upthrust.spring) == (1.0, 0.0)
    assert (spring.upthrust, spring.spring) == (0.0, 1.0)
    touching = judged(100.0, 101.0, 98.5, 98.6, 1500.0)
    assert touching.upthrust == 0.0


def test_absorption_points_against_the_trend_that_it_stops():
    for start, direction in ((110.0, 1.0), (90.0, -1.0)):
        matrix = steady()
        matrix[:4, :-1] += np.linspace(start - 100.0, 0.0, 50)
        matrix[:, -1] = 100.0, 100.5, 99.7, 100.0, 1800.0
        bar = last(matrix)
        assert bar.absorption == 1.0
        assert bar.absorption_direction == direction


def test_a_locked_bar_has_a_neutral_close_and_is_never_absorption():
    bar = judged(100.0, 100.0, 100.0, 100.0, 5000.0)
    assert (bar.close_location, bar.close_position, bar.relative_spread) == (0.0, 0.5, 0.0)
    assert bar.absorption == 0.0
    assert np.isnan(bar["absorb"])
    assert np.isnan(bar.effort_result)


def test_a_bar_locked_after_a_gap_is_not_absorption_with_true_ranges_either():
    bar = judged(101.0, 101.0, 101.0, 101.0, 5000.0, gap_mode="true_range", window_bars=49)
    assert bar.relative_spread == pytest.approx(0.5)
    assert bar.absorption == 0.0


def test_zero_volume_is_a_fact_that_is_flagged():
    bar = judged(100.0, 101.0, 99.0, 100.5, 0.0)
    assert bar.relative_volume == 0.0
    assert bar.zero_volume == 1.0
    assert np.isnan(bar.effort_result)
    assert judged(100.0, 101.0, 99.0, 100.5, 10.0).zero_volume == 0.0


def test_a_baseline_of_zero_leaves_ratios_and_events_unknown():
    silent = steady()
    silent[4] = 0.0
    bar = last(silent)
    assert np.isnan(bar.relative_volume)
    assert np.isnan(bar.score)
    assert bar[list(FLAGS)].isna().all()
    assert bar.close_location == 0.0
    flat = steady()
    flat[:4] = 100.0
    assert np.isnan(last(flat).relative_spread)


def test_a_gap_counts_only_as_true_range():
    plain = judged(110.0, 111.0, 109.0, 110.0, 1000.0, window_bars=49)
    gap = judged(110.0, 111.0, 109.0, 110.0, 1000.0, window_bars=49, gap_mode="true_range")
    assert plain.relative_spread == 1.0
    assert gap.relative_spread == pytest.approx(5.5)


def test_the_median_baseline_shrugs_off_one_spike():
    matrix = steady()
    matrix[4, 10] = 1e9
    assert last(matrix, baseline="median").relative_volume == 1.0
    assert last(matrix).relative_volume < 0.001


def test_an_unadjusted_split_shows_and_an_adjusted_one_does_not():
    matrix = steady(120)
    matrix[4] *= np.linspace(1.0, 1.1, 120)
    raw = matrix.copy()
    raw[:4, 60:] /= 7.0
    raw[4, 60:] *= 7.0
    opened_at = np.arange(120) * DAY
    adjusted = computed(BarArrays(opened_at, matrix), VsaSpec())
    unadjusted = computed(BarArrays(opened_at, np.ascontiguousarray(raw)), VsaSpec())
    assert adjusted["vsa_relative_volume"].max() < 1.2
    assert unadjusted["vsa_relative_volume"].max() > 5.0


def test_accumulation_of_close_location_is_talib_ad():
    arrays = bar_arrays(garch_bars(800, seed=2))
    frame = computed(arrays, VsaSpec(window_bars=20))
    high, low, close, volume = (np.ascontiguousarray(row[20:]) for row in arrays.matrix[1:])
    ours = np.cumsum(frame["vsa_close_location"].to_numpy()[20:] * volume)
    np.testing.assert_array_equal(ours, talib.AD(high, low, close, volume))


def test_flags_are_rare_on_bars_without_structure():
    arrays = bar_arrays(garch_bars(60_000, seed=11))
    rates = computed(arrays, VsaSpec()).mean()
    assert 0.001 < rates.vsa_selling_climax + rates.vsa_buying_climax < 0.05
    assert 0.01 < rates.vsa_no_demand < 0.06
    assert 0.01 < rates.vsa_no_supply < 0.06
    assert rates.vsa_absorption < 0.05
    assert rates.vsa_upthrust < 0.02
    assert rates.vsa_spring < 0.02
    assert rates.vsa_stopping_volume_bull + rates.vsa_stopping_volume_bear < 0.012
    assert abs(rates.vsa_score) < 0.02


@pytest.mark.parametrize("options", [{}, {"slot_days": 3, "slot_minutes": 60}, {"baseline": "median"}])
def test_the_stream_repeats_the_batch_and_survives_a_snapshot(options):
    feature = make("vsa", window_bars=20, **options)
    arrays = bar_arrays(garch_bars(200, seed=8))
    batch = feature.batch(arrays.opened_at, arrays.matrix)
    stream, rows = feature.open_stream(), []
    for t in range(200):
        if t == 130:
            saved = stream.snapshot()
            stream = feature.open_stream()
            stream.restore(saved)
        rows.append(stream.update(int(arrays.opened_at[t]), arrays.matrix[:, t].copy()))
    np.testing.assert_array_equal(np.array(rows).T, batch)


def test_a_snapshot_of_other_options_is_refused():
    with pytest.raises(InvalidInput, match="was not taken from vsa@"):
        make("vsa").open_stream().restore(make("vsa", window_bars=51).open_stream().snapshot())


def test_options_out_of_bounds_are_refused():
    with pytest.raises(InvalidInput, match="slot_minutes must divide"):
        VsaSpec(slot_minutes=7)
    with pytest.raises(InvalidInput, match="window_bars"):
        VsaSpec(window_bars=1)


@pytest.mark.parametrize("options", [{}, {"gap_mode": "true_range"}, {"baseline": "median", "window_bars": 20}])
def test_without_smoothing_the_feature_depends_on_its_window_alone(options):
    feature = make("vsa", ema_span=1, **options)
    assert feature.look_back == feature.warm_up + 1
    run_feature_suite(feature)
    bars = bar_arrays(garch_bars(400, seed=5))
    values = feature.batch(bars.opened_at, bars.matrix)
    np.testing.assert_array_equal(values[0], values[1])
    np.testing.assert_array_equal(feature.tail(bars.opened_at, bars.matrix, 3), values[:, -3:])
