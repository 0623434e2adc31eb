"""The flat rules of the oscillators: what TA-Lib reads, when that is flat, and the middle of the scale.

Inputs arrive in the order of the indicator's own `inputs`; a rule works on scalars and on arrays alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augury.features.flat_guard import FlatRule

__all__ = ["FLAT_RULES"]

_RSI_NOISE = 1e-9  # RSI of a standing price wobbles in its last bits; STOCHRSI would stretch that to 0..100


def _unmoved(now: Any, before: Any) -> tuple[Any, ...]:
    return (now[0] == before[0],)


def _no_range(now: Any, before: Any) -> tuple[Any, ...]:
    high, low = now[0], now[1]
    return ((high == low) & (high == before[0]) & (low == before[1]),)


def _no_true_range(now: Any, before: Any) -> tuple[Any, ...]:
    return ((now[0] == now[1]) & (now[1] == before[2]),)


def _no_flow(now: Any, before: Any) -> tuple[Any, ...]:
    typical, previous = (now[0] + now[1] + now[2]) / 3.0, (before[0] + before[1] + before[2]) / 3.0
    return ((typical == previous) | (now[3] == 0.0),)


def _rsi_unmoved(now: Any, before: Any) -> tuple[Any, ...]:
    return (abs(now[0] - before[0]) < _RSI_NOISE,)


def _either_unmoved(now: Any, before: Any) -> tuple[Any, ...]:
    return (now[0] == before[0], now[1] == before[1])


FLAT_RULES: Mapping[str, FlatRule] = {
    "rsi": FlatRule(still=_unmoved, still_bars=lambda o: int(o["timeperiod"]), neutral=50.0, only_zero=True),
    "stoch": FlatRule(
        still=_no_range,
        still_bars=lambda o: int(o["fastk_period"]) - 1,
        windows=lambda o: (int(o["slowk_period"]), int(o["slowk_period"]) + int(o["slowd_period"]) - 1),
        neutral=50.0,
    ),
    "stochrsi": FlatRule(
        still=_rsi_unmoved,
        still_bars=lambda o: int(o["fastk_period"]) - 1,
        windows=lambda o: (1, int(o["fastd_period"])),
        neutral=50.0,
        watches="RSI",
    ),
    "willr": FlatRule(still=_no_range, still_bars=lambda o: int(o["timeperiod"]) - 1, neutral=-50.0),
    "ultosc": FlatRule(
        still=_no_true_range,
        still_bars=lambda o: min(int(value) for value in o.values()),
        windows=lambda o: (max(int(value) for value in o.values()) - min(int(value) for value in o.values()) + 1,),
        neutral=50.0,
        mixed=1,
    ),
    "mfi": FlatRule(still=_no_flow, still_bars=lambda o: int(o["timeperiod"]), neutral=50.0),
    "beta": FlatRule(still=_unmoved, still_bars=lambda o: int(o["timeperiod"]), neutral=float("nan")),
    "correl": FlatRule(still=_either_unmoved, still_bars=lambda o: int(o["timeperiod"]) - 1, neutral=float("nan")),
}
