"""alpaca-py itself against a local server that speaks Alpaca's market data format."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput, Misconfigured, NotEnoughData, NotFound, Unavailable
from augury.market.sources import AlpacaSource

pytest.importorskip("alpaca.data", reason="the extra alpaca is not installed")

RANGE = ("2024-03-08T00:00Z", "2024-03-14T00:00Z")
DAYS = ["2024-03-08T05:00:00Z", "2024-03-11T04:00:00Z", "2024-03-12T04:00:00Z", "2024-03-13T04:00:00Z"]


def bar(at: str, close: float, **changes: Any) -> dict[str, Any]:
    row = {"t": at, "o": close, "h": close + 1, "l": close - 1, "c": close, "v": 1000, "n": 10, "vw": close}
    return {**row, **changes}


def page(rows: list[dict[str, Any]] | None, token: str | None = None, symbol: str = "AAPL") -> tuple[int, Any]:
    return 200, {"bars": {symbol: rows} if rows else {}, "next_page_token": token}


@pytest.fixture
def alpaca(vendor: Any, sleeper: Any) -> AlpacaSource:
    return AlpacaSource(api_key="key", secret_key="secret", url=vendor.url, sleep=sleeper)


def test_pages_are_followed_and_days_carry_their_session_date(vendor: Any, alpaca: AlpacaSource) -> None:
    vendor.first = [
        page([bar(at, 100.0 + row) for row, at in enumerate(DAYS[:2])], "next=="),
        page([bar(at, 102.0 + row) for row, at in enumerate(DAYS[2:3])], "last=="),
        page([bar(DAYS[3], 103.5)]),
    ]
    frame = alpaca.fetch("AAPL", "1D", *RANGE)
    assert frame.index.strftime("%Y-%m-%dT%H:%M%z").tolist() == [f"{at[:10]}T00:00+0000" for at in DAYS]
    assert frame["close"].tolist() == [100.0, 101.0, 102.0, 103.5]
    assert [asked.query.get("page_token") for asked in vendor.asked] == [None, "next==", "last=="]
    first = vendor.asked[0]
    assert first.path == "/v2/stocks/bars"
    assert (first.query["symbols"], first.query["timeframe"], first.query["adjustment"]) == ("AAPL", "1Day", "all")
    assert (first.headers["apca-api-key-id"], first.headers["apca-api-secret-key"]) == ("key", "secret")


def test_intraday_times_stay_instants_and_options_reach_the_vendor(vendor: Any, sleeper: Any) -> None:
    vendor.first = [page([bar("2024-03-08T14:30:00Z", 9.0), bar("2024-03-08T14:45:00.000000001Z", 9.5)])]
    one = AlpacaSource(api_key="key", secret_key="secret", url=vendor.url, adjustment="raw", feed="iex", sleep=sleeper)
    frame = one.fetch("AAPL", "15m", *RANGE)
    assert frame.index.asi8.tolist() == [1709908200 * 10**9, 1709909100 * 10**9 + 1]
    asked = vendor.asked[0].query
    assert (asked["timeframe"], asked["adjustment"], asked["feed"]) == ("15Min", "raw", "iex")
    assert [pd.Timestamp(asked[name]) for name in ("start", "end")] == [pd.Timestamp(moment) for moment in RANGE]


def test_rows_in_any_order_and_twice_are_put_right_and_blank_ones_are_absent(vendor: Any, alpaca: AlpacaSource) -> None:
    rows = [bar(at, 100.0 + row) for row, at in enumerate(DAYS)]
    blank = bar("2024-03-09T05:00:00Z", 1.0, o=None, h=None, l=None, c=None, v=None)
    vendor.first = [page([rows[2], rows[0], blank, rows[0], rows[3], rows[1]])]
    assert alpaca.fetch("AAPL", "1D", *RANGE)["close"].tolist() == [100.0, 101.0, 102.0, 103.0]
    vendor.first = [page([rows[0], bar(DAYS[0], 55.0)])]
    with pytest.raises(InvalidBars, match="two different ones"):
        alpaca.fetch("AAPL", "1D", *RANGE)
    vendor.first = [page([rows[0], bar(DAYS[1], 55.0, h=50.0)])]
    with pytest.raises(InvalidBars, match=r"alpaca: AAPL: expected that high is at least"):
        alpaca.fetch("AAPL", "1D", *RANGE)


def test_the_forming_bar_is_left_out(vendor: Any, alpaca: AlpacaSource) -> None:
    vendor.route = lambda _: page([bar(at, 100.0) for at in DAYS])
    assert len(alpaca.fetch("AAPL", "1D", *RANGE, now="2024-03-13T20:00Z")) == 3
    with pytest.raises(NotEnoughData, match="that were closed by 2024-03-08T20:00:00Z"):
        alpaca.fetch("AAPL", "1D", *RANGE, now="2024-03-08T20:00Z")


def test_an_unknown_symbol_is_not_found(vendor: Any, alpaca: AlpacaSource) -> None:
    vendor.first = [page(None), (400, {"message": "invalid symbol: AA PL"}), (422, {"message": "end is before start"})]
    with pytest.raises(NotFound, match="no bars of 'ZZZZ'"):
        alpaca.fetch("ZZZZ", "1D", *RANGE)
    with pytest.raises(NotFound, match=r"no symbol 'AA PL': .*invalid symbol"):
        alpaca.fetch("AA PL", "1D", *RANGE)
    with pytest.raises(InvalidInput, match=r"HTTP 422.*end is before start"):
        alpaca.fetch("AAPL", "1D", *RANGE)


def test_a_limit_of_requests_is_waited_out(vendor: Any, alpaca: AlpacaSource, sleeper: Any) -> None:
    vendor.first = [(429, {"message": "too many requests"}), (503, b"busy"), page([bar(DAYS[0], 9.0)])]
    assert len(alpaca.fetch("AAPL", "1D", *RANGE)) == 1
    assert sleeper.waits == [1.0, 3.0]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((500, {"message": "internal"}), r"HTTP 500"),
        ((429, {"message": "slow down"}), r"HTTP 429"),
        ((200, b"{not json"), r"not answer in JSON"),
        ((200, {"surprise": 1}), r"form that was not expected"),
        ((200, {"bars": {"AAPL": [{"t": "yesterday"}]}, "next_page_token": None}), r"form that was not expected"),
        ((200, {"bars": None, "next_page_token": None}), r"form that was not expected"),
    ],
)
def test_a_vendor_that_stays_away_is_unavailable_after_four_tries(
    vendor: Any, alpaca: AlpacaSource, sleeper: Any, answer: Any, told: str
) -> None:
    vendor.route = lambda _: answer
    with pytest.raises(Unavailable, match=f"{told}.*tried 4 times, retry later"):
        alpaca.fetch("AAPL", "1D", *RANGE)
    assert len(vendor.asked) == 4
    assert sleeper.waits == [1.0, 3.0, 9.0]


def test_a_host_that_does_not_listen_is_unavailable(dead_url: str, sleeper: Any) -> None:
    with pytest.raises(Unavailable, match="cannot be reached: ConnectionError"):
        AlpacaSource(api_key="a", secret_key="b", url=dead_url, sleep=sleeper).fetch("AAPL", "1D", *RANGE)


def test_keys_come_from_arguments_or_the_environment_and_have_no_default(
    vendor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Misconfigured, match="set APCA_API_KEY_ID and APCA_API_SECRET_KEY"):
        AlpacaSource(api_key="only").fetch("AAPL", "1D", *RANGE)
    monkeypatch.setenv("APCA_API_KEY_ID", "from")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "outside")
    vendor.first = [(403, {"message": "forbidden."})]
    one = AlpacaSource(url=vendor.url)
    with pytest.raises(Misconfigured, match=r"refuses the credentials or the subscription .HTTP 403.: .*forbidden"):
        one.fetch("AAPL", "1D", *RANGE)
    assert vendor.asked[0].headers["apca-api-secret-key"] == "outside"
    assert "outside" not in repr(AlpacaSource(secret_key="outside"))


def test_options_and_timeframes_that_alpaca_lacks_are_refused(vendor: Any, alpaca: AlpacaSource) -> None:
    with pytest.raises(InvalidInput, match="got 90m; resample finer ones"):
        alpaca.fetch("AAPL", "90m", *RANGE)
    with pytest.raises(InvalidInput, match="'nothing' is not a valid DataFeed"):
        AlpacaSource(api_key="a", secret_key="b", feed="nothing", url=vendor.url).fetch("AAPL", "1D", *RANGE)
    assert vendor.asked == []


def test_weekly_bars_are_asked_for_by_name(vendor: Any, alpaca: AlpacaSource) -> None:
    vendor.first = [page([bar("2024-03-04T05:00:00Z", 9.0)])]
    frame = alpaca.fetch("AAPL", "1W", "2024-03-01T00:00Z", "2024-03-14T00:00Z")
    assert frame.index[0] == pd.Timestamp("2024-03-04T00:00Z")
    assert vendor.asked[0].query["timeframe"] == "1Week"
