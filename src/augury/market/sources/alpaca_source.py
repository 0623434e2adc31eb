"""Bars of US stocks and funds from Alpaca's market data service through alpaca-py."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from augury.errors import InvalidInput, Misconfigured, NotFound, Unavailable
from augury.extras import require
from augury.market.sources.retry import RetrySpec, with_retries
from augury.market.sources.window import Window, bars_within, session_dates
from augury.market.timeframe import Timeframe
from augury.market.times import Moment

__all__ = ["AlpacaSource"]

_EXCHANGE_ZONE = "America/New_York"
_UNITS = {"m": ("Minute", 59), "h": ("Hour", 23), "D": ("Day", 1), "W": ("Week", 1)}
_FIELDS = ("o", "h", "l", "c", "v")
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlpacaSource:
    """Stock bars; the keys are arguments or the environment's APCA_API_KEY_ID and APCA_API_SECRET_KEY.

    `adjustment` is for splits and dividends ("raw", "split", "dividend", "all"): "all" keeps returns true across them,
    "raw" are the prices that were traded. `feed` is "iex", "sip", "otc" or None for the account's own. Daily and weekly
    bars are labelled by their New York session date, 00:00 UTC. `url` points to another host, a proxy for instance.
    """

    api_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    adjustment: Literal["raw", "split", "dividend", "all"] = "all"
    feed: str | None = None
    url: str | None = None
    timeout_seconds: float = 30.0
    retry: RetrySpec = field(default_factory=RetrySpec)
    sleep: Callable[[float], object] = field(default=time.sleep, repr=False)

    name: ClassVar[str] = "alpaca"

    def fetch(
        self, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, *, now: Moment | None = None
    ) -> pd.DataFrame:
        """See `Source.fetch`; pages are followed to the last one."""
        window = Window.of(symbol, timeframe, start, end, now)
        client, request = self._client(), self._request(window)
        rows = with_retries(lambda: self._once(client, request, symbol), self.retry, self.sleep)
        opened_at = np.array([row[0] for row in rows], dtype=np.int64)
        if window.daily:
            opened_at = session_dates(opened_at, _EXCHANGE_ZONE)
        matrix = np.array([row[1] for row in rows], dtype=np.float64).reshape(-1, 5).T
        return bars_within(self.name, window, opened_at, np.ascontiguousarray(matrix))

    def _client(self) -> Any:
        key = self.api_key or os.environ.get("APCA_API_KEY_ID")
        secret = self.secret_key or os.environ.get("APCA_API_SECRET_KEY")
        if not key or not secret:
            raise Misconfigured(
                "alpaca: needs a key and a secret; set APCA_API_KEY_ID and APCA_API_SECRET_KEY in the environment, or "
                "pass api_key= and secret_key="
            )
        historical = require("alpaca.data.historical.stock", extra="alpaca")
        client = historical.StockHistoricalDataClient(key, secret, raw_data=True, url_override=self.url)
        # alpaca-py has no argument for these: it sleeps by itself on 429 and waits for an answer without end.
        client._retry = 0
        client._session.request = functools.partial(client._session.request, timeout=self.timeout_seconds)
        return client

    def _request(self, window: Window) -> Any:
        enums = require("alpaca.data.enums", extra="alpaca")
        frames = require("alpaca.data.timeframe", extra="alpaca")
        text = str(window.timeframe)
        count, unit = int(text[:-1]) if text[:-1].isdigit() else 0, text[-1]
        if unit not in _UNITS or not 1 <= count <= _UNITS[unit][1]:
            raise InvalidInput(f"alpaca: has bars of 1m to 59m, 1h to 23h, 1D and 1W, got {text}; resample finer ones")
        wider = _DAY if window.daily else pd.Timedelta(0)  # a session date and its midnight differ by hours
        try:
            return require("alpaca.data.requests", extra="alpaca").StockBarsRequest(
                symbol_or_symbols=window.symbol,
                timeframe=frames.TimeFrame(count, frames.TimeFrameUnit[_UNITS[unit][0]]),
                start=(pd.Timestamp(window.start, unit="ns", tz="UTC") - wider).floor("us").to_pydatetime(),
                end=(pd.Timestamp(window.end, unit="ns", tz="UTC") + wider).ceil("us").to_pydatetime(),
                adjustment=enums.Adjustment(self.adjustment),
                feed=None if self.feed is None else enums.DataFeed(self.feed),
            )
        except ValueError as error:
            raise InvalidInput(f"alpaca: {' '.join(str(error).split())}") from error

    def _once(self, client: Any, request: Any, symbol: str) -> list[tuple[int, list[float]]]:
        requests = require("requests", extra="alpaca")
        exceptions = require("alpaca.common.exceptions", extra="alpaca")
        try:
            answer = client.get_stock_bars(request)
            rows = answer.get(symbol) or []
            times = pd.to_datetime([row["t"] for row in rows], format="ISO8601", utc=True).as_unit("ns").asi8
            values = [[np.nan if row[name] is None else float(row[name]) for name in _FIELDS] for row in rows]
        except exceptions.APIError as error:
            raise _explained(error, symbol) from error
        except (json.JSONDecodeError, requests.exceptions.JSONDecodeError) as error:
            raise Unavailable("alpaca: does not answer in JSON") from error
        except requests.exceptions.RequestException as error:
            raise Unavailable(f"alpaca: cannot be reached: {type(error).__name__}: {str(error)[:300]}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unavailable(f"alpaca: answers in a form that was not expected: {error!r}") from error
        if not rows:
            raise NotFound(f"alpaca: no bars of {symbol!r} in that range: the symbol or the range is unknown there")
        return list(zip(times.tolist(), values, strict=True))


def _explained(error: Any, symbol: str) -> Exception:
    """The error for a status that Alpaca answered with."""
    status, text = error.status_code, " ".join(str(error).split())[:300]
    if status in (401, 403):
        return Misconfigured(f"alpaca: refuses the credentials or the subscription (HTTP {status}): {text}")
    if status in (400, 404, 422):
        if "symbol" in text.lower():
            return NotFound(f"alpaca: no symbol {symbol!r}: {text}")
        return InvalidInput(f"alpaca: refuses the request (HTTP {status}): {text}")
    return Unavailable(f"alpaca: does not answer (HTTP {status}): {text}")
