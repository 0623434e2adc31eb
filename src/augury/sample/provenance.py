"""What the bundled sample is, where it comes from, and what its raw prices contain."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["MARKET_TICKER", "PROVENANCE", "SECTORS", "SPLITS", "Split"]

MARKET_TICKER = "^GSPC"
"""Ticker of the S&P 500 index: its bars, and the headlines about the market as a whole."""

SECTORS = {
    "AAPL": "Information Technology",
    "FB": "Information Technology",
    "GOOG": "Information Technology",
    "IBM": "Information Technology",
    "MSFT": "Information Technology",
}
"""GICS sector of each ticker as it stood in 2011-2013 (Facebook and Google moved to another one in 2018)."""

PROVENANCE = (
    "Bundled sample: real daily bars of AAPL, FB, GOOG, IBM and MSFT from 2000-03-01 to 2013-03-01 (unadjusted prices; "
    "FB from its listing on 2012-05-18, GOOG from 2004-08-19), taken from the public-domain Quandl WIKI prices in the "
    "bokeh_sampledata package, and the S&P 500 index from the arch package. The headlines of 2011-2013 are about real "
    "events, but their wording and time of day were written for the sample: use them to try Augury out, not "
    "to judge a strategy."
)
"""One paragraph to print wherever the sample is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A stock split inside the raw prices: from session `effective_on` one old share is `ratio` new ones."""

    ticker: str
    effective_on: dt.date
    ratio: float


SPLITS = (
    Split(ticker="AAPL", effective_on=dt.date(2000, 6, 21), ratio=2.0),
    Split(ticker="AAPL", effective_on=dt.date(2005, 2, 28), ratio=2.0),
    Split(ticker="MSFT", effective_on=dt.date(2003, 2, 18), ratio=2.0),
)
"""Every split in the span. Prices are not adjusted for them: the close halves on these days without any loss."""
