"""Volume flow and the range of the bars."""

from __future__ import annotations

from augury.features.indicator_rows.forms import HLC, HLCV, one_output, period
from augury.features.indicator_table import Indicator, Parameter

__all__ = ["VOLUME_AND_RANGE"]

VOLUME_AND_RANGE: tuple[Indicator, ...] = (
    Indicator(
        name="obv",
        function="OBV",
        meaning="on-balance volume: volume added on up closes, taken off on down closes",
        inputs=("close", "volume"),
        outputs=one_output("running sum since the first bar", volume="proportional"),
    ),
    Indicator(
        name="ad",
        function="AD",
        meaning="accumulation/distribution: running sum of close location value times volume",
        inputs=HLCV,
        outputs=one_output("running sum since the first bar", volume="proportional"),
    ),
    Indicator(
        name="adosc",
        function="ADOSC",
        meaning="Chaikin oscillator: fast minus slow exponential average of accumulation/distribution",
        inputs=HLCV,
        outputs=one_output("fast minus slow average", volume="proportional"),
        parameters=(Parameter(name="fastperiod", default=3), Parameter(name="slowperiod", default=10)),
    ),
    Indicator(
        name="atr",
        function="ATR",
        meaning="Wilder's average true range",
        inputs=HLC,
        outputs=one_output("in price units", (0.0, None), price="proportional"),
        parameters=period(14, 1),
    ),
    Indicator(
        name="natr",
        function="NATR",
        meaning="average true range in percent of the close",
        inputs=HLC,
        outputs=one_output("percent of the close", (0.0, None)),
        parameters=period(14, 1),
    ),
    Indicator(
        name="trange",
        function="TRANGE",
        meaning="true range: the bar's range extended to the previous close",
        inputs=HLC,
        outputs=one_output("in price units", (0.0, None), price="proportional"),
        exact_window=True,
    ),
)
