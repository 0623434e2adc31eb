"""The compiled form of a strategy: two signatures, called by address so that no engine is compiled for a strategy."""

from __future__ import annotations

from typing import Any

from numba import types

from augury.numerics.step_call import address_of, caller

__all__ = ["POSITIONS", "PREPARE", "call_positions", "call_prepare", "positions_address", "prepare_address"]

_MATRIX = types.float64[:, ::1]
_VECTOR = types.float64[::1]

POSITIONS = types.void(_MATRIX, _VECTOR, _VECTOR)
"""positions(inputs float64[rows, n], params float64[p], out float64[n]): writes every target, 0 while warming up."""

PREPARE = types.void(_MATRIX, _MATRIX)
"""prepare(bars float64[5, n], inputs float64[rows, n]): what all parameter values share, such as running sums."""

call_positions: Any = caller(POSITIONS)
call_prepare: Any = caller(PREPARE)


def positions_address(function: Any) -> int:
    """Address of a kernel compiled for `POSITIONS`."""
    return address_of(function, POSITIONS)


def prepare_address(function: Any) -> int:
    """Address of a kernel compiled for `PREPARE`; 0 when there is none and the bars are the inputs."""
    return 0 if function is None else address_of(function, PREPARE)
