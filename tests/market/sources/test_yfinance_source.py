"""yfinance itself against a local server that speaks Yahoo's chart format, cookie and crumb included."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput, NotEnoughData, NotFound, Unavailable
from augury.market.sources import YFinanceSource

yfinance = pytest.importorskip("yfinance", reason="the extra yfinance is not installed")
curl = pytest.importorskip("curl_cffi.requests", reason="the extra yfinance is not installed")
# yfinance 1.7 still sorts with the inplace keyword that pandas 3.1 deprecates
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in:DeprecationWarning")

RANGE = ("2024-03-07T00:00Z", "2024-03-14T00:00Z")
DAYS = ["2024-03-07T14:30Z", "2024-03-08T14:30Z", "2024-03-11T13:30Z", "2024-03-12T13:30Z", "2024-03-13T13:30Z"]
Row = tuple[str, float | None]


class LocalSession(curl.Session):  # type: ignore[misc, name-defined]
    """The session that yfinance would make, with every address turned to this machine."""

    def __init__(self, url: str) -> None:
        super().__init__(impersonate="chrome")
        self.local = urlsplit(url)

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        parts = urlsplit(url)
        turned = urlunsplit((self.local.scheme, self.local.netloc, parts.path or "/", parts.query, ""))
        return super().request(method, turned, *arguments, **options)


def chart(rows: list[Row], *, zone: str = "America/New_York", interval: str = "1d", **changes: Any) -> tuple[int, Any]:
    """Yahoo's answer: one list a column, null where Yahoo has nothing."""
    times = [int(pd.Timestamp(at).timestamp()) for at, _ in rows]
    closes = [close for _, close in rows]

    def column(shift: float) -> list[float | None]:
        return [None if close is None else close + shift for close in closes]

    quote = {"open": closes, "high": column(1.0), "low": column(-1.0), "close": closes}
    quote["volume"] = [None if close is None else 1000 for close in closes]
    meta = {
        "currency": "USD",
        "symbol": "AAPL",
        "exchangeName": "NMS",
        "fullExchangeName": "NasdaqGS",
        "instrumentType": "EQUITY",
        "firstTradeDate": 345479400,
        "regularMarketTime": 1710360001,
        "gmtoffset": -14400,
        "timezone": "EDT",
        "exchangeTimezoneName": zone,
        "regularMarketPrice": 171.13,
        "priceHint": 2,
        "dataGranularity": interval,
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "max"],
        "currentTradingPeriod": {
            name: {"timezone": "EDT", "start": 1710360000, "end": 1710360001, "gmtoffset": -14400}
            for name in ("pre", "regular", "post")
        },
    }
    if interval != "1d":
        hours = {"timezone": "EDT", "gmtoffset": -14400}
        days = sorted({pd.Timestamp(at).normalize() for at, _ in rows})
        moments = [(int(day.timestamp()) + 13 * 3600, int(day.timestamp()) + 21 * 3600) for day in days]
        meta["tradingPeriods"] = [[{**hours, "start": start, "end": end}] for start, end in moments]
    indicators = {"quote": [{**quote, **changes}], "adjclose": [{"adjclose": [c and c / 2 for c in closes]}]}
    result = {"meta": meta, "timestamp": times, "indicators": indicators}
    return 200, {"chart": {"result": [result], "error": None}}


def refusal(status: int, code: str, words: str) -> tuple[int, Any]:
    return status, {"chart": {"result": None, "error": {"code": code, "description": words}}}


def asks_for_bars(asked: Any) -> bool:
    return "/v8/finance/chart/" in asked.path and asked.query.get("range") != "1d"


@pytest.fixture
def yahoo(vendor: Any) -> Callable[..., None]:
    """A function that says what bars Yahoo has; time zone, cookie and crumb are answered as Yahoo does."""
    zone = ["America/New_York"]

    def has(answer: Callable[[Any], tuple[int, Any]], where: str = "America/New_York") -> None:
        zone[0] = where

        def route(asked: Any) -> tuple[int, Any]:
            if asked.path == "/v1/test/getcrumb":
                return 200, b"crumbs"
            if "/v8/finance/chart/" not in asked.path:
                return 404, b""
            if asked.path.endswith("/ZZZZ"):
                return refusal(404, "Not Found", "No data found, symbol may be delisted")
            return chart([(DAYS[0], 100.0)], zone=zone[0]) if not asks_for_bars(asked) else answer(asked)

        vendor.route = route

    vendor.counts = asks_for_bars
    has(lambda _: chart([(at, 100.0 + row) for row, at in enumerate(DAYS)]))
    return has


@pytest.fixture(autouse=True)
def fresh_yfinance(tmp_path: Path) -> None:
    """Nothing that yfinance remembers of another test."""
    yfinance.set_tz_cache_location(str(tmp_path / "cache"))
    type(yfinance.data.YfData)._instances.clear()
    yfinance.data.YfData.cache_get.cache_clear()


@pytest.fixture
def finance(vendor: Any, yahoo: Any, sleeper: Any) -> YFinanceSource:
    return YFinanceSource(adjusted=False, session=LocalSession(vendor.url), sleep=sleeper)


def test_daily_bars_carry_their_session_date_over_the_change_of_clocks(vendor: Any, finance: YFinanceSource) -> None:
    frame = finance.fetch("AAPL", "1D", *RANGE)
    assert frame.index.strftime("%Y-%m-%dT%H:%M%z").tolist() == [f"{at[:10]}T00:00+0000" for at in DAYS]
    assert frame["close"].tolist() == [100.0, 101.0, 102.0, 103.0, 104.0]
    assert frame["volume"].tolist() == [1000.0] * 5
    (asked,) = vendor.asked
    assert asked.path == "/v8/finance/chart/AAPL"
    assert (asked.query["interval"], asked.query["crumb"]) == ("1d", "crumbs")


def test_adjusted_prices_are_scaled_by_the_adjusted_close(vendor: Any, yahoo: Any, sleeper: Any) -> None:
    frame = YFinanceSource(session=LocalSession(vendor.url), sleep=sleeper).fetch("AAPL", "1D", *RANGE)
    assert frame["close"].tolist() == [50.0, 50.5, 51.0, 51.5, 52.0]
    assert frame["high"].iloc[0] == pytest.approx(50.5)


def test_a_session_is_dated_where_its_exchange_is(yahoo: Any, finance: YFinanceSource) -> None:
    yahoo(lambda _: chart([("2024-03-07T00:00Z", 9.0), ("2024-03-08T00:00Z", 9.5)], zone="Asia/Tokyo"), "Asia/Tokyo")
    frame = finance.fetch("7203.T", "1D", *RANGE)
    assert frame.index.strftime("%m-%dT%H").tolist() == ["03-07T00", "03-08T00"]


def test_minute_bars_are_asked_for_a_week_at_a_time_and_a_week_without_any_is_no_end(
    vendor: Any, yahoo: Any, finance: YFinanceSource
) -> None:
    minutes = [("2024-03-01T15:00Z", 9.0), ("2024-03-01T15:01Z", 9.5), ("2024-03-15T15:00Z", 10.0)]

    def week(asked: Any) -> tuple[int, Any]:
        first, stop = int(asked.query["period1"]), int(asked.query["period2"])
        rows = [row for row in minutes if first <= pd.Timestamp(row[0]).timestamp() < stop]
        return chart(rows, interval="1m") if rows else refusal(400, "Bad Request", "Data doesn't exist for startDate")

    yahoo(week)
    frame = finance.fetch("AAPL", "1m", "2024-03-01T00:00Z", "2024-03-16T00:00Z")
    assert frame["close"].tolist() == [9.0, 9.5, 10.0]
    starts = sorted({int(asked.query["period1"]) for asked in vendor.asked})
    assert [(after - before) // 86_400 for before, after in pairwise(starts)] == [7, 7]
    with pytest.raises(NotEnoughData, match=r"has no 1m bars of 'AAPL'.*Data doesn't exist for startDate"):
        finance.fetch("AAPL", "1m", "2024-05-01T00:00Z", "2024-05-16T00:00Z")


def test_the_forming_bar_is_left_out(finance: YFinanceSource) -> None:
    frame = finance.fetch("AAPL", "1D", *RANGE, now="2024-03-13T20:00Z")
    assert frame.index[-1] == pd.Timestamp("2024-03-12T00:00Z")


def test_null_rows_are_absent_bars_disorder_is_sorted_and_broken_bars_are_refused(
    yahoo: Any, finance: YFinanceSource
) -> None:
    yahoo(lambda _: chart([(DAYS[2], 102.0), (DAYS[0], 100.0), (DAYS[1], None), (DAYS[2], 102.0)]))
    assert finance.fetch("AAPL", "1D", *RANGE)["close"].tolist() == [100.0, 102.0]
    yahoo(lambda _: chart([(DAYS[0], 100.0), (DAYS[1], 101.0)], open=[100.0, None]))
    with pytest.raises(InvalidBars, match=r"yfinance: MSFT: .*finite numbers.*row 1 \(2024-03-08"):
        finance.fetch("MSFT", "1D", *RANGE)
    yahoo(lambda _: chart([(DAYS[0], 100.0)], high=[50.0]))
    with pytest.raises(InvalidBars, match="high is at least"):
        finance.fetch("IBM", "1D", *RANGE)


def test_an_unknown_ticker_is_not_found_however_often_it_is_asked_for(finance: YFinanceSource, sleeper: Any) -> None:
    for _ in range(4):
        with pytest.raises(NotFound, match="yfinance: no symbol 'ZZZZ'"):
            finance.fetch("ZZZZ", "1D", *RANGE)
    assert sleeper.waits == []


def test_timeframes_that_yahoo_lacks_are_refused(vendor: Any, finance: YFinanceSource) -> None:
    with pytest.raises(InvalidInput, match="has no 4h bars, only 1m, 2m"):
        finance.fetch("AAPL", "4h", *RANGE)
    assert vendor.asked == []


def test_a_limit_of_requests_is_waited_out(vendor: Any, finance: YFinanceSource, sleeper: Any) -> None:
    vendor.first = [(429, b"Too Many Requests"), (429, b"Too Many Requests")]  # yfinance itself asks twice at once
    assert len(finance.fetch("AAPL", "1D", *RANGE)) == 5
    assert sleeper.waits == [1.0]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((500, b"oops"), "does not answer .HTTP 500"),
        (refusal(500, "Internal", "No data found, symbol may be delisted"), "does not answer .HTTP 500"),
        ((429, b"Too Many Requests"), "limits the rate of requests .HTTP 429"),
        ((200, b"{not json"), "does not answer in JSON"),
        ((200, b"Will be right back"), "does not answer in JSON"),
        (
            (200, {"chart": {"result": [{"meta": {}, "indicators": {"quote": [{"a": 1}]}}]}}),
            "does not answer|form that",
        ),
    ],
)
def test_a_vendor_that_stays_away_is_unavailable_after_four_tries(
    vendor: Any, finance: YFinanceSource, sleeper: Any, answer: Any, told: str
) -> None:
    vendor.first = [answer] * 20
    with pytest.raises(Unavailable, match=f"({told}).*tried 4 times"):
        finance.fetch("AAPL", "1D", *RANGE)
    assert sleeper.waits == [1.0, 3.0, 9.0]


def test_a_failure_is_not_remembered_as_an_answer(vendor: Any, finance: YFinanceSource) -> None:
    vendor.first = [(500, b"oops"), (200, b"{not json")]
    assert len(finance.fetch("AAPL", "1D", *RANGE)) == 5


def test_a_host_that_does_not_listen_is_unavailable(dead_url: str, sleeper: Any) -> None:
    with pytest.raises(Unavailable, match=r"cannot be reached: .*tried 4 times"):
        YFinanceSource(session=LocalSession(dead_url), sleep=sleeper).fetch("AAPL", "1D", *RANGE)


def test_yfinance_keeps_its_own_settings(finance: YFinanceSource) -> None:
    assert yfinance.config.debug.hide_exceptions is True
    finance.fetch("AAPL", "1D", *RANGE)
    assert yfinance.config.debug.hide_exceptions is True
