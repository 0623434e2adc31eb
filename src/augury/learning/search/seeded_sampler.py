"""An Optuna sampler whose draws depend on the seed and the trial's number only, not on who asks or when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from augury.extras import require
from augury.learning.search.search_spec import ModelSearchSpec

__all__ = ["TrialSeededSampler", "sampler_of"]

_BaseSampler: Any = require("optuna.samplers", extra="learn").BaseSampler


class TrialSeededSampler(_BaseSampler):  # type: ignore[misc]
    """Makes a fresh sampler for each trial, seeded by the trial's number.

    A study that is stopped and continued thus draws what it would have drawn in one go, and processes that share a
    study never draw the same start.
    """

    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make
        self._sampler: Any = make(0)

    def before_trial(self, study: Any, trial: Any) -> None:
        """Seed for this trial."""
        self._sampler = self._make(trial.number)
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
        """As the sampler of this trial does."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> Any:
        """As the sampler of this trial does."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """As the sampler of this trial does."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
        """As the sampler of this trial does."""
        self._sampler.after_trial(study, trial, state, values)


def sampler_of(spec: ModelSearchSpec) -> TrialSeededSampler:
    """TPE over all options jointly, or random draws.

    Source: Bergstra, Bardenet, Bengio and Kegl, "Algorithms for hyper-parameter optimization", NIPS 2011.
    """
    samplers = require("optuna.samplers", extra="learn")

    def make(number: int) -> Any:
        seed = int(np.random.SeedSequence([spec.seed, number]).generate_state(1)[0])
        if spec.sampler == "random":
            return samplers.RandomSampler(seed=seed)
        return samplers.TPESampler(seed=seed, n_startup_trials=spec.startup_trials, multivariate=True)

    return TrialSeededSampler(make)
