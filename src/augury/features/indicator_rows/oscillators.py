"""Oscillators between two bounds, each with its flat rule."""

from __future__ import annotations

from augury.features.feature import Output
from augury.features.flat_rules import FLAT_RULES
from augury.features.indicator_rows.forms import CLOSE, HLC, HLCV, PERCENT, one_output, period
from augury.features.indicator_table import Indicator, Parameter

__all__ = ["OSCILLATORS"]

OSCILLATORS: tuple[Indicator, ...] = (
    Indicator(
        name="stoch",
        function="STOCH",
        meaning="slow stochastic oscillator: where the close lies in the recent range, smoothed",
        inputs=HLC,
        outputs=(
            Output(name="k", meaning="position in the range, averaged, percent", bounds=PERCENT),
            Output(name="d", meaning="average of k, percent", bounds=PERCENT),
        ),
        parameters=(
            Parameter(name="fastk_period", default=14),
            Parameter(name="slowk_period", default=3, at_least=1),
            Parameter(name="slowd_period", default=3, at_least=1),
        ),
        flat=FLAT_RULES["stoch"],
    ),
    Indicator(
        name="stochrsi",
        function="STOCHRSI",
        meaning="stochastic oscillator of the RSI",
        inputs=CLOSE,
        outputs=(
            Output(name="k", meaning="position of the RSI in its recent range, percent", bounds=PERCENT),
            Output(name="d", meaning="average of k, percent", bounds=PERCENT),
        ),
        parameters=(
            *period(14),
            Parameter(name="fastk_period", default=14),
            Parameter(name="fastd_period", default=3, at_least=1),
        ),
        flat=FLAT_RULES["stochrsi"],
    ),
    Indicator(
        name="willr",
        function="WILLR",
        meaning="Williams' %R: where the close lies in the recent range",
        inputs=HLC,
        outputs=one_output("-100 at the low, 0 at the high", (-100.0, 0.0)),
        parameters=period(14),
        exact_window=True,
        flat=FLAT_RULES["willr"],
    ),
    Indicator(
        name="ultosc",
        function="ULTOSC",
        meaning="Williams' ultimate oscillator over three periods",
        inputs=HLC,
        outputs=one_output("buying pressure, percent", PERCENT),
        parameters=tuple(
            Parameter(name=f"timeperiod{i}", default=p, at_least=1) for i, p in ((1, 7), (2, 14), (3, 28))
        ),
        exact_window=True,
        flat=FLAT_RULES["ultosc"],
    ),
    Indicator(
        name="mfi",
        function="MFI",
        meaning="money flow index: share of the money flow on rising typical prices",
        inputs=HLCV,
        outputs=one_output("share of upward money flow, percent", PERCENT),
        parameters=period(14),
        flat=FLAT_RULES["mfi"],
    ),
)
