"""Files of bars that are wrong: each ends in one message that says what was expected, what came and what to do."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidBars, NotEnoughData
from augury.market import quality_report, read_bars, validate_bars
from augury.sample import load_sample
from augury.signals import SignalEngine

REFUSED = {
    "empty": (lambda _good: "", ["expected rows", "empty file"]),
    "blank lines": (lambda _good: "\n\n\n", ["expected", "blank lines only"]),
    "header only": (lambda good: good.text(0), ["expected rows", "header and nothing below"]),
    "no header": (lambda good: good.text().split("\n", 1)[1], ["column names in the first line", "got values: 20"]),
    "missing columns": (
        lambda good: good.text().replace("close", "foo").replace("volume", "bar"),
        ["expected columns open, high, low, close, volume", "missing close, volume", "rename or add"],
    ),
    "no time column": (lambda good: good.text().replace("timestamp", "row"), ["expected a time column", "rename"]),
    "two columns for one field": (lambda good: good.text().replace("volume", "Close"), ["one column for close"]),
    "a column twice": (lambda good: good.text().replace("volume", "close"), ["different column names", "close"]),
    "text in a price": (lambda good: good.cell(3, "close", "twelve"), ["'close'", "numbers", "row 3: 'twelve'"]),
    "thousands separators": (lambda good: good.cell(3, "close", '"1,234.5"'), ["row 3: '1,234.5'", "plain numbers"]),
    "decimal commas": (
        lambda good: good.text(9).replace(",", ";").replace(".", ","),
        ["'open'", "numbers", "plain numbers such as 1234.5"],
    ),
    "a very long cell": (lambda good: good.cell(3, "close", "x" * 10**6), ["'close'", "row 3: 'xxx", "..."]),
    "NaN": (lambda good: good.cell(3, "close", "NaN"), ["finite", "row 3 (", "close=nan"]),
    "an empty cell": (lambda good: good.cell(3, "close", ""), ["finite", "row 3 (", "close=nan"]),
    "infinity": (lambda good: good.cell(3, "high", "inf"), ["finite", "high=inf"]),
    "minus infinity": (lambda good: good.cell(3, "low", "-inf"), ["finite", "low=-inf"]),
    "beyond float64": (lambda good: good.cell(3, "high", "1e309"), ["finite", "high=inf"]),
    "400 digits": (lambda good: good.cell(3, "volume", "9" * 400), ["finite", "volume=inf"]),
    "duplicate times": (lambda good: good.order(lambda rows: [*rows[:5], *rows[4:]]), ["increasing", "row 5"]),
    "out of order": (
        lambda good: good.order(lambda rows: [*rows[:3], rows[9], *rows[3:9], *rows[10:]]),
        ["increasing", "row 4", "augury quality|quality_report"],
    ),
    "newest first": (lambda good: good.order(lambda rows: rows[::-1]), ["newest first", "sort them by time"]),
    "negative price": (lambda good: good.cell(3, "low", "-1"), ["above 0", "row 3", "low=-1"]),
    "zero price": (lambda good: good.cell(3, "low", "0"), ["above 0", "low=0"]),
    "high below low": (lambda good: good.cell(3, "high", "1"), ["high is at least low", "row 3", "high=1"]),
    "negative volume": (lambda good: good.cell(3, "volume", "-5"), ["volume is at least 0", "volume=-5"]),
    "mixed zones": (
        lambda good: good.times(lambda at, day: f"{day}T00:00:00{'+00:00' if at % 2 else '-05:00'}"),
        ["times of one zone", "2 UTC offsets (+00:00, -05:00)", "--zone|zone=", "UTC"],
    ),
    "half without a zone": (
        lambda good: good.times(lambda at, day: f"{day}T00:00:00{'Z' if at % 2 else ''}"),
        ["all have a UTC offset or all have none", "row 0"],
    ),
    "naive times": (lambda good: good.times(lambda _at, day: f"{day} 09:30:00"), ["no time zone", "--zone|zone="]),
    "a word for a time": (lambda good: good.times(lambda at, day: "yesterday" if at == 9 else day), ["row 9: 'yest"]),
    "day first": (lambda good: good.times(lambda _at, _day: "31/12/2020"), ["ISO 8601", "month is not guessed"]),
    "a missing time": (lambda good: good.times(lambda at, day: "" if at == 3 else day), ["time in every row", "row 3"]),
    "row numbers as times": (lambda good: good.times(lambda at, _day: str(at)), ["epoch", "0 to 299"]),
    "true for a time": (lambda good: good.times(lambda _at, _day: "True"), ["expected times", "true/false"]),
    "year 1300": (lambda good: good.times(lambda at, _day: str(1300 + at) + "-01-01"), ["1678 to 2260", "1300-01-01"]),
    "year 1677": (lambda good: good.times(lambda at, day: "1677-09-21" if at == 0 else day), ["1678", "row 0: '1677"]),
    "year 2262": (lambda good: good.times(lambda at, day: "2262-04-11" if at == 299 else day), ["2260", "row 299"]),
    "year 9999": (lambda good: good.times(lambda at, day: "9999-12-31" if at == 299 else day), ["2260", "9999-12-31"]),
    "year 10000": (lambda good: good.times(lambda _at, _day: "10000-12-31"), ["ISO 8601", "10000-12-31"]),
    "too many fields": (lambda good: good.cell(3, "close", "1,2"), ["rows and header differ", "line 5"]),
    "an open quotation mark": (lambda good: good.cell(3, "close", '"12'), ["quotation mark", "row 4", "never closed"]),
    "a zero byte": (lambda good: good.cell(3, "close", "1\0"), ["UTF-8 text", "zero byte at offset", "binary"]),
    "a web page": (lambda _good: "<html>\n<body>404</body>\n</html>\n", ["expected columns", "missing open"]),
    "UTF-16": (lambda good: good.text().encode("utf-16"), ["UTF-8", "UTF-16", "iconv"]),
    "UTF-16 without mark": (lambda good: good.text().encode("utf-16-le"), ["UTF-8", "UTF-16", "iconv"]),
    "Latin-1": (
        lambda good: good.text().replace("volume", "volume_négocié").encode("latin-1"),
        ["expected UTF-8", "byte 0xe9 at offset", "iconv"],
    ),
    "a zip archive": (lambda _good: b"PK\x03\x04" + bytes(50), ["UTF-8 text", "zip", "CSV"]),
    "gzip without its ending": (lambda good: gzip.compress(good.text().encode()), ["gzip", "add .gz to its name"]),
    "one million columns": (lambda _good: "a," * 10**6 + "\n" + "1," * 10**6 + "\n", ["10,000 columns", "1,000,001"]),
    "600,000 different columns": (lambda _good: ",".join(f"{at:x}" for at in range(600_000)), ["10,000 columns"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_csv_ends_in_one_message_from_the_library_and_from_the_command(case, good, write, fails):
    make, words = REFUSED[case]
    path = write("AAPL.csv", make(good))
    with pytest.raises(InvalidBars) as caught:
        read_bars(path)
    for message in (str(caught.value), fails(3, "features", path, "-f", "rsi"), fails(3, "signals", path)):
        assert str(path) in message
        for word in words:
            assert any(choice in message for choice in word.split("|") if choice), (word, message)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["AAPL.csv"]


def test_the_command_speaks_of_its_options_and_not_of_python(good, write, fails):
    naive = write("a.csv", good.times(lambda _at, day: f"{day} 09:30:00"))
    assert "pass --zone with" in fails(3, "features", naive)
    swapped = write("b.csv", good.order(lambda rows: [*rows[:5], *rows[4:]]))
    message = fails(3, "features", swapped)
    assert "augury quality" in message
    assert "quality_report" not in message


@pytest.mark.parametrize(
    ("name", "cut", "words"),
    [
        ("a.csv.gz", lambda data: gzip.compress(data["csv"])[:-300], ["gzip data", "cut short", "fetch"]),
        ("a.csv.gz", lambda data: data["csv"], ["gzip data", "damaged"]),
        ("a.parquet", lambda data: data["parquet"][: len(data["parquet"]) // 2], ["Parquet", "cut short", "again"]),
        ("a.parquet", lambda data: data["csv"], ["expected a Parquet file", "text", "name it .csv"]),
        ("a.parquet", lambda _data: b"\0" * 500, ["expected a Parquet file", "binary"]),
        ("a.feather", lambda data: data["parquet"], ["expected a Feather", "damaged"]),
        ("a.csv", lambda data: data["parquet"], ["a Parquet file", "name it .parquet"]),
        ("a.xlsx", lambda data: data["csv"], [".csv", ".parquet", "'.xlsx'"]),
        ("a", lambda data: data["csv"], [".csv", "(none)"]),
    ],
)
def test_files_cut_short_or_under_a_wrong_name_are_told_apart(name, cut, words, good, write, fails, tmp_path):
    load_sample().bars["IBM"].iloc[:50].to_parquet(tmp_path / "whole.parquet")
    data = {"csv": good.text().encode(), "parquet": (tmp_path / "whole.parquet").read_bytes()}
    path = write(name, cut(data))
    for command in ("features", "quality", "signals"):
        message = fails(3, command, path)
        assert all(word in message for word in [str(path), *words]), message


def test_a_parquet_file_with_damaged_bytes_inside_never_gives_another_error(good, write, tmp_path):
    load_sample().bars["IBM"].iloc[:200].to_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(40):
        spoiled = bytearray(content)
        for at in rng.integers(4, len(content), 20):
            spoiled[at] = rng.integers(256)
        try:
            read_bars(write("a.parquet", bytes(spoiled)))
        except InvalidBars:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    "change",
    [
        lambda good: good.text().replace("\n", ",7,note\n").replace("volume,7,note", "volume,trades,note"),
        lambda good: good.text().replace("\n", ",🚀 שלום\n").replace("volume,🚀 שלום", "volume,הערה"),
        lambda good: "\ufeff" + good.text(),
        lambda good: good.text().replace("\n", "\r\n"),
        lambda good: good.text() + "\n\n",
    ],
    ids=["extra columns", "emoji and right-to-left text", "byte order mark", "Windows lines", "blank lines at the end"],
)
def test_what_is_only_unusual_is_read_like_the_plain_file(change, good, write):
    plain = read_bars(write("plain.csv", good.text()))
    pd.testing.assert_frame_equal(read_bars(write("unusual.csv", change(good))), plain, check_exact=True)


@pytest.mark.parametrize("scale", [1e308, 1e-300, 1e-307])
def test_prices_at_the_ends_of_float64_give_numbers_or_unknowns_but_no_failure(scale, good, write, augury):
    bars = "{day},{0:g},{1:g},{2:g},{3:g},1e300"
    rows = [line.split(",") for line in good.lines[1:]]
    text = (
        good.lines[0]
        + "\n"
        + "\n".join(bars.format(*(float(cell) / 1000 * scale for cell in row[1:5]), day=row[0]) for row in rows)
    )
    path = write("AAPL.csv", text)
    for command in ("features", "quality", "signals"):
        result = augury(command, path, "--json")
        assert result.exit_code == 0, result.output
        assert "Infinity" not in result.stdout


def test_what_overflows_is_shown_as_unknown(good, write, augury):
    rows = "\n".join(line.split(",")[0] + ",1e308,1.7e308,1e307,1.2e308,1e300" for line in good.lines[1:])
    path = write("AAPL.csv", good.lines[0] + "\n" + rows)
    result = augury("features", path, "-f", "sma", "-f", "atr", "--json")
    assert result.exit_code == 0
    assert set(json.loads(result.stdout)["rows"][-1].values()) >= {None}
    assert "inf" not in augury("features", path, "-f", "sma").stdout


def test_three_bars_are_too_few_for_a_signal_and_give_unknown_features(good, write, fails, augury):
    path = write("AAPL.csv", good.text(3))
    for options in ([], ["--timeframe", "1D"], ["--last", "3"]):
        message = fails(3, "signals", path, *options)
        assert "at least 128 bars" in message
        assert "AAPL has 3" in message
    with pytest.raises(NotEnoughData, match="128 bars, got 3"):
        SignalEngine().generate_signal("AAPL", read_bars(path))
    result = augury("features", path, "-f", "rsi", "--json")
    assert result.exit_code == 0
    assert result.stdout.count('"rsi_14": null') == 3


def test_a_short_history_beside_a_long_one_is_listed_and_the_long_one_judged(good, write, augury):
    short, long = write("FB.csv", good.text(3)), write("AAPL.csv", good.text())
    result = augury("signals", short, long)
    assert result.exit_code == 1
    assert "FB: a signal needs at least 128 bars, got 3" in " ".join(result.stdout.split())
    assert "AAPL" in result.stdout


def test_one_symbol_from_two_files_is_refused(good, write, tmp_path, fails):
    (tmp_path / "other").mkdir()
    one, two = write("AAPL.csv", good.text()), write("other/AAPL.csv", good.text())
    message = fails(3, "signals", one, two)
    assert "'AAPL' was already read from" in message
    assert "keep one of them" in message


@pytest.mark.parametrize("case", sorted(set(REFUSED) - {"no time column", "row numbers as times"}))
def test_quality_reports_or_refuses_every_bad_file_but_never_calls_it_good(case, good, write, augury):
    path = write("AAPL.csv", REFUSED[case][0](good))
    result = augury("quality", path, "--minimum", "99.5")
    assert result.exit_code in {1, 3} or case in {"mixed zones", "half without a zone"}, result.output


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -1.0])
@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_frames_from_python_are_held_to_the_same_rules(value, column):
    bars = load_sample().bars["IBM"].iloc[:50].copy()
    bars.iloc[7, bars.columns.get_loc(column)] = value
    with pytest.raises(InvalidBars, match="row 7"):
        validate_bars(bars)
    assert quality_report(bars).score < 100


def test_frames_beyond_the_years_that_nanoseconds_hold_are_refused():
    bars = load_sample().bars["IBM"].iloc[-3:]
    for start, unit in (("2262-04-08", "ns"), ("9999-01-01", "s"), ("1677-09-22", "ns"), ("0500-01-01", "us")):
        late = bars.set_axis(pd.date_range(start, periods=3, tz="UTC", unit=unit, name="timestamp"))
        with pytest.raises(InvalidBars, match="1678 to 2260"):
            validate_bars(late)


@pytest.mark.parametrize("nothing", [None, 5, "AAPL.csv", [], {}, object(), pd.DataFrame(), np.zeros((3, 5))])
def test_what_is_not_a_table_of_bars_is_refused_by_name(nothing):
    with pytest.raises(InvalidBars, match="expected"):
        validate_bars(nothing)
