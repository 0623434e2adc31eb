"""Speed and strength of price movements."""

from __future__ import annotations

from augury.features.flat_rules import FLAT_RULES
from augury.features.indicator_rows.forms import CLOSE, HIGH_LOW, HLC, PERCENT, in_price, on_close, one_output, period
from augury.features.indicator_table import Indicator, Parameter

__all__ = ["MOMENTUM"]

MOMENTUM: tuple[Indicator, ...] = (
    Indicator(
        name="rsi",
        function="RSI",
        meaning="Wilder's relative strength index of the close",
        inputs=CLOSE,
        outputs=one_output("share of upward movement, percent", PERCENT),
        parameters=period(14),
        flat=FLAT_RULES["rsi"],
    ),
    Indicator(
        name="macd",
        function="MACD",
        meaning="moving average convergence divergence of the close",
        inputs=CLOSE,
        outputs=(
            in_price("", "fast minus slow exponential average"),
            in_price("signal", "exponential average of it"),
            in_price("hist", "difference of the two"),
        ),
        parameters=(
            Parameter(name="fastperiod", default=12),
            Parameter(name="slowperiod", default=26),
            Parameter(name="signalperiod", default=9, at_least=1),
        ),
    ),
    on_close("roc", "change of the close over the period, percent", 10, at_least=1),
    on_close("mom", "change of the close over the period", 10, "proportional", at_least=1),
    Indicator(
        name="cci",
        function="CCI",
        meaning="commodity channel index: typical price against its average in mean deviations",
        inputs=HLC,
        outputs=one_output("deviation of the typical price"),
        parameters=period(20),
    ),
    *(
        Indicator(
            name=name,
            function=name.upper(),
            meaning=meaning,
            inputs=HLC,
            outputs=one_output(meaning, PERCENT),
            parameters=period(14, at_least),
        )
        for name, meaning, at_least in (
            ("adx", "Wilder's average directional index: strength of the trend", 2),
            ("plus_di", "Wilder's plus directional indicator", 1),
            ("minus_di", "Wilder's minus directional indicator", 1),
        )
    ),
    Indicator(
        name="aroonosc",
        function="AROONOSC",
        meaning="Aroon oscillator: how recent the high is against how recent the low",
        inputs=HIGH_LOW,
        outputs=one_output("Aroon up minus Aroon down", (-100.0, 100.0)),
        parameters=period(25),
        exact_window=True,
    ),
    Indicator(
        name="ppo",
        function="PPO",
        meaning="percentage price oscillator: fast against slow exponential average, percent",
        inputs=CLOSE,
        outputs=one_output("fast over slow average minus 1, percent"),
        parameters=(Parameter(name="fastperiod", default=12), Parameter(name="slowperiod", default=26)),
        fixed={"matype": 1},
    ),
    on_close("trix", "one-bar change of a triple exponential average, percent", 15, at_least=1),
)
