"""Kraken through ccxt: daily candles, and an answer that is not JSON, which ccxt takes for one without candles."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from augury.errors import Unavailable
from augury.market.sources import CcxtSource

pytest.importorskip("ccxt", reason="the extra ccxt is not installed")

DAY = 86_400
START = 1_704_067_200  # 2024-01-01
PAIR = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "aclass_base": "currency",
    "base": "XXBT",
    "aclass_quote": "currency",
    "quote": "ZUSD",
    "lot": "unit",
    "pair_decimals": 1,
    "lot_decimals": 8,
    "cost_decimals": 5,
    "lot_multiplier": 1,
    "leverage_buy": [],
    "leverage_sell": [],
    "fees": [[0, 0.26]],
    "fees_maker": [[0, 0.16]],
    "ordermin": "0.0001",
    "status": "online",
}


@pytest.fixture
def kraken(vendor: Any, sleeper: Any) -> CcxtSource:
    def route(asked: Any) -> tuple[int, Any]:
        if asked.path.endswith("/AssetPairs"):
            return 200, {"error": [], "result": {"XXBTZUSD": PAIR}}
        if asked.path.endswith("/OHLC"):
            rows = [[START + day * DAY, "9.0", "9.5", "8.5", "9.1", "9.0", "7.5", 3] for day in range(5)]
            return 200, {"error": [], "result": {"XXBTZUSD": rows, "last": START}}
        return 200, {"error": [], "result": {}}

    vendor.route = route
    vendor.counts = lambda asked: asked.path.endswith("/OHLC")
    urls = {"api": {"public": vendor.url, "private": vendor.url}}
    return CcxtSource(exchange="kraken", settings={"urls": urls, "rateLimit": 0.1}, sleep=sleeper)


def test_daily_candles_keep_the_exchange_s_days(vendor: Any, kraken: CcxtSource) -> None:
    frame = kraken.fetch("BTC/USD", "1D", "2024-01-02T00:00Z", "2024-01-06T00:00Z", now="2024-01-05T12:00Z")
    assert frame.index.equals(pd.date_range("2024-01-02T00:00Z", periods=3, unit="ns", name="timestamp"))
    assert frame["volume"].tolist() == [7.5] * 3
    assert vendor.asked[0].query["interval"] == "1440"


def test_an_answer_that_is_not_json_is_no_empty_answer(vendor: Any, kraken: CcxtSource) -> None:
    vendor.first = [(200, b"<html>maintenance</html>")] * 9
    with pytest.raises(Unavailable, match="kraken: does not answer in JSON; tried 4 times"):
        kraken.fetch("BTC/USD", "1D", "2024-01-02T00:00Z", "2024-01-06T00:00Z")
