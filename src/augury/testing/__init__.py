"""Shipped tests: series with known truth, and contract suites that anyone can run on their own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.testing.causality import CausalityReport, Leak, assert_causal, check_causality
    from augury.testing.chart_contract import chart_suite, run_chart_suite
    from augury.testing.contract import Check, CheckOutcome, ContractBroken, run_checks
    from augury.testing.experiment import CausalityPlan, Experiment, Intervention
    from augury.testing.feature_contract import feature_suite, run_feature_suite
    from augury.testing.feature_trial import SuiteSpec, awkward_bars
    from augury.testing.generators.bars_from_returns import BarStyle, bars_from_returns
    from augury.testing.generators.correlated_universe import Universe, UniverseTruth, correlated_universe
    from augury.testing.generators.fractional_gaussian_noise import fractional_gaussian_noise, noise_autocovariance
    from augury.testing.generators.garch_bars import garch_bars
    from augury.testing.generators.garch_returns import GarchPath, GarchTruth, garch_returns
    from augury.testing.generators.geometric_brownian_bars import geometric_brownian_bars
    from augury.testing.generators.hawkes_process import (
        HawkesTruth,
        hawkes_expected_count,
        hawkes_residuals,
        hawkes_times,
    )
    from augury.testing.generators.news_with_effect import NewsSample, NewsTruth, news_with_effect
    from augury.testing.generators.regime_returns import RegimePath, RegimeTruth, regime_returns
    from augury.testing.label_contract import label_suite, run_label_suite
    from augury.testing.label_trial import LabelSuiteSpec
    from augury.testing.labels import LabelReport, assert_label, check_label
    from augury.testing.planted import PLANTED, PLANTED_STRATEGIES, Twins, planted_inputs
    from augury.testing.strategy_contract import run_strategy_suite, strategy_suite
    from augury.testing.strategy_trial import StrategySuiteSpec
    from augury.testing.streaming import assert_streams, streaming_suite
    from augury.testing.subjects import bars_experiment, news_experiment, universe_experiment

_HOMES = {
    "BarStyle": "generators.bars_from_returns",
    "CausalityPlan": "experiment",
    "CausalityReport": "causality",
    "Check": "contract",
    "CheckOutcome": "contract",
    "ContractBroken": "contract",
    "Experiment": "experiment",
    "GarchPath": "generators.garch_returns",
    "GarchTruth": "generators.garch_returns",
    "HawkesTruth": "generators.hawkes_process",
    "Intervention": "experiment",
    "LabelReport": "labels",
    "LabelSuiteSpec": "label_trial",
    "Leak": "causality",
    "NewsSample": "generators.news_with_effect",
    "NewsTruth": "generators.news_with_effect",
    "PLANTED": "planted",
    "PLANTED_STRATEGIES": "planted",
    "RegimePath": "generators.regime_returns",
    "RegimeTruth": "generators.regime_returns",
    "StrategySuiteSpec": "strategy_trial",
    "SuiteSpec": "feature_trial",
    "Twins": "planted",
    "Universe": "generators.correlated_universe",
    "UniverseTruth": "generators.correlated_universe",
    "assert_causal": "causality",
    "assert_label": "labels",
    "assert_streams": "streaming",
    "awkward_bars": "feature_trial",
    "bars_experiment": "subjects",
    "bars_from_returns": "generators.bars_from_returns",
    "chart_suite": "chart_contract",
    "check_causality": "causality",
    "check_label": "labels",
    "correlated_universe": "generators.correlated_universe",
    "feature_suite": "feature_contract",
    "fractional_gaussian_noise": "generators.fractional_gaussian_noise",
    "garch_bars": "generators.garch_bars",
    "garch_returns": "generators.garch_returns",
    "geometric_brownian_bars": "generators.geometric_brownian_bars",
    "hawkes_expected_count": "generators.hawkes_process",
    "hawkes_residuals": "generators.hawkes_process",
    "hawkes_times": "generators.hawkes_process",
    "label_suite": "label_contract",
    "news_experiment": "subjects",
    "news_with_effect": "generators.news_with_effect",
    "noise_autocovariance": "generators.fractional_gaussian_noise",
    "planted_inputs": "planted",
    "regime_returns": "generators.regime_returns",
    "run_chart_suite": "chart_contract",
    "run_checks": "contract",
    "run_feature_suite": "feature_contract",
    "run_label_suite": "label_contract",
    "run_strategy_suite": "strategy_contract",
    "strategy_suite": "strategy_contract",
    "streaming_suite": "streaming",
    "universe_experiment": "subjects",
}

__all__ = [
    "PLANTED",
    "PLANTED_STRATEGIES",
    "BarStyle",
    "CausalityPlan",
    "CausalityReport",
    "Check",
    "CheckOutcome",
    "ContractBroken",
    "Experiment",
    "GarchPath",
    "GarchTruth",
    "HawkesTruth",
    "Intervention",
    "LabelReport",
    "LabelSuiteSpec",
    "Leak",
    "NewsSample",
    "NewsTruth",
    "RegimePath",
    "RegimeTruth",
    "StrategySuiteSpec",
    "SuiteSpec",
    "Twins",
    "Universe",
    "UniverseTruth",
    "assert_causal",
    "assert_label",
    "assert_streams",
    "awkward_bars",
    "bars_experiment",
    "bars_from_returns",
    "chart_suite",
    "check_causality",
    "check_label",
    "correlated_universe",
    "feature_suite",
    "fractional_gaussian_noise",
    "garch_bars",
    "garch_returns",
    "geometric_brownian_bars",
    "hawkes_expected_count",
    "hawkes_residuals",
    "hawkes_times",
    "label_suite",
    "news_experiment",
    "news_with_effect",
    "noise_autocovariance",
    "planted_inputs",
    "regime_returns",
    "run_chart_suite",
    "run_checks",
    "run_feature_suite",
    "run_label_suite",
    "run_strategy_suite",
    "strategy_suite",
    "streaming_suite",
    "universe_experiment",
]


__getattr__, __dir__ = lazy_exports(__name__, {name: f"augury.testing.{home}" for name, home in _HOMES.items()})
