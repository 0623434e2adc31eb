"""The bundled sample: real daily bars of five tickers, the S&P 500 and dated headlines, ready without a download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports
from augury.sample.provenance import MARKET_TICKER, PROVENANCE, SECTORS, SPLITS, Split

if TYPE_CHECKING:
    from augury.sample.bundle import Sample, load_sample

__all__ = ["MARKET_TICKER", "PROVENANCE", "SECTORS", "SPLITS", "Sample", "Split", "load_sample"]

__getattr__, __dir__ = lazy_exports(__name__, {"Sample": "augury.sample.bundle", "load_sample": "augury.sample.bundle"})
