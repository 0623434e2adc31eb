"""Candle patterns."""

from __future__ import annotations

from augury.features.indicator_rows.forms import OHLC, one_output
from augury.features.indicator_table import Indicator

__all__ = ["PATTERNS"]

_BODIES_ONLY = ("engulfing", "morning_star", "evening_star", "harami")


def _pattern(name: str, meaning: str) -> Indicator:
    return Indicator(
        name=f"cdl_{name}",
        function="CDL" + name.replace("_", "").upper(),
        meaning=f"candle pattern: {meaning}; above 0 bullish, below 0 bearish, 0 absent",
        inputs=OHLC,
        outputs=one_output(meaning, bounds=(-200.0, 200.0)),
        reads=("open", "close") if name in _BODIES_ONLY else OHLC,
        exact_window=name == "engulfing",
    )


PATTERNS: tuple[Indicator, ...] = (
    _pattern("engulfing", "a body that engulfs the previous one"),
    _pattern("hammer", "small body, long lower shadow, after a fall"),
    _pattern("shooting_star", "small body, long upper shadow, after a rise"),
    _pattern("doji", "open and close almost equal"),
    _pattern("morning_star", "fall, pause, recovery over three bars"),
    _pattern("evening_star", "rise, pause, fall over three bars"),
    _pattern("harami", "a small body inside the previous one"),
    _pattern("3_white_soldiers", "three long rising bodies"),
    _pattern("3_black_crows", "three long falling bodies"),
)
