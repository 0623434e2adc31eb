"""Where bars come from: files, the store and data vendors behind one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.market.sources.alpaca_source import AlpacaSource
    from augury.market.sources.ccxt_source import CcxtSource
    from augury.market.sources.file_source import FileSource
    from augury.market.sources.protocol import Source
    from augury.market.sources.registry import SOURCE_NAMES, source
    from augury.market.sources.retry import RetrySpec
    from augury.market.sources.store_source import StoreSource
    from augury.market.sources.yfinance_source import YFinanceSource

_HOMES = {
    "AlpacaSource": "alpaca_source",
    "CcxtSource": "ccxt_source",
    "FileSource": "file_source",
    "RetrySpec": "retry",
    "SOURCE_NAMES": "registry",
    "Source": "protocol",
    "StoreSource": "store_source",
    "YFinanceSource": "yfinance_source",
    "source": "registry",
}

__all__ = [
    "SOURCE_NAMES",
    "AlpacaSource",
    "CcxtSource",
    "FileSource",
    "RetrySpec",
    "Source",
    "StoreSource",
    "YFinanceSource",
    "source",
]

__getattr__, __dir__ = lazy_exports(
    "augury.market.sources", {name: f"augury.market.sources.{home}" for name, home in _HOMES.items()}
)
