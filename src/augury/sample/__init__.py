"""The bundled sample: real daily bars of five tickers, the S&P 500 and dated headlines, ready without a download."""

from __future__ import annotations

from augury.sample.bundle import Sample, load_sample
from augury.sample.provenance import MARKET_TICKER, PROVENANCE, SECTORS, SPLITS, Split

__all__ = ["MARKET_TICKER", "PROVENANCE", "SECTORS", "SPLITS", "Sample", "Split", "load_sample"]
