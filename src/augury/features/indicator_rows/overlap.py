"""Averages, bands, stops and fitted lines: indicators on the scale of the price."""

from __future__ import annotations

from augury.features.indicator_rows.forms import CLOSE, HIGH_LOW, in_price, on_close, period
from augury.features.indicator_table import Indicator, Parameter

__all__ = ["OVERLAP"]

_LINE_FIT = "least-squares line through the closes"

OVERLAP: tuple[Indicator, ...] = (
    on_close("sma", "simple moving average of the close", 20, "proportional"),
    on_close("ema", "exponential moving average of the close, seeded with a simple one", 20, "proportional"),
    on_close("kama", "Kaufman's adaptive moving average of the close", 30, "proportional"),
    Indicator(
        name="bbands",
        function="BBANDS",
        meaning="Bollinger bands: simple average and population standard deviations around it",
        inputs=CLOSE,
        outputs=(
            in_price("upper", "upper band"),
            in_price("middle", "simple average"),
            in_price("lower", "lower band"),
        ),
        parameters=(
            *period(20),
            Parameter(name="nbdevup", default=2.0, at_least=0.0, at_most=100.0),
            Parameter(name="nbdevdn", default=2.0, at_least=0.0, at_most=100.0),
        ),
    ),
    Indicator(
        name="sar",
        function="SAR",
        meaning="Wilder's parabolic stop and reverse",
        inputs=HIGH_LOW,
        outputs=(in_price("", "stop level"),),
        parameters=(
            Parameter(name="acceleration", default=0.02, at_least=0.0, at_most=10.0),
            Parameter(name="maximum", default=0.2, at_least=0.0, at_most=10.0),
        ),
    ),
    on_close("linearreg_slope", f"slope per bar of the {_LINE_FIT}", 14, "proportional"),
    on_close("linearreg_angle", f"angle in degrees of the {_LINE_FIT} (depends on the price unit)", 14, "other"),
    on_close("tsf", f"next value of the {_LINE_FIT}", 14, "proportional"),
)
