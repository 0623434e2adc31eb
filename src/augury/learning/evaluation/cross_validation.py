"""Purged, embargoed cross-validation of a model on a data set, and its combinatorial form with whole paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from msgspec import Meta

from augury.errors import InvalidInput
from augury.extras import require
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import CombinatorialFolds, Fold, combinatorial_folds, purged_folds
from augury.learning.estimators.families import make_model, model_text
from augury.learning.evaluation.out_of_fold import FoldModels, checked_folds, fit_folds, paths_of
from augury.learning.evaluation.predictions import Predictions
from augury.spec import Spec
from augury.validation.seeds import Seed, seed_number
from augury.validation.splits import PurgedSpec

if TYPE_CHECKING:
    from augury.learning.estimators.estimator import Track

__all__ = ["CrossValidation", "CvSpec", "FoldFacts", "cross_validate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CvSpec(Spec):
    """`folds` groups of time, `test_groups` of them tested at once: 1 is K-fold, 2 or more combinatorial with paths.

    `embargo_bars` None means the larger of the longest label and 1 % of the distinct times.
    """

    folds: Annotated[int, Meta(ge=2, le=50)] = 5
    test_groups: Annotated[int, Meta(ge=1, le=10)] = 1
    embargo_bars: Annotated[int, Meta(ge=0)] | None = None

    def check(self) -> None:
        """Something is left to train on."""
        if self.test_groups >= self.folds:
            raise InvalidInput(f"CvSpec.test_groups = {self.test_groups}: Expected less than folds = {self.folds}")

    @property
    def purged(self) -> PurgedSpec:
        """The same as options of the splits."""
        return PurgedSpec(groups=self.folds, test_groups=self.test_groups, embargo_bars=self.embargo_bars)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldFacts:
    """What one fold learnt from and was tested on; `dropped` rows were purged or embargoed.

    `rounds` is the number of rounds or epochs that early stopping kept, where the model has any.
    """

    train_rows: int
    test_rows: int
    dropped: int
    first_tested: pd.Timestamp
    last_tested: pd.Timestamp
    rounds: int | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossValidation:
    """A model's out-of-fold predictions.

    `paths` holds one `Predictions` of every tested row, or one a combinatorial path. `fitted` holds the model of each
    fold with its rows; `facts` says how large they were. `name` is the model as text.
    """

    name: str
    dataset: Dataset = field(repr=False)
    spec: CvSpec | None
    seed: int
    paths: tuple[Predictions, ...] = field(repr=False)
    fitted: FoldModels = field(repr=False)
    facts: tuple[FoldFacts, ...] = field(repr=False)
    combinatorial: CombinatorialFolds | None = field(default=None, repr=False)

    @property
    def predictions(self) -> Predictions:
        """The only path, or the first of several."""
        return self.paths[0]


def cross_validate(
    dataset: Dataset,
    model: Any,
    spec: CvSpec | None = None,
    *,
    seed: Seed = 0,
    track: Track | None = None,
    folds: Sequence[Fold] | None = None,
) -> CrossValidation:
    """Fit a fresh model a fold and predict the rows that it has not seen.

    `model` is a text such as "xgboost(max_depth=4)", made anew with this `seed` unless it names one, or an estimator,
    which is cloned and keeps its own. `folds` replaces the purged ones; those that share labels between training and
    test rows are refused whoever made them. `track(iterable, total)` shows progress by folds and, inside one, by epochs
    or rounds. The same data, model and seed give the same predictions bit for bit.

    Raises InvalidInput for overlapping folds or a model of the other task, NotEnoughData when a fold keeps too few
    rows. Source: Lopez de Prado (2018), chapters 7 and 12.

    >>> from augury.learning.data.building import build_dataset
    >>> from augury.learning.data.dataset import DatasetSpec
    >>> from augury.sample import load_sample
    >>> data = build_dataset(load_sample().bars["IBM"], DatasetSpec(features=("rsi", "roc"), label="direction"))
    >>> cv = cross_validate(data, "linear", CvSpec(folds=4))
    >>> len(cv.predictions) == len(data), len(cv.facts)
    (True, 4)
    """
    spec = spec or CvSpec()
    number = seed_number(seed) % 2**31
    combined: CombinatorialFolds | None = None
    if folds is None and spec.test_groups > 1:
        combined = combinatorial_folds(dataset, spec.purged)
    chosen = folds or (combined.folds if combined is not None else purged_folds(dataset, spec.purged))
    checked = checked_folds(dataset, chosen)
    make = _maker(model, dataset.task, number)
    fitted = fit_folds(dataset, checked, make, track)
    return CrossValidation(
        name=model_text(fitted.models[0]) if not isinstance(model, str) else model.strip(),
        dataset=dataset,
        spec=None if folds is not None else spec,
        seed=number,
        paths=paths_of(dataset, fitted, combined),
        fitted=fitted,
        facts=_facts(dataset, fitted),
        combinatorial=combined,
    )


def _maker(model: Any, task: str, seed: int) -> Callable[[], Any]:
    if isinstance(model, str):
        first = make_model(model)
        options: dict[str, Any] = {} if "seed=" in model.replace(" ", "") else {"seed": seed}
        if "task=" not in model.replace(" ", ""):
            options["task"] = task
        _require_task(first.set_params(**options), task)
        return lambda: make_model(model, **options)
    _require_task(model, task)
    clone = require("sklearn.base", extra="learn").clone
    return lambda: clone(model)


def _require_task(model: Any, task: str) -> None:
    if getattr(model, "task", task) != task:
        raise InvalidInput(
            f"the data set is made for {task}, the model does {model.task}; build it with task={task!r} or choose "
            "another label"
        )


def _facts(dataset: Dataset, fitted: FoldModels) -> tuple[FoldFacts, ...]:
    found = []
    for fold, model in zip(fitted.folds, fitted.models, strict=True):
        times = dataset.inputs.opened_at[fold.test]
        rounds = getattr(model, "best_round_", getattr(model, "best_epoch_", None))
        found.append(
            FoldFacts(
                train_rows=int(fold.train.size),
                test_rows=int(fold.test.size),
                dropped=len(dataset) - int(fold.train.size) - int(fold.test.size),
                first_tested=pd.Timestamp(int(times.min()), tz="UTC"),
                last_tested=pd.Timestamp(int(times.max()), tz="UTC"),
                rounds=None if rounds is None else int(rounds),
            )
        )
    return tuple(found)
