"""ccxt itself against a local server that speaks Binance's public format."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput, Misconfigured, NotEnoughData, NotFound, Unavailable
from augury.market.sources import CcxtSource

ccxt = pytest.importorskip("ccxt", reason="the extra ccxt is not installed")

HOUR = 3_600_000
START = 1_704_067_200_000  # 2024-01-01
RANGE = ("2024-01-01T00:00Z", "2024-01-02T00:00Z")
PLACES = ("sapi", "sapiV2", "sapiV3", "sapiV4", "dapiPublic", "eapiPublic", "fapiPublic", "public", "private", "v1")


def market(base: str, quote: str) -> dict[str, Any]:
    return {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [],
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }


MARKETS = {"timezone": "UTC", "symbols": [market("BTC", "USDT"), market("ETH", "USDT")]}


def candle(hour: int, close: float | None = None) -> list[Any]:
    price = 100.0 + hour if close is None else close
    texts = [f"{value:.8f}" for value in (price, price + 1, price - 1, price, 5.0)]
    at = START + hour * HOUR
    return [at, *texts, at + HOUR - 1, "500.0", 10, "2.0", "200.0", "0"]


def exchange(candles: list[list[Any]], most: int = 10) -> Any:
    """Binance: candles from startTime on, `most` at a time."""

    def route(asked: Any) -> tuple[int, Any]:
        if asked.path.endswith("/exchangeInfo"):
            return 200, MARKETS
        since = int(asked.query["startTime"])
        limit = min(int(asked.query["limit"]), most)
        return 200, [row for row in candles if row[0] >= since][:limit]

    return route


@pytest.fixture
def crypto(vendor: Any, sleeper: Any) -> CcxtSource:
    vendor.route = exchange([candle(hour) for hour in range(30)])
    vendor.counts = lambda asked: asked.path.endswith("/klines")
    return settled(vendor.url, sleeper)


def settled(url: str, sleeper: Any) -> CcxtSource:
    settings = {
        "urls": {"api": dict.fromkeys(PLACES, url)},
        "options": {"fetchMarkets": {"types": ["spot"]}},
        "rateLimit": 0.1,
        "timeout": 2000,
    }
    return CcxtSource(exchange="binance", settings=settings, page_bars=10, sleep=sleeper)


def test_pages_are_asked_for_until_the_range_is_full(vendor: Any, crypto: CcxtSource) -> None:
    frame = crypto.fetch("BTC/USDT", "1h", *RANGE)
    assert frame.index.equals(pd.date_range(RANGE[0], periods=24, freq="h", unit="ns", name="timestamp"))
    assert frame["close"].tolist() == [100.0 + hour for hour in range(24)]
    assert frame["volume"].tolist() == [5.0] * 24
    assert [(int(asked.query["startTime"]) - START) // HOUR for asked in vendor.asked] == [0, 10, 20]
    assert {(asked.query["symbol"], asked.query["interval"]) for asked in vendor.asked} == {("BTCUSDT", "1h")}


def test_an_empty_stretch_does_not_end_the_search(vendor: Any, crypto: CcxtSource) -> None:
    listed = [candle(hour) for hour in range(150, 170)]

    def windowed(asked: Any) -> tuple[int, Any]:
        if asked.path.endswith("/exchangeInfo"):
            return 200, MARKETS
        since = int(asked.query["startTime"])
        return 200, [row for row in listed if since <= row[0] < since + 100 * HOUR][:10]

    vendor.route = windowed
    frame = crypto.fetch("BTC/USDT", "1h", RANGE[0], "2024-01-31T00:00Z")
    assert len(frame) == 20
    assert frame.index[0] == pd.Timestamp("2024-01-07T06:00Z")


def test_the_forming_candle_is_left_out(crypto: CcxtSource) -> None:
    frame = crypto.fetch("ETH/USDT", "1h", *RANGE, now="2024-01-01T05:59Z")
    assert frame.index[-1] == pd.Timestamp("2024-01-01T04:00Z")


def test_disorder_repeats_and_blank_candles_are_put_right_and_contradictions_refused(
    vendor: Any, crypto: CcxtSource
) -> None:
    blank = [START + 2 * HOUR, None, None, None, None, None, 0, "0", 0, "0", "0", "0"]
    later = [candle(hour) for hour in range(9, 24)]
    vendor.first = [(200, [candle(3), candle(0), blank, candle(1), candle(0)])]
    vendor.route = exchange(later)
    frame = crypto.fetch("BTC/USDT", "1h", *RANGE)
    assert frame.index.hour.tolist() == [0, 1, 3, *range(9, 24)]
    vendor.first = [(200, [candle(0), candle(0, close=55.0)])]
    with pytest.raises(InvalidBars, match="binance: BTC/USDT: expected one bar a time"):
        crypto.fetch("BTC/USDT", "1h", *RANGE)


def test_what_the_exchange_lacks_is_told(vendor: Any, crypto: CcxtSource, sleeper: Any) -> None:
    with pytest.raises(NotFound, match=r"no symbol 'BTC/USDTT'; did you mean 'BTC/USDT'"):
        crypto.fetch("BTC/USDTT", "1h", *RANGE)
    with pytest.raises(InvalidInput, match="has no 7m bars, only 1s, 1m"):
        crypto.fetch("BTC/USDT", "7m", *RANGE)
    with pytest.raises(NotFound, match="no exchange 'binanse'; did you mean 'binance"):
        CcxtSource(exchange="binanse").fetch("BTC/USDT", "1h", *RANGE)
    vendor.route = exchange([])
    with pytest.raises(NotEnoughData, match="binance: has no 1h bars of 'BTC/USDT'"):
        crypto.fetch("BTC/USDT", "1h", *RANGE)
    vendor.first = [(400, {"code": -1121, "msg": "Invalid symbol."})]
    with pytest.raises(NotFound, match="Invalid symbol"):
        crypto.fetch("BTC/USDT", "1h", *RANGE)
    vendor.first = [(401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})]
    with pytest.raises(Misconfigured, match="refuses the credentials"):
        crypto.fetch("BTC/USDT", "1h", *RANGE)
    assert sleeper.waits == []


def test_a_limit_of_requests_is_waited_out_and_no_page_is_lost(vendor: Any, crypto: CcxtSource, sleeper: Any) -> None:
    vendor.first = [(429, {"code": -1003, "msg": "Too many requests."}), (503, b"busy")]
    assert len(crypto.fetch("BTC/USDT", "1h", *RANGE)) == 24
    assert sleeper.waits == [1.0, 3.0]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((500, b"oops"), "binance: does not answer"),
        ((429, {"code": -1003, "msg": "Too many requests."}), "binance: does not answer: "),
        ((200, b"[[1, 2"), "binance: "),
        ((200, b"<html>"), "binance: "),
    ],
)
def test_an_exchange_that_stays_away_is_unavailable_after_four_tries(
    vendor: Any, crypto: CcxtSource, sleeper: Any, answer: Any, told: str
) -> None:
    vendor.first = [answer] * 9
    with pytest.raises(Unavailable, match=f"{told}.*tried 4 times"):
        crypto.fetch("BTC/USDT", "1h", *RANGE)
    assert len(vendor.asked) == 4
    assert len(sleeper.waits) == 3


def test_a_host_that_does_not_listen_is_unavailable(dead_url: str, sleeper: Any) -> None:
    with pytest.raises(Unavailable, match="binance: does not answer: NetworkError"):
        settled(dead_url, sleeper).fetch("BTC/USDT", "1h", *RANGE)
