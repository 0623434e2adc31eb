"""The options of a search over a model's options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from augury.errors import InvalidInput
from augury.learning.search.dimension import Dimension
from augury.spec import Spec
from augury.validation.splits import PurgedSpec

__all__ = ["ModelSearchSpec"]

_FIVE_BLOCKS = PurgedSpec(groups=5, test_groups=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSearchSpec(Spec):
    """How options are searched.

    `trials` are asked for in all, those of earlier runs of the same study included. A trial's score on a fold is minus
    the log-loss (in a regression minus the squared error over the variance of the target); what is maximised is the
    mean over the folds less `risk` standard deviations. Folds are `folds.groups` blocks of time, purged and embargoed;
    with `walk_forward` each is predicted from its past alone, so the first one is never predicted.

    `objective="score_and_latency"` also minimises the median microseconds for one row, of the exported graph
    (`latency_of="onnx"`) or of the estimator (`"predict"`); there is no pruning then, since Optuna prunes on one
    objective only. `pruner` "median" stops a trial whose value so far is below the median of earlier trials at the same
    fold, once `startup_trials` are complete; "halving" keeps the better half of the trials at folds 1, 2, 4, ... from
    the first trial on. TPE draws `startup_trials` at random before it learns from them.
    `space` replaces the family's own dimensions.
    """

    trials: Annotated[int, Meta(ge=1, le=100_000)] = 30
    folds: PurgedSpec = _FIVE_BLOCKS
    walk_forward: bool = True
    risk: Annotated[float, Meta(ge=0.0)] = 0.5
    objective: Literal["score", "score_and_latency"] = "score"
    latency_of: Literal["onnx", "predict"] = "onnx"
    sampler: Literal["tpe", "random"] = "tpe"
    pruner: Literal["median", "halving", "none"] = "median"
    startup_trials: Annotated[int, Meta(ge=1)] = 8
    space: tuple[Dimension, ...] = ()
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def check(self) -> None:
        """One block is tested at a time, and a walk forward has a past."""
        if self.folds.test_groups != 1:
            raise InvalidInput(
                f"ModelSearchSpec.folds.test_groups = {self.folds.test_groups}: Expected 1, one block at a time"
            )

    @property
    def identity(self) -> str:
        """Hash of everything but the number of trials: what a study must agree on to be continued."""
        return self.replace(trials=1).id
