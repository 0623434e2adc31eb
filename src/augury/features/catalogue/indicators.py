"""The classic indicators, computed by TA-Lib: one row each, and the default set of concrete features made of them.

Conventions are TA-Lib's: EMA seeded with a simple average; Wilder's smoothing in RSI, ATR and ADX; population standard
deviations; MACD whose fast average starts late. Recursive ones are unstable at first: to be within 1e-6 of a longer
history takes 141 bars (RSI 14), 162 (ADX 14), 152 (MACD) or 230 (EMA 50), so keep the stream or feed 300 bars or more.
BETA and CORREL relate the bar's lows to its highs, TA-Lib's own default inputs. MFI is 0 by TA-Lib's rule when the
money flow of the window is below 1 in all.

Flat prices: a window without movement gives 50 (RSI, STOCH, STOCHRSI, MFI, ULTOSC) or -50 (WILLR) where TA-Lib says
0; averages of partly flat windows, and BETA and CORREL of flat series, are NaN.
"""

from __future__ import annotations

from augury.features.feature import Feature
from augury.features.indicator_rows import INDICATORS
from augury.features.registry import make, register
from augury.features.talib_adapter import indicator_definition
from augury.spec import Spec

__all__ = ["DEFAULT_SET", "default_set"]

_ENTRIES = {row.name: register(indicator_definition(row, __name__)) for row in INDICATORS}
_SPEC_TYPES = {entry.spec_type.__name__: entry.spec_type for entry in _ENTRIES.values()}

_PERIODS = {"sma": (10, 20, 50, 200), "ema": (9, 12, 26, 50, 200), "rsi": (7, 14, 21), "roc": (5, 10, 20)}

DEFAULT_SET: tuple[tuple[str, dict[str, int]], ...] = tuple(
    (row.name, {"timeperiod": period} if period else {})
    for row in INDICATORS
    for period in _PERIODS.get(row.name, (0,))
)


def default_set() -> tuple[Feature, ...]:
    """Every indicator with its usual periods: 55 features such as `sma_20`, `rsi_14`, `macd`, `cdl_doji`."""
    return tuple(make(name, **options) for name, options in DEFAULT_SET)


def __getattr__(name: str) -> type[Spec]:
    """The spec types by name (`RsiSpec`), so that specs can be pickled."""
    if name in _SPEC_TYPES:
        return _SPEC_TYPES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
