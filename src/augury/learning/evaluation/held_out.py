"""What a delivered model does on the rows after its training: scores, baselines, profit, and where it abstained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import BoolVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.dataset import Dataset
from augury.learning.evaluation.baselines import cross_validate_baselines
from augury.learning.evaluation.comparison import compare_scores
from augury.learning.evaluation.cross_validation import CrossValidation
from augury.learning.evaluation.evaluation import EvaluationSpec
from augury.learning.evaluation.model_verdict import ModelVerdict
from augury.learning.evaluation.plain_records import plain_record
from augury.learning.evaluation.predictions import Predictions
from augury.learning.evaluation.profit import Profit, profit_of
from augury.learning.evaluation.scores import Paths, Score, primary_score, score_predictions
from augury.validation.seeds import Seed

__all__ = ["About", "HeldOut", "held_out_record", "judge_held_out"]

_LEAST_TIMES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class About:
    """What held-out predictions are about: whose they are, of which data set, and where the model did not abstain."""

    name: str
    dataset: Dataset
    decided: BoolVector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Figures of `rows` rows from `first` to `last`, none of which the model, its calibration or its choice had seen.

    `decided` is the share of the rows on which the model did not abstain; the scores are over all rows. `profit` is
    None when there was nothing to trade, and `missing` says why. `predictions` are those that were judged.
    """

    rows: int
    first: pd.Timestamp
    last: pd.Timestamp
    decided: float
    scores: dict[str, Score]
    verdict: ModelVerdict
    profit: Profit | None = field(repr=False)
    missing: dict[str, str] = field(default_factory=dict)
    predictions: Predictions | None = field(repr=False, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        found: dict[str, Any] = plain_record(self)
        found["verdict"] = self.verdict.to_dict()
        found["profit"] = None if self.profit is None else plain_record(self.profit)
        return found


def judge_held_out(
    last: CrossValidation, said: Predictions, spec: EvaluationSpec, *, decided: BoolVector, seed: Seed = 0
) -> HeldOut:
    """Score the delivered predictions `said` of the rows that `last` (one fold) held out, beside baselines fitted as
    the model was. `decided` bool[m] says where the model did not abstain.
    """
    baselines = {name: baseline.paths for name, baseline in cross_validate_baselines(last).items()}
    about = About(name=last.name, dataset=last.dataset, decided=decided)
    return held_out_record(said, baselines, about, spec, seed=seed)


def held_out_record(
    said: Predictions, baselines: Mapping[str, Paths], about: About, spec: EvaluationSpec, *, seed: Seed = 0
) -> HeldOut:
    """Scores, P&L and the verdict against the best of these baselines, which speak about the same rows.

    The P&L holds nothing where the model abstains. Raises NotEnoughData for rows of fewer than two bars.
    """
    times = np.unique(said.opened_at).size
    if times < _LEAST_TIMES:
        raise NotEnoughData(
            f"expected held-out rows of at least {_LEAST_TIMES} bars to judge the model on, got {times}; hold out a "
            "larger share (held_out=), or pass a longer history"
        )
    judged_by = primary_score(said.task)
    found = tuple(
        compare_scores(said, paths, judged_by, spec.scoring, seed=seed, names=(about.name, name))
        for name, paths in baselines.items()
    )
    best = min(found, key=lambda comparison: comparison.difference)
    missing: dict[str, str] = {}
    return HeldOut(
        rows=len(said),
        first=pd.Timestamp(int(said.opened_at.min()), tz="UTC"),
        last=pd.Timestamp(int(said.opened_at.max()), tz="UTC"),
        decided=float(about.decided.mean()),
        scores=score_predictions(said, None, spec.scoring, seed=seed),
        verdict=ModelVerdict(level=best.verdict, best=best.baseline, comparisons=found),
        profit=_profit(_traded(said, about.decided), about.dataset, spec, seed, missing),
        missing=missing,
        predictions=said,
    )


def _traded(said: Predictions, decided: BoolVector) -> Predictions:
    """The same predictions, leaning neither way where the model abstains."""
    if not said.classes or bool(decided.all()):
        return said
    return replace(said, predicted=np.where(decided[:, None], said.predicted, 1.0 / said.classes))


def _profit(
    said: Predictions, dataset: Dataset, spec: EvaluationSpec, seed: Seed, missing: dict[str, str]
) -> Profit | None:
    if spec.backtest is None:
        missing["profit"] = "not asked for"
        return None
    try:
        return profit_of(said, dataset, spec.positions, spec.backtest, seed=seed)
    except (InvalidInput, NotEnoughData) as error:  # too few bars to trade, or to tell how many make a year
        missing["profit"] = str(error)
        return None
