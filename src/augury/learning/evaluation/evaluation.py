"""Everything that is to be known about a model before it is trusted, in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from augury.arrays import FloatMatrix
from augury.backtest.spec import BacktestSpec
from augury.errors import NotEnoughData, Refused
from augury.learning.data.dataset import Dataset
from augury.learning.evaluation.abstention import FittedAbstention, fit_abstention
from augury.learning.evaluation.baselines import Baseline, cross_validate_baselines
from augury.learning.evaluation.calibration import CalibrationReport, calibration_report
from augury.learning.evaluation.cross_validation import CrossValidation, CvSpec, cross_validate
from augury.learning.evaluation.importance import (
    FeatureImportance,
    PermutationImportanceSpec,
    permutation_importance,
)
from augury.learning.evaluation.model_verdict import ModelVerdict, judge_model
from augury.learning.evaluation.positions import PositionSpec
from augury.learning.evaluation.profit import Profit, profit_of
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.scores import Score, primary_score, score_predictions
from augury.learning.evaluation.shap_values import shap_importance
from augury.spec import Spec
from augury.validation.seeds import Seed, seed_number

if TYPE_CHECKING:
    from augury.learning.estimators.estimator import Track

__all__ = ["Evaluation", "EvaluationSpec", "evaluate_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSpec(Spec):
    """How a model is evaluated, part by part.

    `calibration_share` of the out-of-fold times fits the calibration that is judged on the later ones. `importance`
    None leaves permutation importance and SHAP out, `backtest` None the P&L. With `abstain_accuracy` the threshold is
    found from which on calibrated out-of-fold predictions are right so often.
    """

    cv: CvSpec = field(default_factory=CvSpec)
    scoring: ScoreSpec = field(default_factory=ScoreSpec)
    positions: PositionSpec = field(default_factory=PositionSpec)
    backtest: BacktestSpec | None = field(default_factory=BacktestSpec)
    calibration: Literal["best", "none", "temperature", "sigmoid", "isotonic"] = "best"
    abstain_accuracy: Annotated[float, Meta(gt=0.0, lt=1.0)] | None = None
    calibration_share: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.6
    importance: PermutationImportanceSpec | None = field(default_factory=PermutationImportanceSpec)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """What came of it: `scores` by name, `baselines` with their own `baseline_scores`, and the `verdict`.

    A part that could not be had is None or empty, and `missing` says why, by the part's name: "calibration", "profit",
    "abstention", "importance", "shap".
    """

    spec: EvaluationSpec
    seed: int
    cv: CrossValidation = field(repr=False)
    scores: dict[str, Score]
    baselines: dict[str, Baseline] = field(repr=False)
    baseline_scores: dict[str, Score]
    verdict: ModelVerdict
    calibration: CalibrationReport | None
    abstention: FittedAbstention | None
    profit: Profit | None
    importance: tuple[FeatureImportance, ...]
    shap: tuple[FeatureImportance, ...]
    missing: dict[str, str]

    @property
    def dataset(self) -> Dataset:
        """The data set it was evaluated on."""
        return self.cv.dataset


def evaluate_model(
    dataset: Dataset,
    model: Any,
    spec: EvaluationSpec | None = None,
    *,
    seed: Seed = 0,
    track: Track | None = None,
    actions: Mapping[str, FloatMatrix] | None = None,
) -> Evaluation:
    """Cross-validate, score, judge against the baselines, calibrate, trade and explain.

    `model` is a text or an estimator, see `cross_validate`; `track` shows the progress of folds and of features;
    `actions` are corporate actions by symbol for the P&L, see `profit_of`.
    """
    spec, number = spec or EvaluationSpec(), seed_number(seed) % 2**31
    cv = cross_validate(dataset, model, spec.cv, seed=number, track=track)
    baselines = cross_validate_baselines(cv)
    judged_by = primary_score(dataset.task)
    missing: dict[str, str] = {}
    calibration = _calibration(cv, spec, number, missing)
    return Evaluation(
        spec=spec,
        seed=number,
        cv=cv,
        scores=score_predictions(cv, None, spec.scoring, seed=number),
        baselines=baselines,
        baseline_scores={
            name: score_predictions(baseline.paths, (judged_by,), spec.scoring, seed=number)[judged_by]
            for name, baseline in baselines.items()
        },
        verdict=judge_model(cv, baselines, judged_by, spec.scoring, seed=number),
        calibration=calibration,
        abstention=_abstention(cv, spec, calibration, missing),
        profit=_profit(cv, spec, number, missing, actions),
        importance=_importance(cv, spec, number, missing, track),
        shap=_shap(cv, spec, number, missing),
        missing=missing,
    )


def _calibration(
    cv: CrossValidation, spec: EvaluationSpec, seed: int, missing: dict[str, str]
) -> CalibrationReport | None:
    if not cv.predictions.classes:
        missing["calibration"] = "a regression has no probabilities"
        return None
    try:
        return calibration_report(
            cv.predictions, spec.calibration, spec.scoring, share=spec.calibration_share, seed=seed
        )
    except NotEnoughData as error:
        missing["calibration"] = str(error)
        return None


def _abstention(
    cv: CrossValidation, spec: EvaluationSpec, calibration: CalibrationReport | None, missing: dict[str, str]
) -> FittedAbstention | None:
    if spec.abstain_accuracy is None or not cv.predictions.classes:
        missing["abstention"] = "not asked for" if cv.predictions.classes else "a regression has no probabilities"
        return None
    said = cv.predictions.predicted
    return fit_abstention(
        said if calibration is None else calibration.calibration(said), cv.predictions.target, spec.abstain_accuracy
    )


def _profit(
    cv: CrossValidation,
    spec: EvaluationSpec,
    seed: int,
    missing: dict[str, str],
    actions: Mapping[str, FloatMatrix] | None,
) -> Profit | None:
    if spec.backtest is None:
        missing["profit"] = "not asked for"
        return None
    try:
        return profit_of(cv, cv.dataset, spec.positions, spec.backtest, actions=actions, seed=seed)
    except NotEnoughData as error:
        missing["profit"] = str(error)
        return None


def _importance(
    cv: CrossValidation, spec: EvaluationSpec, seed: int, missing: dict[str, str], track: Track | None
) -> tuple[FeatureImportance, ...]:
    if spec.importance is None:
        missing["importance"] = "not asked for"
        return ()
    try:
        return permutation_importance(cv, spec.importance, spec.scoring, seed=seed, track=track)
    except Refused as error:
        missing["importance"] = str(error)
        return ()


def _shap(
    cv: CrossValidation, spec: EvaluationSpec, seed: int, missing: dict[str, str]
) -> tuple[FeatureImportance, ...]:
    if spec.importance is None:
        missing["shap"] = "not asked for"
        return ()
    try:
        return shap_importance(cv, spec.scoring, seed=seed)
    except Refused as error:
        missing["shap"] = str(error)
        return ()
