"""Summary figures as tools export them: backtesting.py's and vectorbt's `stats`, as JSON or a CSV of two columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from augury.audit.claim import Reported
from augury.errors import InvalidInput

__all__ = ["is_statistics", "nested_tables", "statistics_of", "tool_of"]

_BACKTESTING = {
    "total_return": "Return [%]", "cagr": "CAGR [%]", "volatility": "Volatility (Ann.) [%]", "sharpe": "Sharpe Ratio",
    "sortino": "Sortino Ratio", "calmar": "Calmar Ratio", "max_drawdown": "Max. Drawdown [%]", "win_rate": "Win "
    "Rate [%]",
    "profit_factor": "Profit Factor", "sqn": "SQN", "trade_count": "# Trades",
}  # fmt: skip
_VECTORBT = {
    "total_return": "Total Return [%]", "sharpe": "Sharpe Ratio", "sortino": "Sortino Ratio", "calmar": "Calmar Ratio",
    "omega": "Omega Ratio", "max_drawdown": "Max Drawdown [%]", "win_rate": "Win Rate [%]",
    "profit_factor": "Profit Factor", "expectancy": "Expectancy", "trade_count": "Total Closed Trades",
}  # fmt: skip
_MARKS = {"backtesting.py": {"Equity Final [$]", "# Trades"}, "vectorbt": {"Start Value", "End Value", "Total Trades"}}


def tool_of(names: Any) -> str | None:
    """backtesting.py or vectorbt by the names of the figures; None for neither."""
    known = {str(name) for name in names}
    return next((tool for tool, marks in _MARKS.items() if marks <= known), None)


def is_statistics(frame: pd.DataFrame) -> bool:
    """Whether a table is a list of figures: a column of their names and one of their values."""
    return frame.shape[1] == 2 and tool_of(frame.iloc[:, 0]) is not None


def statistics_of(figures: Mapping[str, Any]) -> tuple[str, dict[str, Reported], float | None]:
    """Tool, reported figures (percent made fractions, drawdowns at most 0) and the initial cash where it is named.

    What the tool left empty or infinite is left out.
    """
    tool = tool_of(figures)
    if tool is None:
        raise InvalidInput(
            f"expected figures of backtesting.py or vectorbt, got {', '.join(map(str, list(figures)[:8]))}"
        )
    reported = {}
    for ours, theirs in (_BACKTESTING if tool == "backtesting.py" else _VECTORBT).items():
        value = _number(figures.get(theirs))
        if math.isnan(value):
            continue
        if theirs.endswith("[%]"):
            value /= 100.0
        reported[ours] = Reported(label=theirs, value=-abs(value) if ours == "max_drawdown" else value)
    cash = _number(figures.get("Start Value")) if tool == "vectorbt" else math.nan
    return tool, reported, None if math.isnan(cash) else cash


def nested_tables(figures: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Trades and equity that `stats.to_json(default_handler=str)` of backtesting.py keeps inside its JSON."""
    tables = {}
    for name in ("_trades", "_equity_curve"):
        value = figures.get(name)
        if isinstance(value, dict) and value and all(isinstance(row, dict) for row in value.values()):
            frame = pd.DataFrame.from_dict(value, orient="index")
            if name == "_equity_curve":
                frame.index = pd.Index(frame.index.astype("int64"), name="time")
                frame = frame.reset_index()
            tables[name] = frame
    return tables


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if np.isfinite(number) else math.nan
