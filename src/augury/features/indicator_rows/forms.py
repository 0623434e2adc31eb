"""The shapes that most rows of the indicator table share."""

from __future__ import annotations

from augury.features.feature import Output, Scale
from augury.features.indicator_table import Indicator, Parameter

__all__ = ["CLOSE", "HIGH_LOW", "HLC", "HLCV", "OHLC", "PERCENT", "in_price", "on_close", "one_output", "period"]

CLOSE = ("close",)
HIGH_LOW = ("high", "low")
HLC = ("high", "low", "close")
HLCV = ("high", "low", "close", "volume")
OHLC = ("open", "high", "low", "close")
PERCENT = (0.0, 100.0)


def in_price(name: str, meaning: str) -> Output:
    """An output in price units."""
    return Output(name=name, meaning=meaning, price_scale="proportional")


def one_output(
    meaning: str,
    bounds: tuple[float | None, float | None] = (None, None),
    price: Scale = "invariant",
    volume: Scale = "invariant",
) -> tuple[Output, ...]:
    """A single output, whose column is the label alone."""
    return (Output(name="", meaning=meaning, bounds=bounds, price_scale=price, volume_scale=volume),)


def period(default: int, at_least: int = 2) -> tuple[Parameter, ...]:
    """The one option `timeperiod`."""
    return (Parameter(name="timeperiod", default=default, at_least=at_least),)


def on_close(name: str, meaning: str, default: int, price: Scale = "invariant", at_least: int = 2) -> Indicator:
    """A function of the closes with one period and one output."""
    return Indicator(
        name=name,
        function=name.upper(),
        meaning=meaning,
        inputs=CLOSE,
        outputs=one_output(meaning, price=price),
        parameters=period(default, at_least),
        exact_window=name in ("roc", "mom"),
    )
