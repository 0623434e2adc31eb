"""Bars from Yahoo Finance through yfinance."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from augury.errors import AuguryError, InvalidInput, NotEnoughData, NotFound, Unavailable
from augury.extras import require
from augury.market.sources.retry import RetrySpec, with_retries
from augury.market.sources.window import Window, bars_within, session_dates
from augury.market.timeframe import Timeframe
from augury.market.times import Moment

__all__ = ["YFinanceSource"]

_INTERVALS = {**{name: name for name in ("1m", "2m", "5m", "15m", "30m", "90m", "1h")}, "1D": "1d", "1W": "1wk"}
_DAY_NS = 86_400 * 10**9
_LONGEST_NS = {"1m": 7 * _DAY_NS}  # Yahoo answers for at most so much at a time
_COLUMNS = ["Open", "High", "Low", "Close", "Volume"]
_MISUNDERSTOOD = (KeyError, IndexError, TypeError, ValueError, AttributeError)  # how an odd answer ends in yfinance
_ONE_AT_A_TIME = threading.Lock()  # yfinance keeps its session and its settings in globals


@dataclass(frozen=True, kw_only=True)
class YFinanceSource:
    """Bars of anything that Yahoo lists; symbols in Yahoo's spelling ("AAPL", "^GSPC", "BTC-USD").

    `adjusted` corrects prices for splits and dividends; False for splits only. Daily and weekly bars are labelled by
    the session date of their exchange, 00:00 UTC. yfinance counts a missing volume as 0 and, of two rows of one time,
    keeps the first. `session` is a curl_cffi or requests session, for a proxy; None makes one.
    """

    adjusted: bool = True
    timeout_seconds: float = 30.0
    session: Any = field(default=None, repr=False)
    retry: RetrySpec = field(default_factory=RetrySpec)
    sleep: Callable[[float], object] = field(default=time.sleep, repr=False)

    name: ClassVar[str] = "yfinance"

    def fetch(
        self, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, *, now: Moment | None = None
    ) -> pd.DataFrame:
        """See `Source.fetch`; minute bars are asked for a week at a time, as Yahoo wants it."""
        window = Window.of(symbol, timeframe, start, end, now)
        interval = _INTERVALS.get(str(window.timeframe))
        if interval is None:
            raise InvalidInput(
                f"yfinance: has no {window.timeframe} bars, only {', '.join(_INTERVALS)}; resample finer ones"
            )
        frame = self._pages(window, interval)
        opened_at = pd.DatetimeIndex(frame.index).tz_convert("UTC").as_unit("ns").asi8
        if window.daily:
            opened_at = session_dates(opened_at, str(pd.DatetimeIndex(frame.index).tz))
        matrix = np.ascontiguousarray(frame[_COLUMNS].to_numpy(dtype=np.float64).T)
        return bars_within(self.name, window, opened_at, matrix)

    def _pages(self, window: Window, interval: str) -> pd.DataFrame:
        wider = _DAY_NS if window.daily else 0  # a session date and its midnight differ by hours
        first, stop = window.start - wider, window.end + wider
        span = _LONGEST_NS.get(interval, stop - first)
        pages, nothing = [], NotEnoughData("")
        for since in range(first, stop, span):
            page = functools.partial(self._once, window, interval, since, min(since + span, stop))
            try:
                pages.append(with_retries(page, self.retry, self.sleep))
            except NotEnoughData as error:  # a week of holidays, or before the listing: the others may have bars
                nothing = error
        if not pages:
            raise nothing
        return pd.concat(pages)

    def _once(self, window: Window, interval: str, since: int, until: int) -> pd.DataFrame:
        yfinance = require("yfinance", extra="yfinance")
        exceptions = require("yfinance.exceptions", extra="yfinance")
        with _ONE_AT_A_TIME, _raising(yfinance), _watched(self._session, window) as seen:
            try:
                frame: pd.DataFrame = yfinance.Ticker(window.symbol, session=self._session).history(
                    interval=interval,
                    start=pd.Timestamp(since, unit="ns", tz="UTC"),
                    end=pd.Timestamp(until, unit="ns", tz="UTC"),
                    auto_adjust=self.adjusted,
                    actions=False,
                    keepna=True,
                    timeout=self.timeout_seconds,
                )
            except (exceptions.YFException, OSError, *_MISUNDERSTOOD) as error:
                raise _explained(error, seen["status"], seen["reason"], window) from error
        return frame

    @cached_property
    def _session(self) -> Any:
        if self.session is not None:
            return self.session
        return require("curl_cffi.requests", extra="yfinance").Session(impersonate="chrome")


@contextmanager
def _raising(yfinance: Any) -> Iterator[None]:
    """yfinance raises its errors rather than logging them and returning an empty frame."""
    hidden = yfinance.config.debug.hide_exceptions
    yfinance.config.debug.hide_exceptions = False
    try:
        yield
    finally:
        yfinance.config.debug.hide_exceptions = hidden


@contextmanager
def _watched(session: Any, window: Window) -> Iterator[dict[str, Any]]:
    """What Yahoo said last about prices; failures are raised at once, for yfinance would keep and reuse them."""
    seen: dict[str, Any] = {"status": None, "reason": ""}
    ask = session.request

    def request(method: str, url: str, *arguments: Any, **options: Any) -> Any:
        answer = ask(method, url, *arguments, **options)
        if "/finance/chart/" in url and answer.status_code != 429:
            seen.update(status=answer.status_code, reason=_reason(answer, window))
        return answer

    session.request = request
    try:
        yield seen
    finally:
        del session.request


def _reason(answer: Any, window: Window) -> str:
    """Yahoo's own words about an error; NotFound for HTTP 404, Unavailable for a server error and for no JSON."""
    if answer.status_code >= 500:
        raise Unavailable(f"yfinance: Yahoo does not answer (HTTP {answer.status_code})")
    try:
        error = (answer.json().get("chart") or {}).get("error") or {}
        words = str(error.get("description") or "")
    except (ValueError, AttributeError) as problem:
        if answer.status_code != 404:
            raise Unavailable(f"yfinance: Yahoo does not answer in JSON (HTTP {answer.status_code})") from problem
        words = "HTTP 404"
    if answer.status_code == 404:
        raise NotFound(f"yfinance: no symbol {window.symbol!r}: {words}")
    return words


def _explained(error: Exception, status: int | None, reason: str, window: Window) -> AuguryError:
    """The error for a status and Yahoo's words; yfinance keeps what it was told, so that there may be no status."""
    exceptions, words = require("yfinance.exceptions", extra="yfinance"), reason or str(error)
    if isinstance(error, exceptions.YFRateLimitError):
        return Unavailable("yfinance: Yahoo limits the rate of requests (HTTP 429)")
    if status in (401, 403) or isinstance(error, OSError):
        answer = "cannot be reached" if status is None else f"does not answer (HTTP {status})"
        return Unavailable(f"yfinance: Yahoo {answer}: {type(error).__name__}: {words[:300]}")
    if isinstance(error, exceptions.YFTzMissingError):
        return NotFound(f"yfinance: no symbol {window.symbol!r}: {words}")
    if isinstance(error, exceptions.YFException):
        return NotEnoughData(f"yfinance: has no {window}: {words}; ask for another range")
    return Unavailable(f"yfinance: Yahoo answers in a form that was not expected: {error!r}")
