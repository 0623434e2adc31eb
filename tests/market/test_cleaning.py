from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput
from augury.market import clean, quality_report, validate_bars
from augury.market.cleaning import CLEAN_RULES
from augury.market.files import read_table


def broken(make_bars) -> pd.DataFrame:
    bars = make_bars(100)
    bars.iloc[5, 3] = np.nan
    bars.iloc[10, 2] = -1.0
    bars.iloc[20, 1] = bars.iloc[20, 2] * 0.9
    bars.iloc[30, 4] = -1.0
    bars.iloc[40, :4] *= 100.0
    conflicting = bars.iloc[[50]] * 1.0001
    return pd.concat([bars.iloc[:70], bars.iloc[[60]], conflicting, bars.iloc[[71, 70]], bars.iloc[72:]])


def test_every_change_is_listed_with_row_rule_and_values(make_bars):
    table = broken(make_bars)
    bars, report = clean(table, rules=list(CLEAN_RULES))
    done = {(change.rule, change.action, change.position) for change in report.changes}
    moved = {(rule, action, row) for rule, action, row in done if action == "moved"}
    assert done - moved == {
        ("not_finite", "dropped", 5),
        ("non_positive_price", "dropped", 10),
        ("high_below_low", "dropped", 20),
        ("negative_volume", "dropped", 30),
        ("spike", "dropped", 40),
        ("duplicate", "dropped", 70),
        ("conflicting_duplicate", "dropped", 50),
    }
    assert {row for _, _, row in moved} >= {70, 71, 72, 73}
    assert report.rows_before == 102
    assert report.rows_after == len(bars) == 95
    first = next(change for change in report.changes if change.rule == "non_positive_price")
    np.testing.assert_array_equal(first.values, table.iloc[10].to_numpy())
    assert validate_bars(bars) is bars


def test_no_price_is_invented(make_bars):
    table = broken(make_bars)
    bars, _ = clean(table, rules=list(CLEAN_RULES))
    given = {(moment, *values) for moment, values in zip(table.index, table.to_numpy().tolist(), strict=True)}
    kept = {(moment, *values) for moment, values in zip(bars.index, bars.to_numpy().tolist(), strict=True)}
    assert kept <= given


def test_sound_bars_pass_unchanged(make_bars):
    bars, report = clean(make_bars(), rules=list(CLEAN_RULES))
    pd.testing.assert_frame_equal(bars, make_bars(), check_freq=False)
    assert report.changes == ()


def test_what_was_not_asked_to_be_mended_is_refused(make_bars):
    with pytest.raises(InvalidBars, match="above 0"):
        clean(broken(make_bars), rules=[rule for rule in CLEAN_RULES if rule != "non_positive_price"])
    with pytest.raises(InvalidBars, match="strictly increasing"):
        clean(make_bars().iloc[::-1], rules=["spike"])


def test_a_file_that_runs_newest_first_is_turned_round(make_bars):
    bars, report = clean(make_bars(61).iloc[::-1], rules=["out_of_order"])
    pd.testing.assert_frame_equal(bars, make_bars(61), check_freq=False)
    assert {change.action for change in report.changes} == {"moved"}
    assert len(report.changes) == 60  # all but the one in the middle


def test_of_contradicting_rows_the_last_is_kept(make_bars):
    table = pd.concat([make_bars(), make_bars().iloc[[-1]].assign(volume=12345.0)])
    bars, _ = clean(table, rules=["conflicting_duplicate"])
    assert bars["volume"].iloc[-1] == 12345.0


def test_unknown_rules_naive_times_and_missing_columns_are_refused(make_bars):
    with pytest.raises(InvalidInput, match="duplicate"):
        clean(make_bars(), rules=["duplicates"])
    with pytest.raises(InvalidBars, match="zone"):
        clean(make_bars().tz_localize(None), rules=[])
    with pytest.raises(InvalidBars, match="missing volume"):
        clean(make_bars().drop(columns="volume"), rules=[])
    with pytest.raises(InvalidBars, match="leave none"):
        clean(make_bars().assign(close=np.nan), rules=["not_finite"])
    with pytest.raises(InvalidBars, match="one symbol"):
        clean(make_bars().assign(symbol=["A", "B"] * 30), rules=[])


def test_the_report_is_plain_data(make_bars):
    _, report = clean(broken(make_bars), rules=list(CLEAN_RULES))
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["rows_before"] == 102
    assert len(report.to_frame()) == len(report.changes)


def test_a_real_file_with_broken_rows_can_be_used_after_cleaning(data_folder):
    table = read_table(data_folder / "equities_daily" / "sp500_2013_2018.parquet")
    one = table[table["symbol"] == "DHR"]
    with pytest.raises(InvalidBars):
        validate_bars(one)
    with pytest.raises(InvalidBars, match="after the rules not_finite, low is at most"):
        clean(one, rules=["not_finite"])
    bars, report = clean(one, rules=["not_finite", "inconsistent_low"])
    assert len(bars) == len(one) - len(report.changes)
    assert quality_report(bars).keeps_contract
