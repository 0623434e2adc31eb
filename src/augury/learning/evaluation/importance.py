"""Permutation importance on rows that a model did not learn from, feature by feature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from augury.arrays import FloatVector, IntVector
from augury.errors import Refused
from augury.learning.data.folds import Fold
from augury.learning.data.inputs import Inputs
from augury.learning.evaluation.cross_validation import CrossValidation
from augury.learning.evaluation.out_of_fold import ask
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.time_bootstrap import mean_over_time, time_blocks
from augury.spec import Spec
from augury.validation.outcome import Outcome
from augury.validation.seeds import Seed, seed_number

if TYPE_CHECKING:
    from augury.learning.estimators.estimator import Track

__all__ = ["FeatureImportance", "PermutationImportanceSpec", "permutation_importance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationImportanceSpec(Spec):
    """`repeats` permutations a feature, of blocks of `block_bars` neighbouring rows (None: the longest label)."""

    repeats: Annotated[int, Meta(ge=1, le=1000)] = 5
    block_bars: Annotated[int, Meta(ge=1)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureImportance(Outcome):
    """What a feature is worth: `importance` with its interval at `confidence`, and its `share` of the total above 0.

    Permutation: by how much the log-loss (squared error) rises when the feature says nothing. SHAP: the mean absolute
    contribution to the score (log-odds, or value).
    """

    feature: str
    importance: float
    lower: float
    upper: float
    confidence: float
    share: float


def permutation_importance(
    cv: CrossValidation,
    spec: PermutationImportanceSpec | None = None,
    scoring: ScoreSpec | None = None,
    *,
    seed: Seed = 0,
    track: Track | None = None,
) -> tuple[FeatureImportance, ...]:
    """The importance of every feature to the models of a cross-validation, the greatest first.

    Blocks of neighbouring bars of the test rows of a fold change places, in each symbol alone, so a feature keeps its
    short memory and loses its meaning; features that say the same share it. The interval comes from resampling times of
    the rows' mean rise in loss. Windows (sequence models) see the permuted series. Source: Breiman (2001), section 10,
    with the blocks in place of single rows. Raises Refused for models of chart images, which read no features.
    """
    spec, scoring = spec or PermutationImportanceSpec(), scoring or ScoreSpec()
    _require_features(cv)
    said, columns = cv.predictions, cv.dataset.inputs.columns
    block = spec.block_bars or max(said.span - 1, 1)
    rng = np.random.default_rng(seed_number(seed))
    blocks = time_blocks((said,), scoring)
    numbers = range(len(columns))
    rises = [
        np.mean([_loss_without(cv, column, block, rng) - said.loss for _ in range(spec.repeats)], axis=0)
        for column in (numbers if track is None else track(numbers, len(columns)))
    ]
    found = [mean_over_time(rise, blocks, seed=seed) for rise in rises]
    positive = sum(max(one.estimate, 0.0) for one in found)
    unsorted = [
        FeatureImportance(
            method=f"permutation of blocks of {block} rows, {spec.repeats} times; {one.method}",
            seed=one.seed,
            reason=one.reason,
            feature=columns[at],
            importance=one.estimate,
            lower=one.lower,
            upper=one.upper,
            confidence=scoring.confidence,
            share=max(one.estimate, 0.0) / positive if positive > 0.0 else 0.0,
        )
        for at, one in enumerate(found)
    ]
    return tuple(sorted(unsorted, key=lambda one: -one.importance))


def _require_features(cv: CrossValidation) -> None:
    if getattr(cv.fitted.models[0], "input_kind", "tabular") == "image":
        raise Refused(f"{cv.name} reads chart images, not features, so no feature of it can be permuted")


def _loss_without(cv: CrossValidation, column: int, block: int, rng: np.random.Generator) -> FloatVector:
    """The loss of each row of the first path with one feature permuted inside each fold's test rows."""
    said = cv.predictions
    predicted = said.predicted.copy()
    for number, (fold, model) in enumerate(zip(cv.fitted.folds, cv.fitted.models, strict=True)):
        mine = np.flatnonzero(said.fold == number)
        if mine.size:
            inputs = _permuted(cv.dataset.inputs, fold, column, block, rng)
            predicted[mine] = ask(model, inputs[said.row[mine]], said.classes)
    return replace(said, predicted=predicted).loss


def _permuted(inputs: Inputs, fold: Fold, column: int, block: int, rng: np.random.Generator) -> Inputs:
    """Inputs whose tables have one column permuted, by blocks, among the bars of a fold's test rows."""
    tables = list(inputs.tables)
    for at, table in enumerate(tables):
        bars = inputs.bar[fold.test[inputs.symbol[fold.test] == at]]
        if bars.size < 2:
            continue
        whole = table.copy()
        whole[bars, column] = table[bars[_block_order(bars.size, block, rng)], column]
        tables[at] = whole
    return replace(inputs, tables=tuple(tables))


def _block_order(size: int, block: int, rng: np.random.Generator) -> IntVector:
    """Positions 0..size-1, cut in blocks at a random offset (around the end), the blocks in random order."""
    turned = (np.arange(size) + rng.integers(size)) % size
    parts = np.array_split(turned, max(size // block, 2))
    return np.concatenate([parts[place] for place in rng.permutation(len(parts))])
