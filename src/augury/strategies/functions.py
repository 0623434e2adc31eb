"""Strategies from what a program holds: functions, arrays, series, compiled functions."""

from __future__ import annotations

import hashlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from augury import strategies
from augury.errors import InvalidInput
from augury.strategies.answers import checked_answer
from augury.strategies.failures import failure_of
from augury.strategies.signatures import Bounds, parameters_of
from augury.strategies.strategy import PlainForm, Strategy

__all__ = ["StrategyLike", "strategy_from_array", "strategy_from_function"]

StrategyLike: TypeAlias = (
    "Strategy | str | Path | Callable[..., Any] | np.ndarray[Any, Any] | pd.Series[Any] | list[float]"
)


def strategy_from_function(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    bounds: Bounds | None = None,
    rule: Callable[..., str | None] | None = None,
    summary: str = "",
) -> Strategy:
    """A strategy out of `positions(bars, fast=10, slow=30)`, whose parameters are read from its signature.

    A function compiled by Numba must have the form that `compiled_strategy` takes. `rule` gets the parameters by
    keyword and says what is wrong with them, or None. Raises InvalidInput for another signature.

    >>> strategy_from_function(lambda bars, days=5: (bars["close"].diff(days) > 0).astype(float)).names
    ('days',)
    """
    _require_bounds(bounds)
    if hasattr(function, "py_func"):
        compiled: Strategy = strategies.compiled_strategy(function, bounds=bounds, name=name)
        return compiled
    parameters = parameters_of(function, bounds)
    text = summary or (inspect.getdoc(function) or "").split("\n\n")[0]
    label = name or str(getattr(function, "__name__", type(function).__name__))
    return Strategy(
        name=label,
        summary=text or f"{label}(bars)",
        parameters=parameters,
        form=PlainForm(
            function=function,
            source=_source(function),
            integers=tuple(parameter.name for parameter in parameters if parameter.integer),
        ),
        rule=None if rule is None else _by_keyword(rule, parameters),
    )


def strategy_from_array(positions: Any, *, name: str = "positions") -> Strategy:
    """A strategy that holds given target positions, one for each bar of the series it is run on, in their order.

    A series must carry the index of those bars. Running it on other bars raises InvalidInput.
    """
    kept: Any
    if isinstance(positions, pd.Series | pd.DataFrame):
        kept = positions.copy()
        content = np.ascontiguousarray(pd.util.hash_pandas_object(kept).to_numpy()).tobytes()
    else:
        if np.ma.isMaskedArray(positions):
            checked_answer(positions, pd.RangeIndex(len(positions)))
        kept = np.array(positions)
        if kept.ndim != 1:
            raise InvalidInput(f"expected one target position a bar, got an array of shape {kept.shape}")
        checked_answer(kept, pd.RangeIndex(kept.shape[0]))
        content = np.ascontiguousarray(kept, dtype=np.float64).tobytes()

    def given(bars: pd.DataFrame) -> Any:  # noqa: ARG001
        return kept

    return Strategy(
        name=name,
        summary=f"{len(kept)} given target positions.",
        parameters=(),
        form=PlainForm(function=given, source=f"positions {hashlib.sha256(content).hexdigest()}", fixed=True),
    )


def _require_bounds(bounds: Any) -> None:
    if bounds is not None and not isinstance(bounds, Mapping):
        raise InvalidInput(f'bounds should be a mapping such as {{"fast": (2, 100)}}, got {type(bounds).__name__}')


def _source(function: Callable[..., Any]) -> str:
    """The function's text, or what stands for it where no file holds it; constants that it closes over belong to it."""
    target = inspect.unwrap(function)
    closed = [repr(cell.cell_contents)[:1000] for cell in getattr(target, "__closure__", None) or ()]
    try:
        text = textwrap.dedent(inspect.getsource(target))
    except (OSError, TypeError):
        code = getattr(target, "__code__", None)
        text = repr(target) if code is None else f"{code.co_code.hex()} {code.co_consts!r} {code.co_names!r}"
    return "\n".join([text, *closed])


def _by_keyword(rule: Callable[..., Any], parameters: tuple[Any, ...]) -> Callable[[Mapping[str, float]], str | None]:
    whole = {parameter.name for parameter in parameters if parameter.integer}

    def checked(values: Mapping[str, float]) -> str | None:
        given = {name: int(value) if name in whole else value for name, value in values.items()}
        try:
            wrong = rule(**given)
        except (Exception, SystemExit) as error:
            raise InvalidInput(f"rule failed: {failure_of(error, rule)}") from error
        if wrong is not None and not isinstance(wrong, str):
            raise InvalidInput(f"rule should say in words what is wrong, or return None; got {wrong!r}")
        return wrong

    return checked
