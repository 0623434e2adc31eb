"""The feature `hawkes` against a slow readable version, its contract, its edges and the defects it must not have."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.features.hawkes_process import HawkesFitSpec, fit_hawkes
from augury.features.registry import definition, make
from augury.testing.generators.garch_returns import garch_returns
from augury.testing.generators.hawkes_process import HawkesTruth, hawkes_times

FAST = {"threshold_bars": 120, "min_threshold_bars": 40, "window_bars": 150, "refit_bars": 17, "min_events": 8}


def bars_of(returns, volume=None):
    close = 100.0 * np.exp(np.cumsum(returns))
    volume = np.full(len(close), 1000.0) if volume is None else volume
    return np.ascontiguousarray(np.vstack([close, close * 1.001, close * 0.999, close, volume]))


def opened_at(bars):
    return np.arange(bars.shape[1], dtype=np.int64) * 60_000_000_000


def garch_matrix(count, seed):
    return bars_of(garch_returns(count, seed=seed).returns)


def run(feature, bars):
    out = feature.batch(opened_at(bars), bars)
    return {name.removeprefix("hawkes_"): row for name, row in zip(feature.columns, out, strict=True)}


def slow_jumps(spec, bars):
    """1, 0 or NaN a bar: the definition with NumPy's quantile."""
    close, volume = bars[3], bars[4]
    jumps = np.full(len(close), np.nan)
    if spec.events == "volume":
        for t in range(spec.baseline_bars, len(volume)):
            jumps[t] = volume[t] > spec.volume_ratio * volume[t - spec.baseline_bars : t].mean()
        return jumps
    sizes = np.abs(np.diff(np.log(close)))  # sizes[t - 1] belongs to bar t
    for t in range(1 + spec.min_threshold_bars, len(close)):
        before = sizes[max(t - 1 - spec.threshold_bars, 0) : t - 1]
        jumps[t] = sizes[t - 1] > np.quantile(before, spec.threshold_quantile) + 1e-12
    return jumps


def slow_hawkes(spec, bars):
    """Refit on the grid, excitation summed from the definition at every bar."""
    jumps = slow_jumps(spec, bars)
    first = int(np.argmax(~np.isnan(jumps)))
    fit_spec = HawkesFitSpec(min_events=spec.min_events)
    rows = {name.name: np.full(len(jumps), np.nan) for name in make("hawkes").outputs}
    rows["event"] = jumps
    fit = None
    for t in range(first, len(jumps)):
        counted = t - first + 1
        if counted % spec.refit_bars == 0:
            start = max(t + 1 - spec.window_bars, first)
            events = np.flatnonzero(jumps[start : t + 1] == 1.0)
            window = t + 1 - start
            fit = fit_hawkes(events + 0.5, float(window), fit_spec) if len(events) >= spec.min_events else None
            window_start = start
        if fit is None:
            continue
        at = np.flatnonzero(jumps[: t + 1] == 1.0)
        ages = t - at[at >= window_start]
        kernel = 0.0 if fit.branching == 0.0 else float(np.sum(np.exp(-fit.decay * ages)))
        pulled = 0.0 if fit.branching == 0.0 else fit.branching * fit.decay * kernel
        until = 0.0 if fit.branching == 0.0 else fit.branching * kernel * (1 - math.exp(-fit.decay))
        intensity = fit.mu + pulled
        h, mean = spec.horizon_bars, fit.mean_rate
        speed = (0.0 if fit.branching == 0.0 else fit.decay) * (1 - fit.branching)
        expected = mean * h + ((intensity - mean) * (1 - math.exp(-speed * h)) / speed if speed else 0.0)
        values = {
            "branching": fit.branching,
            "decay": fit.decay,
            "base_rate": fit.mu,
            "likelihood_ratio": fit.likelihood_ratio,
            "clustering": float(fit.clustering),
            "intensity": intensity,
            "event_probability": 1 - math.exp(-(fit.mu + until)),
            "excitement": intensity / fit.mu,
            "expected_events": expected,
            "half_life": fit.half_life,
        }
        for name, value in values.items():
            rows[name][t] = value
    return rows


@pytest.mark.parametrize("options", [{}, FAST, FAST | {"events": "volume", "volume_ratio": 1.6, "baseline_bars": 30}])
def test_every_column_equals_the_slow_readable_version(options):
    rng = np.random.default_rng(1)
    bars = bars_of(garch_returns(900, seed=1).returns, rng.lognormal(8, 0.5, 900))
    feature = make("hawkes", **options)
    fast, slow = run(feature, bars), slow_hawkes(feature.spec, bars)
    assert np.isfinite(fast["branching"]).sum() > 200
    for name, column in slow.items():
        np.testing.assert_allclose(fast[name], column, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("options", [{}, FAST, FAST | {"events": "volume", "volume_ratio": 1.6}])
def test_batch_stream_and_a_restored_stream_give_the_same_bits(options):
    rng = np.random.default_rng(2)
    bars = bars_of(garch_returns(700, seed=2).returns, rng.lognormal(8, 0.5, 700))
    feature = make("hawkes", **options)
    times = opened_at(bars)
    stream, rows = feature.open_stream(), []
    for t in range(bars.shape[1]):
        if t in (3, 333, 555):
            saved = stream.snapshot()
            stream = feature.open_stream()
            stream.restore(saved)
        rows.append(stream.update(int(times[t]), np.ascontiguousarray(bars[:, t])))
    np.testing.assert_array_equal(np.array(rows).T, feature.batch(times, bars))


@pytest.mark.parametrize("options", [{}, FAST, FAST | {"refit_bars": 1}, FAST | {"events": "volume"}])
def test_the_tail_equals_the_batch_bit_for_bit(options):
    rng = np.random.default_rng(3)
    bars = bars_of(garch_returns(620, seed=3).returns, rng.lognormal(8, 1.0, 620))
    feature = make("hawkes", **options)
    for length in (1, 2, 50, 101, 102, 151, 300, 451, 500, 599, 600, 601, 602, 620):
        part = np.ascontiguousarray(bars[:, :length])
        whole = feature.batch(opened_at(part), part)
        for count in (1, 2, 49, 50, 51, length):
            if count <= length:
                np.testing.assert_array_equal(feature.tail(opened_at(part), part, count), whole[:, length - count :])


@settings(max_examples=15, deadline=None)
@given(st.integers(150, 599), st.integers(0, 1_000))
def test_the_future_leaves_the_past_alone(cut, seed):
    # a threshold over the whole sample would move every earlier event when one later bar explodes
    bars = garch_matrix(600, 4)
    feature = make("hawkes", **FAST)
    changed = bars.copy()
    changed[:, cut:] *= np.exp(np.random.default_rng(seed).normal(0, 0.5, 600 - cut))
    before, after = feature.batch(opened_at(bars), bars), feature.batch(opened_at(bars), changed)
    np.testing.assert_array_equal(before[:, :cut], after[:, :cut])
    prefix = np.ascontiguousarray(bars[:, :cut])
    np.testing.assert_array_equal(before[:, :cut], feature.batch(opened_at(prefix), prefix))


def test_a_threshold_over_the_whole_sample_would_be_found():
    # the planted defect: the same events with the quantile of the whole series
    bars = garch_matrix(600, 4)
    changed = bars.copy()
    changed[:, 400:] *= np.exp(np.random.default_rng(0).normal(0, 0.5, 200))

    def leaking(matrix):
        sizes = np.abs(np.diff(np.log(matrix[3])))
        return sizes > np.quantile(sizes, 0.9)

    assert (leaking(bars)[:399] != leaking(changed)[:399]).any()
    ours = run(make("hawkes"), bars)["event"], run(make("hawkes"), changed)["event"]
    np.testing.assert_array_equal(ours[0][:400], ours[1][:400])


def test_bar_t_does_not_raise_its_own_threshold():
    returns = np.full(150, 0.001)
    returns[1::2] *= -1
    returns[120] = 0.0011  # just above every earlier return
    assert run(make("hawkes", min_threshold_bars=100), bars_of(returns))["event"][120] == 1.0


def test_equal_moves_are_no_jumps_whatever_their_rounding():
    returns = np.tile([math.log(1.01), -math.log(1.01)], 200)
    for price in (100.0, 3.7, 1e-4, 123_456.7):
        close = price * np.exp(np.cumsum(returns))
        assert np.nansum(run(make("hawkes"), np.tile(close, (5, 1)))["event"]) == 0.0


def test_constant_prices_have_no_events_and_no_fit():
    columns = run(make("hawkes"), np.full((5, 700), 50.0))
    assert (columns["event"][101:] == 0.0).all()
    for name in ("branching", "intensity", "event_probability", "clustering", "likelihood_ratio"):
        assert np.isnan(columns[name]).all()


def test_too_few_events_give_unknown_and_never_zero():
    seen = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        columns = run(make("hawkes"), bars_of(0.01 * rng.standard_normal(301)))
        events = np.cumsum(np.nan_to_num(columns["event"]))
        known = np.isfinite(columns["branching"])
        for refit in (150, 200, 250, 300):  # the 50th, 100th, ... bar that can be an event
            assert known[refit] == (events[refit] >= 20)
            assert np.isfinite(columns["clustering"][refit]) == known[refit]
            seen.add(bool(known[refit]))
    assert seen == {True, False}


def test_events_in_every_bar_are_survived():
    # ever larger moves: each one exceeds every earlier one
    growing = np.cumsum(np.full(700, 1e-5)) * np.tile([1.0, -1.0], 350)
    columns = run(make("hawkes"), bars_of(growing))
    assert (columns["event"][101:] == 1.0).all()
    assert np.isfinite(columns["branching"][-1])
    assert columns["event_probability"][-1] > 0.6
    assert columns["base_rate"][-1] / (1 - columns["branching"][-1]) == pytest.approx(1.0, abs=0.1)


def test_a_block_of_late_jumps_stays_below_critical():
    rng = np.random.default_rng(6)
    returns = 0.001 * rng.standard_normal(501)
    returns[-30:] = 0.05 * np.tile([1.0, -1.0], 15) * (1 + 0.01 * np.arange(30))
    columns = run(make("hawkes", min_events=20, refit_bars=1), bars_of(returns))
    assert 0.5 < columns["branching"][-1] <= 0.99
    assert columns["clustering"][-1] == 1.0
    assert np.isfinite(columns["expected_events"][-1])


def test_the_refit_grid_is_anchored_at_the_first_bar_that_can_be_an_event():
    columns = run(make("hawkes"), garch_matrix(900, 7))
    ratio = columns["likelihood_ratio"]
    changes = [t for t in range(1, 900) if np.isfinite(ratio[t]) and ratio[t] != ratio[t - 1]]
    assert changes
    assert all((t - 101 + 1) % 50 == 0 for t in changes)


def test_the_filter_decays_towards_the_base_rate_and_jumps_at_events():
    columns = run(make("hawkes"), garch_matrix(900, 7))
    branching, decay, base = columns["branching"], columns["decay"], columns["base_rate"]
    intensity, event = columns["intensity"], columns["event"]
    for t in range(700, 900):
        if branching[t] != branching[t - 1] or not branching[t] > 0:
            continue
        step = math.exp(-decay[t]) * (intensity[t - 1] - base[t]) + branching[t] * decay[t] * event[t]
        assert intensity[t] == pytest.approx(base[t] + step, rel=1e-10)


def test_forecasts_are_integrals_of_the_intensity():
    """The mean count solves its renewal equation; the chance of an event is that of a fading intensity without one."""
    columns = run(make("hawkes"), garch_matrix(900, 7))
    t = int(np.nanargmax(columns["intensity"]))
    mu, decay, branching, now = (columns[name][t] for name in ("base_rate", "decay", "branching", "intensity"))
    assert branching > 0.1
    fine = 40
    fade = np.exp(-decay * np.arange(20 * fine + 1) / fine)
    mean = np.empty(len(fade))  # E lambda(s) = mu + (now - mu) e^(-b s) + integral of n b e^(-b (s - u)) E lambda(u)
    for i in range(len(fade)):
        weights = branching * decay * fade[i::-1] / fine
        weights[[0, -1]] *= 0.5
        known = mu + (now - mu) * fade[i]
        mean[i] = now if i == 0 else (known + weights[:-1] @ mean[:i]) / (1 - weights[-1])
    expected = np.sum(mean[1:] + mean[:-1]) / 2 / fine
    assert columns["expected_events"][t] == pytest.approx(expected, rel=1e-4)
    quiet = mu + (now - mu) * np.exp(-decay * (np.arange(1000) + 0.5) / 1000)
    assert columns["event_probability"][t] == pytest.approx(1 - math.exp(-quiet.mean()), rel=1e-6)
    assert columns["excitement"][t] == pytest.approx(now / mu, rel=1e-12)


def test_warm_up_and_first_event_are_exact():
    feature = make("hawkes")
    out = feature.batch(opened_at(garch_matrix(200, 8)), garch_matrix(200, 8))
    assert feature.warm_up == 101
    assert np.isnan(out[:, :101]).all()
    assert np.isfinite(out[5, 101])
    volume = make("hawkes", events="volume")
    out = volume.batch(opened_at(garch_matrix(200, 8)), garch_matrix(200, 8))
    assert volume.warm_up == 50
    assert np.isnan(out[:, :50]).all()
    assert np.isfinite(out[5, 50])


def test_a_bar_without_a_price_is_skipped_and_leaves_the_state_alone():
    bars = garch_matrix(600, 9)
    gap = np.insert(bars, 250, np.nan, axis=1)
    feature = make("hawkes", **FAST)
    with_gap = feature.batch(opened_at(gap), gap)
    assert np.isnan(with_gap[:, 250]).all()
    np.testing.assert_array_equal(np.delete(with_gap, 250, axis=1), feature.batch(opened_at(bars), bars))
    for count in (1, 200, 400):
        np.testing.assert_array_equal(feature.tail(opened_at(gap), gap, count), with_gap[:, -count:])


def test_volume_without_a_baseline_is_unknown():
    volume = np.zeros(200)
    volume[150] = 10.0
    flags = run(make("hawkes", events="volume"), bars_of(np.zeros(200), volume))["event"]
    assert np.isnan(flags[50:151]).all()
    assert (flags[151:] == 0.0).all()


@settings(max_examples=15, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_prices_and_volumes_in_other_units_give_the_same_values(price, volume):
    rng = np.random.default_rng(10)
    bars = bars_of(garch_returns(500, seed=10).returns, rng.lognormal(8, 1.0, 500))
    scaled = bars * np.array([[price], [price], [price], [price], [volume]])
    for options in (FAST, FAST | {"events": "volume"}):
        feature = make("hawkes", **options)
        here, there = feature.batch(opened_at(bars), bars), feature.batch(opened_at(bars), scaled)
        np.testing.assert_allclose(there, here, rtol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_values_keep_their_declared_bounds(seed):
    feature = make("hawkes", **FAST)
    out = feature.batch(opened_at(garch_matrix(1500, seed)), garch_matrix(1500, seed))
    for output, column in zip(feature.outputs, out, strict=True):
        known = column[np.isfinite(column)]
        assert len(known) > 0
        low, high = output.bounds
        assert low is None or (known >= low).all()
        assert high is None or (known <= high).all()
        if output.flag:
            assert set(np.unique(known)) <= {0.0, 1.0}


def test_the_event_probability_beats_the_base_rate_on_a_clustered_process():
    truth = HawkesTruth(base_rate=0.03, branching_ratio=0.7, decay=0.25)
    bars = 6000
    times = hawkes_times(float(bars), truth, seed=11)
    rng = np.random.default_rng(11)
    jump = np.zeros(bars, dtype=bool)
    jump[times.astype(int)] = True
    size = np.where(jump, 0.02 + 0.01 * rng.random(bars), 0.005 * rng.random(bars))
    columns = run(make("hawkes"), bars_of(size * rng.choice([-1.0, 1.0], bars)))
    event, probability = columns["event"], columns["event_probability"]
    counted = np.cumsum(np.nan_to_num(event))
    base = (counted + 1) / (np.cumsum(np.isfinite(event)) + 2)  # what was known of the rate at the same bar
    at = np.flatnonzero(np.isfinite(probability[:-1]))
    assert len(at) > 5000
    assert (probability[at] > 0).all()
    assert (probability[at] < 1).all()
    outcome = event[at + 1]

    def log_loss(p):
        return -np.mean(np.where(outcome == 1.0, np.log(p), np.log(1 - p)))

    assert log_loss(probability[at]) < log_loss(base[at]) - 0.01
    assert log_loss(probability[at]) < log_loss(np.full(len(at), outcome.mean())) - 0.005  # even against hindsight
    assert probability[at].mean() == pytest.approx(outcome.mean(), rel=0.15)


def test_options_that_contradict_each_other_are_refused():
    with pytest.raises(InvalidInput, match="min_threshold_bars"):
        make("hawkes", threshold_bars=50)
    with pytest.raises(InvalidInput, match="min_events"):
        make("hawkes", window_bars=10)
    with pytest.raises(InvalidInput, match="decay_max"):
        make("hawkes", decay_max=0.01)
    with pytest.raises(InvalidInput, match="refit_bars"):
        make("hawkes", refit_bar=3)


def test_the_definition_names_its_source():
    assert "Hawkes" in definition("hawkes").source
