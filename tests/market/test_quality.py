from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidBars, InvalidInput
from augury.market import Finding, QualityReport, QualitySpec, quality_by_symbol, quality_report, validate_bars
from augury.market.files import read_table
from augury.market.findings import CONTRACT_RULES, score_of


def rules(report: QualityReport) -> set[str]:
    return {finding.rule for finding in report.findings}


def rows(report: QualityReport, rule: str) -> list[int]:
    finding = report.finding(rule)
    return [] if finding is None else list(finding.positions)


def scaled(bars: pd.DataFrame, where, factor: float) -> pd.DataFrame:
    out = bars.copy()
    out.iloc[where, :4] = out.iloc[where, :4] * factor
    return out


def put(bars: pd.DataFrame, row, column: str, value: float) -> pd.DataFrame:
    out = bars.copy()
    out.iloc[row, out.columns.get_loc(column)] = value
    return out


def sessions(make_bars, days: int = 60, hours: int = 7) -> pd.DataFrame:
    """Hourly bars on weekdays, 14:00 to 20:00 UTC."""
    dates = pd.bdate_range("2024-01-01", periods=days, tz="UTC", unit="ns")
    index = pd.DatetimeIndex([day + pd.Timedelta(hours=14 + hour) for day in dates for hour in range(hours)])
    return make_bars(len(index)).set_index(index.as_unit("ns").rename("timestamp"))


def test_sound_bars_score_100_and_have_no_findings(make_bars):
    for bars in (make_bars(300), make_bars(300, freq="B"), make_bars(100, freq="W-MON"), sessions(make_bars)):
        report = quality_report(bars)
        assert report.findings == ()
        assert report.skipped == ()
        assert report.score == 100.0
        assert report.keeps_contract


@pytest.mark.parametrize(("rule", "plant"), [
    ("not_finite", lambda bars: put(bars, 40, "close", np.nan)),
    ("not_finite", lambda bars: put(bars, 40, "volume", np.inf)),
    ("non_positive_price", lambda bars: put(bars, 40, "low", 0.0)),
    ("non_positive_price", lambda bars: scaled(bars, 40, -1.0)),
    ("high_below_low", lambda bars: put(bars, 40, "high", bars["low"].iloc[40] * 0.999)),
    ("inconsistent_high", lambda bars: put(bars, 40, "high", bars["close"].iloc[40] * 0.999)),
    ("inconsistent_low", lambda bars: put(bars, 40, "low", bars["close"].iloc[40] * 1.001)),
    ("negative_volume", lambda bars: put(bars, 40, "volume", -5.0)),
    ("zero_volume", lambda bars: put(bars, 40, "volume", 0.0)),
    ("spike", lambda bars: scaled(bars, 40, 100.0)),
    ("spike", lambda bars: scaled(bars, 40, 0.5)),
    ("wick", lambda bars: put(bars, 40, "low", bars["low"].iloc[40] * 0.5)),
    ("wick", lambda bars: put(bars, 40, "high", bars["high"].iloc[40] * 2.0)),
    ("split_like", lambda bars: scaled(bars, slice(40, None), 0.5)),
    ("split_like", lambda bars: scaled(bars, slice(40, None), 1 / 7)),
    ("split_like", lambda bars: scaled(bars, slice(40, None), 2 / 3)),
    ("split_like", lambda bars: scaled(bars, slice(40, None), 10.0)),
    ("unit_jump", lambda bars: scaled(bars, slice(40, None), 100.0)),
    ("unit_jump", lambda bars: scaled(bars, slice(40, None), 0.01)),
    ("jump", lambda bars: scaled(bars, slice(40, None), 1.75)),
])  # fmt: skip
def test_a_planted_defect_is_found_named_and_costs_points(make_bars, rule, plant):
    report = quality_report(plant(make_bars(300)))
    assert rows(report, rule) == [40]
    assert report.finding(rule).timestamps[0] == make_bars(300).index[40]
    assert report.score < 100.0


def test_only_the_planted_defect_is_found_where_nothing_else_follows_from_it(make_bars):
    bars = make_bars(300)
    assert rules(quality_report(put(bars, 40, "volume", 0.0))) == {"zero_volume"}
    assert rules(quality_report(scaled(bars, 40, 100.0))) == {"spike"}
    assert rules(quality_report(scaled(bars, slice(40, None), 0.5))) == {"split_like"}
    assert rules(quality_report(bars.drop(index=bars.index[40]))) == {"gap"}


def test_stale_runs_name_the_rows_that_repeat(make_bars):
    bars = make_bars(300)
    bars.iloc[40:46, :4] = bars.iloc[40, :4].to_numpy()
    assert rows(quality_report(bars), "stale") == [41, 42, 43, 44, 45]
    bars = make_bars(300)
    bars.iloc[40:44, :4] = bars.iloc[40, :4].to_numpy()
    assert quality_report(bars).finding("stale") is None
    assert rows(quality_report(bars, spec=QualitySpec(stale_bars=4)), "stale") == [41, 42, 43]
    bars = make_bars(300)
    bars.iloc[40:50, 3] = 100.0
    assert rows(quality_report(bars), "stale") == list(range(41, 50))


def test_duplicates_are_told_from_contradictions(make_bars):
    bars = make_bars(300)
    other = bars.iloc[[50]] * 1.001
    report = quality_report(pd.concat([bars.iloc[:60], bars.iloc[[10]], other, bars.iloc[60:]]))
    assert rows(report, "duplicate") == [60]
    assert rows(report, "conflicting_duplicate") == [61]
    assert not report.keeps_contract


def test_rows_out_of_order_are_named(make_bars):
    bars = make_bars(300)
    order = [*range(100), 105, *range(100, 105), *range(106, 300)]
    report = quality_report(bars.iloc[order])
    assert rows(report, "out_of_order") == [101, 102, 103, 104, 105]
    assert rules(report) == {"out_of_order"}
    assert "newest first" in quality_report(bars.iloc[::-1]).finding("out_of_order").message


def test_a_missing_bar_of_a_series_that_always_trades_is_a_gap(make_bars):
    bars = make_bars(300)
    report = quality_report(bars.drop(index=bars.index[[40, 100, 101, 102]]))
    assert rows(report, "gap") == [40, 99]
    assert report.finding("gap").extent == 4
    assert "4 bars absent in 2 gaps" in report.finding("gap").message
    alone = quality_report(bars.drop(index=bars.index[40])).finding("gap").message
    assert alone.startswith("1 bar absent in 1 gap, the longest")


def test_weekends_and_holidays_are_no_gaps_but_a_missing_week_is(make_bars):
    bars = make_bars(520, freq="B")
    holidays = bars.index[[20, 95, 96, 180, 300, 411]]
    assert quality_report(bars.drop(index=holidays)).findings == ()
    report = quality_report(bars.drop(index=bars.index[200:205]))
    assert rows(report, "gap") == [200]
    assert report.finding("gap").extent == 5
    strict = quality_report(bars.drop(index=bars.index[200]), spec=QualitySpec(holiday_days=0))
    assert rows(strict, "gap") == [200]


def test_nights_are_no_gaps_but_a_hole_inside_a_session_and_a_short_session_are(make_bars):
    bars = sessions(make_bars)
    hole = bars.drop(index=bars.index[[71, 72]])
    assert rows(quality_report(hole), "gap") == [71]
    assert quality_report(hole).finding("gap").extent == 2
    half_day = bars.drop(index=bars.index[[74, 75, 76]])  # 4 of 7 bars, as before a holiday
    assert quality_report(half_day).findings == ()
    short = bars.drop(index=bars.index[72:77])
    assert rows(quality_report(short), "gap") == [72]


def test_a_lunch_break_is_part_of_the_timetable(make_bars):
    bars = sessions(make_bars)
    lunch = bars[bars.index.hour != 17]
    assert quality_report(lunch).findings == ()


def test_sessions_that_shift_with_summer_time_have_no_gaps(make_bars):
    days = pd.bdate_range("2024-01-01", periods=250)
    local = pd.DatetimeIndex([day + pd.Timedelta(hours=9 + hour) for day in days for hour in range(7)])
    for zone in ("America/New_York", "Australia/Sydney", "Europe/London"):
        index = local.tz_localize(zone).tz_convert("UTC").as_unit("ns").rename("timestamp")
        assert quality_report(make_bars(len(index)).set_index(index)).finding("gap") is None, zone
        midnights = days.tz_localize(zone).tz_convert("UTC").as_unit("ns").rename("timestamp")
        assert quality_report(make_bars(len(days)).set_index(midnights)).finding("gap") is None, zone


def test_a_market_open_five_days_round_the_clock_has_gaps_only_where_bars_are_absent(make_bars):
    bars = make_bars(24 * 70, start="2024-01-01")
    week = bars[(bars.index.day_of_week < 5) & ~((bars.index.day_of_week == 4) & (bars.index.hour >= 22))]
    assert quality_report(week).findings == ()
    across_midnight = week.drop(index=pd.to_datetime(["2024-01-16 23:00", "2024-01-17 00:00"], utc=True))
    assert quality_report(across_midnight).finding("gap").extent == 2


def test_missing_columns_and_unreadable_cells_do_not_stop_the_judgement(make_bars):
    frame = make_bars(100).reset_index().drop(columns="volume").astype({"close": object})
    frame.loc[7, "close"] = "n/a"
    frame["timestamp"] = frame["timestamp"].astype(str).where(frame.index != 9, "soon")
    report = quality_report(frame)
    assert {"missing_column", "not_finite", "no_time"} <= rules(report)
    assert rows(report, "not_finite") == [7]
    assert rows(report, "no_time") == [9]


def test_naive_times_are_reported_unless_a_zone_is_given(make_bars):
    frame = make_bars(100).reset_index()
    frame["timestamp"] = frame["timestamp"].dt.tz_localize(None)
    assert rules(quality_report(frame)) == {"naive_times"}
    assert rules(quality_report(frame, zone="UTC")) == set()


def test_what_cannot_be_judged_is_said_and_not_scored(make_bars):
    report = quality_report(make_bars(2))
    assert {rule for rule, _ in report.skipped} == {"gap", "spike"}
    assert "not judged: gap" in str(report)


def test_a_split_declared_but_not_applied_is_an_error_at_its_row(make_bars):
    bars = scaled(make_bars(120, freq="B"), slice(60, None), 0.25)
    declared = np.zeros(120)
    declared[60] = 4.0
    report = quality_report(bars.assign(**{"Stock Splits": declared}))
    assert rows(report, "declared_split") == [60]
    assert report.finding("split_like") is None
    adjusted = make_bars(120, freq="B").assign(**{"Stock Splits": declared})
    assert quality_report(adjusted).findings == ()


def test_a_special_dividend_explains_its_step_and_a_wrong_one_is_found(make_bars):
    bars = scaled(make_bars(120, freq="B"), slice(60, None), 0.6)
    paid = np.zeros(120)
    paid[60] = bars["close"].iloc[59] * 0.4
    factor = np.where(np.arange(120) < 60, 0.6, 1.0)
    table = bars.assign(Dividends=paid, **{"Adj Close": bars["close"] * factor})
    assert quality_report(table).findings == ()
    assert "jump" in rules(quality_report(bars))
    wrong = quality_report(table.assign(Dividends=paid * 2.0))
    assert rows(wrong, "dividend") == [60]


def test_a_quiet_random_walk_gives_no_alarm_and_fat_tails_give_few():
    rng = np.random.default_rng(11)
    alarms = 0
    for seed in range(20):
        returns = np.random.default_rng(seed).standard_t(3, 1000) * 0.01
        close = 100.0 * np.exp(np.cumsum(returns))
        opened = np.concatenate(([100.0], close[:-1])) * np.exp(rng.normal(0.0, 0.002, 1000))
        frame = pd.DataFrame({
            "open": opened, "high": np.maximum(opened, close) * 1.002, "low": np.minimum(opened, close) * 0.998,
            "close": close, "volume": 1.0,
        }, index=pd.date_range("2024-01-01", periods=1000, freq="h", tz="UTC"))  # fmt: skip
        alarms += sum(finding.count for finding in quality_report(frame).findings)
    assert alarms <= 2  # of 20,000 bars


@given(
    st.lists(st.tuples(st.sampled_from(["error", "warning", "info"]), st.integers(1, 100)), max_size=6),
    st.sampled_from(["error", "warning", "info"]),
    st.integers(1, 100),
    st.integers(1, 50),
)
def test_more_or_larger_findings_never_raise_the_score(found, severity, extent, more):
    def finding(kind, size):
        return Finding(rule="r", severity=kind, message="", positions=(), times_ns=(), extent=size)

    base = tuple(finding(kind, size) for kind, size in found)
    score = score_of(base, 100)
    one = score_of((*base, finding(severity, extent)), 100)
    larger = score_of((*base, finding(severity, extent + more)), 100)
    assert 0.0 <= larger <= one <= score <= 100.0


def test_the_score_follows_its_formula():
    one = Finding(rule="r", severity="error", message="", positions=(3,), times_ns=(0,), extent=1)
    assert score_of((one,), 400) == pytest.approx(100.0 * (1.0 - 0.5 * (0.2 + 0.8 * 0.05)))
    assert score_of((), 400) == 100.0


def test_a_report_that_keeps_the_contract_means_that_the_bars_validate(make_bars):
    bars = make_bars(100)
    plants = [bars, put(bars, 4, "volume", 0.0), scaled(bars, 4, 100.0), bars.drop(index=bars.index[4])]
    plants += [put(bars, 4, "low", np.nan), bars.iloc[::-1], put(bars, 4, "high", 1.0), bars.drop(columns="open")]
    for table in plants:
        if quality_report(table).keeps_contract:
            validate_bars(table)
        else:
            with pytest.raises(InvalidBars):
                validate_bars(table)
    assert "gap" not in CONTRACT_RULES


def test_reports_are_plain_data_text_and_frame(make_bars):
    report = quality_report(scaled(make_bars(100), 40, 100.0), symbol="AAPL")
    assert report.to_dict()["findings"][0]["rows"] == [40]
    assert report.to_dict()["findings"][0]["timestamps"] == ["2024-01-02T16:00:00Z"]
    assert report.to_frame()["rule"].tolist() == ["spike"]
    assert "AAPL: score" in str(report)
    assert "row 40 (2024-01-02T16:00:00Z)" in str(report)


def test_several_symbols_are_judged_apart_with_rows_of_the_whole_table(make_bars):
    parts = [make_bars(100).assign(symbol="B"), scaled(make_bars(100), 40, 100.0).assign(symbol="A")]
    table = pd.concat(parts).reset_index()
    reports = quality_by_symbol(table)
    assert list(reports) == ["A", "B"]
    assert reports["B"].score == 100.0
    assert rows(reports["A"], "spike") == [140]
    assert "row 140" in reports["A"].finding("spike").message
    with pytest.raises(InvalidBars, match="quality_by_symbol"):
        quality_report(table)
    with pytest.raises(InvalidBars, match="symbol column"):
        quality_by_symbol(make_bars())


def test_what_is_no_table_is_refused(make_bars):
    for thing in (make_bars(0), 5, make_bars().reset_index(drop=True)):
        with pytest.raises(InvalidBars):
            quality_report(thing)
    with pytest.raises(InvalidInput):
        quality_report(make_bars(), timeframe="1M")


BAD_ROWS = {
    "4063-T-1d-bad-div.csv.gz": [302],
    "4063-T-1d-bad-stock-split.csv": [12],  # rows 13 to 21 are five times too high: the first sound row after them
    "AET-L-1d-100x-error.csv": [18, 9],  # both changes between pence and pounds
    "ALPHA-PA-1d-bad-stock-split.csv": [11],
    "ASAI-L-1h-bad-unit.csv": [11],
    "AV-L-1wk-bad-stock-split.csv": [22],
    "DEX-AX-1d-bad-stock-split.csv": [7],  # rows 8 to 22 are too low: the first sound row after them
    "LA-V-1d-bad-stock-split.csv": [24],
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_known_bad_files_have_their_bad_rows_named_and_score_below_their_repaired_versions(data_folder, name):
    folder = data_folder / "quality"
    bad = quality_report(read_table(folder / name))
    fixed = quality_report(read_table(folder / name.replace(".csv", "-fixed.csv")))
    steps = ("spike", "wick", "split_like", "unit_jump", "jump", "declared_split", "dividend")
    named = {(rule, row) for rule in steps for row in rows(bad, rule)}
    known = {(rule, row) for rule in steps for row in rows(fixed, rule)}
    assert [row for _, row in sorted(named - known, reverse=True)] == BAD_ROWS[name]
    assert bad.score < fixed.score


def test_the_known_facts_about_500_shares_are_found(data_folder):
    table = read_table(data_folder / "equities_daily" / "sp500_2013_2018.parquet")
    reports = quality_by_symbol(table)
    assert len(reports) == 159

    def named(*wanted):
        return {row for report in reports.values() for rule in wanted for row in rows(report, rule)}

    assert len(named("not_finite")) == 7
    assert set(table["symbol"].iloc[sorted(named("not_finite"))]) == {"DHR", "O", "FTV", "REGN", "UA"}
    assert len(named("zero_volume")) == 4
    assert len(named("inconsistent_high", "inconsistent_low")) == 6
    for symbol, day in (("BAX", "2015-07-01"), ("NI", "2015-07-02"), ("DISCK", "2014-08-07")):
        found = [reports[symbol].finding(rule) for rule in ("jump", "split_like")]
        days = [moment for finding in found if finding for moment in finding.timestamps]
        assert pd.Timestamp(day, tz="UTC") in days, symbol


def test_the_hole_in_qqq_and_the_raw_splits_of_aapl_are_found(data_folder):
    table = read_table(data_folder / "equities_daily" / "us_long_raw_1998_2021.parquet")
    reports = quality_by_symbol(table)
    hole = reports["QQQ"].finding("gap")
    assert hole.severity == "error"
    assert "2004-11-30" in hole.message
    assert "2011-03-2" in hole.message
    splits = reports["AAPL"].finding("split_like").timestamps.strftime("%Y-%m-%d").tolist()
    assert splits == ["2000-06-21", "2005-02-28", "2014-06-09", "2020-08-31"]
    assert rules(reports["SPY"]) == {"gap"}  # the four trading days after 2001-09-10
    assert reports["SPY"].finding("gap").extent == 4
    assert reports["SPY"].score > reports["AAPL"].score > reports["QQQ"].score


def test_a_gapless_minute_series_has_no_gaps(data_folder):
    report = quality_report(read_table(data_folder / "intraday" / "btc_perp_1m_2022-01.parquet"))
    assert report.timeframe == "1m"
    assert report.finding("gap") is None
