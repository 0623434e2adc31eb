"""Dispersion, co-movement of highs and lows, and the Hilbert transform."""

from __future__ import annotations

from augury.features.feature import Output
from augury.features.flat_rules import FLAT_RULES
from augury.features.indicator_rows.forms import CLOSE, HIGH_LOW, on_close, one_output, period
from augury.features.indicator_table import Indicator

__all__ = ["STATISTICS"]

STATISTICS: tuple[Indicator, ...] = (
    on_close("stddev", "population standard deviation of the close", 20, "proportional"),
    Indicator(
        name="beta",
        function="BETA",
        meaning="slope of the changes of the lows on those of the highs",
        inputs=HIGH_LOW,
        outputs=one_output("slope"),
        parameters=period(5, 1),
        flat=FLAT_RULES["beta"],
    ),
    Indicator(
        name="correl",
        function="CORREL",
        meaning="correlation of the highs and the lows",
        inputs=HIGH_LOW,
        outputs=one_output("Pearson correlation"),
        parameters=period(30),
        flat=FLAT_RULES["correl"],
    ),
    Indicator(
        name="ht_trendmode",
        function="HT_TRENDMODE",
        meaning="Ehlers' Hilbert transform: 1 in a trend, 0 in a cycle",
        inputs=CLOSE,
        outputs=(Output(name="", meaning="trend mode", flag=True, bounds=(0.0, 1.0), price_scale="other"),),
    ),
    Indicator(
        name="ht_dcperiod",
        function="HT_DCPERIOD",
        meaning="Ehlers' Hilbert transform: dominant cycle",
        inputs=CLOSE,
        outputs=one_output("bars per cycle", (0.0, None)),
    ),
)
