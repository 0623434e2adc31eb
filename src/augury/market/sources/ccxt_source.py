"""Bars of crypto exchanges through ccxt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from augury.errors import InvalidInput, Misconfigured, NotFound, Unavailable, nearest
from augury.extras import require
from augury.market.sources.retry import RetrySpec, with_retries
from augury.market.sources.window import Window, bars_within
from augury.market.timeframe import Timeframe
from augury.market.times import Moment

__all__ = ["CcxtSource"]

_MS = 10**6
_BLANK_PAGE_BARS = 100  # no exchange answers for fewer bars at a time


@dataclass(frozen=True, kw_only=True)
class CcxtSource:
    """Public candles of the exchange that ccxt calls `exchange` ("binance", "kraken", ...); symbols like "BTC/USDT".

    `settings` go to the ccxt exchange as they are (apiKey, proxies, urls, options). Pages of `page_bars` are asked for
    from `start` on until `end` is reached; ccxt keeps to the exchange's rate limit. Some exchanges answer only for
    their latest candles (Kraken: 720) whatever `start` says; the first row tells how far back the answer goes.
    """

    exchange: str
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    page_bars: int = 500
    retry: RetrySpec = field(default_factory=RetrySpec)
    sleep: Callable[[float], object] = field(default=time.sleep, repr=False)

    name: ClassVar[str] = "ccxt"

    def fetch(
        self, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, *, now: Moment | None = None
    ) -> pd.DataFrame:
        """See `Source.fetch`; daily candles are those of the exchange, 00:00 UTC with nearly all of them."""
        window = Window.of(symbol, timeframe, start, end, now)
        client = self._client
        unit = str(window.timeframe).replace("D", "d").replace("W", "w")
        if unit not in (client.timeframes or {}):
            offered = ", ".join(client.timeframes or {}) or "none"
            raise InvalidInput(f"{client.id}: has no {window.timeframe} bars, only {offered}; resample finer ones")
        markets = self._ask(client.load_markets)
        if symbol not in markets:
            raise NotFound(f"{client.id}: no symbol {symbol!r}; {nearest(symbol, markets)}")
        rows = self._pages(window, unit)
        values = np.array([row[:6] for row in rows], dtype=np.float64).reshape(-1, 6)
        opened_at = np.array([row[0] for row in rows], dtype=np.int64) * _MS
        return bars_within(str(client.id), window, opened_at, np.ascontiguousarray(values[:, 1:].T))

    def _pages(self, window: Window, unit: str) -> list[list[Any]]:
        step, since, stop = max(window.timeframe.ns // _MS, 1), -(-window.start // _MS), -(-window.end // _MS)
        rows: list[list[Any]] = []
        while since < stop:
            page = self._ask(self._client.fetch_ohlcv, window.symbol, unit, since, self.page_bars)
            page = [row for row in page if row[0] is not None and row[0] >= since]
            rows += page
            since = max(row[0] for row in page) + step if page else since + _BLANK_PAGE_BARS * step
        return rows

    @cached_property
    def _client(self) -> Any:
        ccxt = require("ccxt", extra="ccxt")
        if self.exchange not in ccxt.exchanges:
            raise NotFound(f"ccxt has no exchange {self.exchange!r}; {nearest(self.exchange, ccxt.exchanges)}")
        client = getattr(ccxt, self.exchange)({"enableRateLimit": True, **self.settings})
        client.enableLastJsonResponse = True  # otherwise an answer that is not JSON looks like one without candles
        return client

    def _ask(self, method: Callable[..., Any], *arguments: Any) -> Any:
        return with_retries(lambda: self._once(method, *arguments), self.retry, self.sleep)

    def _once(self, method: Callable[..., Any], *arguments: Any) -> Any:
        ccxt, client = require("ccxt", extra="ccxt"), self._client
        client.last_json_response = {}
        try:
            answer = method(*arguments)
        except ccxt.AuthenticationError as error:
            raise Misconfigured(f"{client.id}: refuses the credentials: {_short(error)}; check settings=") from error
        except ccxt.BadSymbol as error:
            raise NotFound(f"{client.id}: {_short(error)}") from error
        except (ccxt.OperationFailed, ccxt.ExchangeError) as error:
            raise Unavailable(f"{client.id}: does not answer: {type(error).__name__}: {_short(error)}") from error
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise Unavailable(f"{client.id}: answers in a form that ccxt does not understand: {error!r}") from error
        if client.last_json_response is None:
            raise Unavailable(f"{client.id}: does not answer in JSON")
        return answer


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
