"""The strategy suite: every rule of the Strategy contract as a named check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from augury.strategies.accepting import as_strategy
from augury.strategies.functions import StrategyLike
from augury.testing.contract import Check, CheckOutcome, run_checks
from augury.testing.strategy_rules import (
    answers_are_repeated,
    bars_are_left_alone,
    every_target_is_written,
    parameters_are_described,
    parameters_work_at_their_bounds,
    positions_are_causal,
    positions_ignore_the_scale_of_prices,
    positions_keep_their_form,
    short_series_are_handled,
    survives_awkward_bars,
    warm_up_is_flat,
)
from augury.testing.strategy_trial import StrategySuiteSpec, StrategyTrial

__all__ = ["run_strategy_suite", "strategy_suite"]

_RULES: dict[str, Callable[[StrategyTrial], None]] = {
    "parameters_are_described": parameters_are_described,
    "positions_keep_their_form": positions_keep_their_form,
    "warm_up_is_flat": warm_up_is_flat,
    "positions_are_causal": positions_are_causal,
    "answers_are_repeated": answers_are_repeated,
    "bars_are_left_alone": bars_are_left_alone,
    "every_target_is_written": every_target_is_written,
    "positions_ignore_the_scale_of_prices": positions_ignore_the_scale_of_prices,
    "short_series_are_handled": short_series_are_handled,
    "parameters_work_at_their_bounds": parameters_work_at_their_bounds,
    "survives_awkward_bars": survives_awkward_bars,
}


def strategy_suite(
    strategy: StrategyLike, bars: pd.DataFrame | None = None, spec: StrategySuiteSpec | None = None, **parameters: Any
) -> list[Check]:
    """Every rule of the Strategy contract about one strategy, as named checks.

    `strategy` is anything that `as_strategy` takes, `parameters` those that differ from its defaults, `bars` the series
    to run on (a lively one is made where there is none). Checks share their work, done when the first of them runs.

    >>> [check.name for check in strategy_suite("momentum", look_back=20, skip=0)][:2]
    ['parameters_are_described', 'positions_keep_their_form']
    """
    trial = StrategyTrial(
        strategy=as_strategy(strategy), given=parameters, spec=spec or StrategySuiteSpec(), own_bars=bars
    )

    def bound(rule: Callable[[StrategyTrial], None]) -> Callable[[], None]:
        return lambda: rule(trial)

    return [Check(subject=trial.strategy.name, name=name, run=bound(rule)) for name, rule in _RULES.items()]


def run_strategy_suite(
    strategy: StrategyLike, bars: pd.DataFrame | None = None, spec: StrategySuiteSpec | None = None, **parameters: Any
) -> tuple[CheckOutcome, ...]:
    """Run the whole suite on one strategy and return every outcome; broken rules carry their message."""
    return run_checks(strategy_suite(strategy, bars, spec, **parameters))
