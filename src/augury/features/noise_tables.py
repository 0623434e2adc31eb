"""What the Hurst and entropy estimators give on noise: look-up in Monte-Carlo tables shipped with the package.

`scripts/make_null_tables.py` makes the tables from independent Gaussian log returns with a fixed seed.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from augury.errors import InvalidInput

__all__ = ["EntropyInput", "HurstMethod", "hurst_noise", "permutation_noise"]

HurstMethod: TypeAlias = Literal["ghe", "dfa", "rs"]
EntropyInput: TypeAlias = Literal["returns", "log_price"]
_Table: TypeAlias = MappingProxyType[tuple[str, ...], dict[int, tuple[float, ...]]]


@cache
def _table(name: str, keys: int) -> _Table:
    """Rows by their first `keys` cells, then by window; '#' lines are comments."""
    text = resources.files("augury.features").joinpath("null_tables", f"{name}.csv").read_text(encoding="ascii")
    rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    next(rows)
    table: dict[tuple[str, ...], dict[int, tuple[float, ...]]] = {}
    for row in rows:
        by_window = table.setdefault(tuple(row[:keys]), {})
        by_window[int(row[keys])] = tuple(float(cell) for cell in row[keys + 1 :])
    return MappingProxyType(table)


def _look_up(name: str, key: tuple[str, ...], window_bars: int) -> tuple[float, ...]:
    """The row of that window, linear in 1 / window between tabulated ones; InvalidInput outside them."""
    table = _table(name, len(key))
    if key not in table:
        known = ", ".join("/".join(entry) for entry in table)
        raise InvalidInput(f"the {name} noise table has no entry {'/'.join(key)!r}; it has {known}")
    by_window = table[key]
    windows = sorted(by_window)
    if not windows[0] <= window_bars <= windows[-1]:
        raise InvalidInput(
            f"window_bars = {window_bars} is outside the noise table of {name} {'/'.join(key)}; choose one between "
            f"{windows[0]} and {windows[-1]}"
        )
    inverse = [1.0 / window for window in reversed(windows)]
    columns = np.array([by_window[window] for window in reversed(windows)]).T
    return tuple(float(np.interp(1.0 / window_bars, inverse, column)) for column in columns)


def hurst_noise(method: HurstMethod, window_bars: int) -> tuple[float, float]:
    """Mean and standard deviation of a Hurst estimate on independent Gaussian log returns.

    `method` is "ghe" (window of log prices), "dfa" or "rs" (window of log returns). Between tabulated windows both
    are linear in 1 / window. Raises InvalidInput outside the table.
    """
    mean, sd = _look_up("hurst", (method,), window_bars)[:2]
    return mean, sd


def permutation_noise(series: EntropyInput, order: int, window_bars: int) -> tuple[float, float, float, float]:
    """Mean, standard deviation, 1 % and 5 % points of the normalised permutation entropy of noise.

    `series` is "returns" (independent values) or "log_price" (their running sum), `window_bars` the number of
    patterns. Between tabulated windows all four are linear in 1 / window. Raises InvalidInput outside the table.
    """
    mean, sd, low, mild = _look_up("permutation_entropy", (series, str(order)), window_bars)[:4]
    return mean, sd, low, mild
