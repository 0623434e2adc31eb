"""One pass per combination: positions, fills and measures over scratch that stays in the processor's cache."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from augury.backtest.layout import FILL_COLUMNS, STATE
from augury.backtest.plain_kernel import is_plain, run_plain
from augury.metrics.curve_kernels import lane_sum_squares_below, max_drawdown, mean_and_std, returns_of
from augury.numerics.compile import kernel
from augury.strategies.kernel_form import call_positions

@kernel("void(int64, float64[:, ::1], float64[:, ::1], float64[::1], float64[:, ::1], float64[::1], float64[::1], float64[:, ::1])")
def sweep(address: Any, inputs: Any, bars: Any, years: Any, params: Any, settings: Any, initial: Any, out: Any) -> None:
    n = bars.shape[1]
    targets, equity, returns = np.empty(n), np.empty(n), np.empty(n)
    fills = np.empty((n + 6, FILL_COLUMNS))
    state = np.empty(STATE)
    changes = np.empty(n + 1, dtype=np.int64)
    for i in range(params.shape[0]):
        state[:] = initial
        call_positions(address, (inputs, params[i], targets))
        run_plain(bars, years, targets, settings, state, equity, fills, changes)
        out[i, 0] = equity[n - 1] / initial[0] - 1.0
        returns_of(initial[0], equity, returns)
        mean, std = mean_and_std(returns)
        out[i, 1] = mean / std * sqrt(252.0)
        depth, _a, _b = max_drawdown(initial[0], equity)
        out[i, 2] = depth
