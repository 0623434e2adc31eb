import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from augury.errors import Conflict, InvalidBars, InvalidInput, NotEnoughData, NotFound
from augury.features import compute
from augury.features.chart_images import draw_charts
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.data.folds import purged_folds, require_disjoint
from augury.sample import load_sample
from augury.testing import garch_bars

SPEC = DatasetSpec(features=("rsi", "natr(timeperiod=10)", "range_position"), label="direction(horizon_bars=5)")
BARS = garch_bars(300, seed=1)


def ramp(count=80):
    close = 100.0 + np.arange(count)
    index = pd.date_range("2024-01-01", periods=count, tz="UTC", unit="ns", name="timestamp")
    columns = {"open": close, "high": close + 0.25, "low": close - 0.25, "close": close, "volume": 1.0}
    return pd.DataFrame(columns, index=index)


def test_on_a_ramp_row_t_reads_bars_up_to_t_and_its_target_is_the_step_from_t_to_t_plus_h():
    bars = ramp()
    built = build_dataset(
        bars,
        DatasetSpec(features=("sma(timeperiod=2)", "roc"), label="forward_return(horizon_bars=3)", sequence_bars=4),
    )
    close = bars["close"].to_numpy()
    t = built.inputs.bar
    assert (t[0], t[-1]) == (13, 76)  # roc warms up for 10 bars, the window needs 3 more; 3 bars lie ahead of the last
    np.testing.assert_allclose(built.inputs.tabular()[:, 0], close[t] - 0.5, rtol=1e-12)
    np.testing.assert_allclose(built.inputs.sequence()[:, :, 0], close[t][:, None] + np.arange(-3.5, 0.5), rtol=1e-12)
    np.testing.assert_allclose(built.target, 3.0 / close[t], rtol=1e-12)
    np.testing.assert_array_equal(built.target, built.outcome)
    np.testing.assert_array_equal(built.inputs.opened_at, bars.index.asi8[t])
    np.testing.assert_array_equal(built.inputs.label_end, bars.index.asi8[t + 3])


def test_rows_stand_in_order_of_time_then_of_symbol_whatever_the_order_of_the_mapping(universe):
    built = build_dataset(universe, SPEC)
    again = build_dataset(dict(reversed(universe.items())), SPEC)
    order = np.lexsort((built.inputs.symbol, built.inputs.opened_at))
    np.testing.assert_array_equal(order, np.arange(len(built)))
    assert built.symbols == ("T000", "T001", "T002")
    assert again.fingerprint == built.fingerprint
    assert built.weights.mean() == pytest.approx(1.0)
    assert built.task == "classification"
    assert built.classes == ("down", "up")


def test_features_are_those_of_the_whole_series_and_targets_those_of_the_label(universe):
    built = build_dataset(universe, SPEC)
    table = built.to_frame()
    for name, bars in universe.items():
        mine = table[table["symbol"] == name]
        expected = compute(bars, SPEC.features)
        pd.testing.assert_frame_equal(
            mine[list(built.inputs.columns)], expected.loc[mine.index], check_freq=False, check_names=False
        )
        up = (bars["close"].shift(-5) > bars["close"]).astype(float)
        np.testing.assert_array_equal(mine["target"], up.loc[mine.index])
        assert len(mine) == len(bars) - 5 - compute(bars, SPEC.features).isna().any(axis=1).sum()


def test_rows_near_the_end_wait_for_the_whole_horizon_even_when_a_barrier_settles_them_early():
    spec = SPEC.replace(label="triple_barrier(horizon_bars=30, upper=0.2, lower=0.2)")
    built = build_dataset(BARS, spec)
    assert built.inputs.bar[-1] == len(BARS) - 1 - 30
    ends = np.searchsorted(BARS.index.asi8, built.inputs.label_end) - built.inputs.bar
    assert ends.min() >= 1
    assert np.median(ends) < 10


def test_chart_images_are_those_of_the_rows():
    built = build_dataset(BARS, SPEC.replace(chart_days=5))
    rows = np.array([0, 7, len(built) - 1])
    np.testing.assert_array_equal(
        built.inputs[rows].image(), draw_charts(BARS, built.inputs.chart, rows=built.inputs.bar[rows])
    )
    assert built.inputs.image().shape == (len(built), 32, 15)


def test_bars_whose_chart_cannot_be_drawn_are_no_rows():
    flat = BARS.copy()
    flat.iloc[100:150, :4] = 50.0
    built = build_dataset(flat, SPEC.replace(features=("rsi",), chart_days=5))
    assert not np.isin(np.arange(110, 150), built.inputs.bar).any()
    assert np.isin([90, 160], built.inputs.bar).all()


def test_every_so_many_bars_keeps_those_rows_only():
    every = build_dataset(BARS, SPEC.replace(every_bars=5))
    assert (every.inputs.bar % 5 == 0).all()
    np.testing.assert_allclose(every.weights, 1.0)  # labels of five bars no longer overlap


def test_nan_are_kept_when_asked_for_but_not_rows_without_any_feature():
    spec = DatasetSpec(features=("sma(timeperiod=50)", "rsi(timeperiod=5)"))
    kept = build_dataset(BARS, spec.replace(keep_nan=True))
    assert kept.inputs.bar[0] == 5
    assert np.isnan(kept.inputs.tabular()[0]).tolist() == [True, False]
    assert not np.isnan(build_dataset(BARS, spec).inputs.tabular()).any()


def test_windows_hold_no_nan_unless_asked_for():
    spec = DatasetSpec(features=("rsi(timeperiod=5)",), sequence_bars=10)
    assert build_dataset(BARS, spec).inputs.bar[0] == 14
    loose = build_dataset(BARS, spec.replace(keep_nan=True))
    assert loose.inputs.bar[0] == 9
    assert np.isnan(loose.inputs.sequence()[0, :, 0]).sum() == 5


def test_columns_can_be_left_out_and_constant_ones_are_refused_by_name():
    spec = DatasetSpec(features=("rsi", "vsa"))
    with pytest.raises(InvalidInput, match=r"'vsa_zero_volume'.*: constant over \d+ rows.*leave_out"):
        build_dataset(BARS, spec)
    table = compute(BARS, "vsa")
    constant = tuple(table.columns[table.dropna().nunique() <= 1])
    rare = tuple(name for name in table.columns if table[name].sum() < 5 and name not in constant)
    built = build_dataset(BARS, spec.replace(leave_out=constant + rare))
    assert set(built.inputs.columns) == {"rsi_14", *table.columns} - set(constant) - set(rare)


def test_a_column_to_leave_out_that_no_feature_gives_is_refused_with_the_nearest():
    with pytest.raises(NotFound, match="did you mean 'rsi_14'"):
        build_dataset(BARS, SPEC.replace(leave_out=("rsi_41",)))


def test_leaving_out_every_column_is_refused():
    with pytest.raises(InvalidInput, match="some of"):
        build_dataset(BARS, DatasetSpec(features=("rsi",), leave_out=("rsi_14",)))


def test_too_few_rows_say_what_each_reason_took_away():
    with pytest.raises(NotEnoughData) as refusal:
        build_dataset(
            BARS.iloc[:60], SPEC.replace(label="direction(horizon_bars=20, dead_band=1.0)", features=("rsi", "sma"))
        )
    text = str(refusal.value)
    assert "at least 20 rows" in text
    assert "of 60 bars" in text
    assert "warm-up (19 bars of sma_20): 19" in text
    assert "horizon of 20 bars reaches past the last bar: 20" in text
    assert "label unknown: 16" in text


def test_unknown_features_within_the_series_are_named():
    flat = BARS.copy()
    flat.iloc[10:290, :4] = 50.0
    with pytest.raises(NotEnoughData, match="NaN in 'range_position'"):
        build_dataset(flat, DatasetSpec(features=("range_position",)))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"features": ()}, InvalidInput, "at least one feature"),
        ({"features": ("rsi", "rsi(timeperiod=14)")}, Conflict, "rsi_14"),
        ({"features": ("rsii",)}, NotFound, "'rsi'"),
        ({"label": "directions"}, NotFound, "'direction'"),
        ({"chart_days": 30}, InvalidInput, "5, 20, 60"),
    ],
)
def test_specs_that_name_nothing_known_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        build_dataset(BARS, SPEC.replace(**change))


def test_symbols_with_the_same_bars_other_timeframes_or_bad_bars_are_refused(universe):
    first = universe["T000"]
    with pytest.raises(InvalidInput, match="'A' and 'B' have the same bars"):
        build_dataset({"A": first, "B": first.copy()}, SPEC)
    with pytest.raises(InvalidInput, match=r"'B' has bars of 2h, those before have 1h"):
        build_dataset({"A": first, "B": first.iloc[::2]}, SPEC)
    bad = first.copy()
    bad.iloc[3, 3] = np.nan
    with pytest.raises(InvalidBars, match="symbol 'B'"):
        build_dataset({"A": first, "B": bad}, SPEC)
    with pytest.raises(InvalidInput, match="empty mapping"):
        build_dataset({}, SPEC)
    with pytest.raises(InvalidInput, match="symbols as text"):
        build_dataset({3: first}, SPEC)


def test_the_fingerprint_is_the_same_in_another_process_and_tells_data_apart():
    code = (
        "from augury.learning.data.building import build_dataset; from augury.learning.data.dataset import DatasetSpec;"
        "from augury.testing import garch_bars;"
        f"print(build_dataset(garch_bars(300, seed=1), DatasetSpec.from_dict({SPEC.to_dict()!r})).fingerprint)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    own = build_dataset(BARS, SPEC).fingerprint
    assert run.stdout.strip() == own
    assert len(own) == 64
    touched = BARS.copy()
    touched.iloc[200, 4] += 1.0
    others = [
        build_dataset(touched, SPEC).fingerprint,
        build_dataset({"A": BARS}, SPEC).fingerprint,
        build_dataset(BARS, SPEC.replace(label="direction(horizon_bars=6)")).fingerprint,
        build_dataset(BARS, SPEC.replace(features=SPEC.features[::-1])).fingerprint,
    ]
    assert len({own, *others}) == 5


def test_chosen_rows_keep_their_values_and_have_weights_of_mean_one():
    built = build_dataset(BARS, SPEC)
    part = built.rows(slice(10, 90, 3))
    np.testing.assert_array_equal(part.target, built.target[10:90:3])
    np.testing.assert_array_equal(part.inputs.tabular(), built.inputs.tabular()[10:90:3])
    assert part.weights.mean() == pytest.approx(1.0)
    np.testing.assert_allclose(part.weights / part.weights[0], built.weights[10:90:3] / built.weights[10])
    assert len(built.rows(np.array([], dtype=int))) == 0


def test_the_bundled_markets_of_different_length_make_one_data_set():
    sample = load_sample().bars
    built = build_dataset(sample, SPEC)
    assert np.isfinite(built.inputs.tabular()).all()
    assert np.isfinite(built.outcome).all()
    np.testing.assert_array_equal((built.outcome > 0.0).astype(float), built.target)
    counts = np.bincount(built.inputs.symbol)
    for name, count in zip(built.symbols, counts, strict=True):
        assert count == len(sample[name]) - 5 - 19  # the horizon, and the warm-up of range_position
    for fold in purged_folds(built):
        require_disjoint(built.rows(fold.train), built.rows(fold.test))
