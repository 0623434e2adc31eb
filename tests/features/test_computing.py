"""Features by name on a frame of bars."""

import contextlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import augury.features as features
from augury.errors import Conflict, InvalidBars, InvalidInput, NotEnoughData, NotFound
from augury.features import compute, make, parse_feature
from augury.market.bars import bar_arrays
from augury.testing.generators.garch_bars import garch_bars

BARS = garch_bars(120, seed=1)


def test_names_options_and_objects_give_one_frame_indexed_like_the_bars():
    frame = compute(BARS, ["range_position", ("sma", {"timeperiod": 5}), make("rsi"), "ema(timeperiod=9)"])
    assert list(frame.columns) == ["range_position", "sma_5", "rsi_14", "ema_9"]
    assert frame.index.equals(BARS.index)
    assert (frame.dtypes == np.float64).all()


def test_each_column_is_the_batch_of_its_feature():
    feature, arrays = make("vsa"), bar_arrays(BARS)
    frame = compute(BARS, feature)
    np.testing.assert_array_equal(frame.to_numpy().T, feature.batch(arrays.opened_at, arrays.matrix))
    assert tuple(frame.columns) == feature.columns


def test_a_pair_and_a_text_name_the_same_feature():
    pd.testing.assert_frame_equal(compute(BARS, ("rsi", {"timeperiod": 7})), compute(BARS, "rsi(timeperiod=7)"))


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(NotFound, match="did you mean 'rsi'"):
        compute(BARS, "rsii")


def test_an_unknown_option_is_answered_with_the_nearest():
    with pytest.raises(InvalidInput, match="did you mean 'timeperiod'"):
        compute(BARS, "rsi(time_period=7)")


def test_two_columns_of_one_name_are_refused_and_a_new_label_helps():
    with pytest.raises(Conflict, match="column 'ema_distance' would come from"):
        compute(BARS, ["ema_distance", "ema_distance(span_bars=10)"])
    other = replace(make("ema_distance", span_bars=10), label="ema_distance_10")
    assert list(compute(BARS, ["ema_distance", other]).columns) == ["ema_distance", "ema_distance_10"]


def test_a_short_history_is_unknown_and_refused_only_when_asked():
    assert compute(BARS.iloc[:14], "rsi").isna().all().all()
    with pytest.raises(NotEnoughData, match=r"rsi_14 needs at least 15 bars .* got 14"):
        compute(BARS.iloc[:14], "rsi", require_valid=True)
    assert compute(BARS.iloc[:15], "rsi", require_valid=True).notna().sum().item() == 1


def test_what_is_no_bars_is_refused():
    with pytest.raises(InvalidBars):
        compute(BARS.assign(high=1.0), "rsi")
    with pytest.raises(InvalidBars, match="volume"):
        compute(BARS.drop(columns="volume"), "rsi")


@pytest.mark.parametrize("nothing", [[], 7, [None], [("rsi",)], ("rsi", 7)])
def test_what_is_no_feature_is_refused(nothing):
    with pytest.raises((InvalidInput, NotFound)):
        compute(BARS, nothing)


def test_a_text_is_parsed_with_its_options():
    assert parse_feature(" rsi ( timeperiod = 7 ) ").label == "rsi_7"
    assert parse_feature("vsa(baseline='median', gap_mode=\"true_range\")").spec.baseline == "median"
    assert parse_feature("rsi").label == "rsi_14"
    assert parse_feature("rsi()").label == "rsi_14"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rsi(7)",
        "rsi(timeperiod=x)",
        "rsi(timeperiod=__import__('os'))",
        "rsi(**{'timeperiod': 7})",
        "a.b()",
        "rsi(",
        "rsi; vsa",
        "(" * 5000,
        "rsi(timeperiod=7)(1)",
        "rsi\0",
    ],
)
def test_other_text_is_refused_and_never_run(text):
    with pytest.raises(InvalidInput):
        parse_feature(text)


@given(st.text(max_size=40))
def test_any_text_gives_a_feature_or_a_clear_refusal(text):
    with contextlib.suppress(InvalidInput, NotFound):
        parse_feature(text)


def test_the_public_names_are_sorted_and_there():
    assert list(features.__all__) == sorted(
        features.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    for name in features.__all__:
        assert getattr(features, name) is not None
    assert callable(features.compute)
    assert callable(features.multi_timeframe)
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = features.nothing_of_the_kind


def test_progress_sees_every_feature_once():
    seen = []

    def track(items):
        for feature in items:
            seen.append(feature.name)
            yield feature

    compute(garch_bars(120, seed=2), ["vsa", "rsi"], track=track)
    assert seen == ["vsa", "rsi"]
