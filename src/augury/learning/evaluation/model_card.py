"""The model card: what a model is, what it was made of, what it can do, and what it cannot."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd

from augury.learning.data.dataset import Dataset
from augury.learning.evaluation.abstention import FittedAbstention
from augury.learning.evaluation.calibration import CalibrationReport
from augury.learning.evaluation.card_limits import effective_rows, limits_of
from augury.learning.evaluation.cross_validation import FoldFacts
from augury.learning.evaluation.evaluation import Evaluation
from augury.learning.evaluation.held_out import HeldOut
from augury.learning.evaluation.importance import FeatureImportance
from augury.learning.evaluation.model_verdict import ModelVerdict
from augury.learning.evaluation.plain_records import plain_record
from augury.learning.evaluation.profit import Profit
from augury.learning.evaluation.scores import Score

__all__ = ["CardBaseline", "CardData", "ModelCard", "model_card"]

_LIBRARIES = ("augury", "numpy", "pandas", "scikit-learn", "scipy")
_BY_FAMILY = {
    "xgboost": ("xgboost", "xgboost-cpu"),
    "wavelet": ("xgboost", "xgboost-cpu"),
    "lstm": ("torch",),
    "gru": ("torch",),
    "transformer": ("torch",),
    "chart_cnn": ("torch",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardData:
    """What the data set holds. `effective_rows` is the sum of the labels' average uniqueness: overlap taken out."""

    symbols: tuple[str, ...]
    first: pd.Timestamp
    last: pd.Timestamp
    years: float
    rows: int
    effective_rows: float
    times: int
    label: str
    classes: Mapping[str, int]
    features: tuple[str, ...]
    columns: tuple[str, ...]
    sequence_bars: int | None
    chart_days: int | None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBaseline:
    """A baseline with its score and the model's gain over it; `columns` are the features it chose in each fold."""

    name: str
    summary: str
    columns: tuple[tuple[str, ...], ...]
    score: Score
    gain: float
    lower: float
    upper: float
    reason: str | None
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model's card, frozen: every figure carries its interval or the reason why it has none.

    `options` are all the model's options; `folds` says what each fold learnt from; `training` holds what the caller
    tells about the final fit (plain values). `held_out` is what the delivered model does on time that nothing before
    had looked at, None where no model was delivered. `missing` names the parts that could not be had, with the reason.
    `versions` are those of the libraries. `made_at` is None unless the caller tells the time.
    """

    model: str
    family: str
    task: str
    options: Mapping[str, Any]
    data: CardData
    folds: tuple[FoldFacts, ...]
    cv: Mapping[str, Any] | None
    training: Mapping[str, Any]
    scores: tuple[Score, ...]
    baselines: tuple[CardBaseline, ...]
    verdict: ModelVerdict
    calibration: CalibrationReport | None
    abstention: FittedAbstention | None
    profit: Profit | None
    importance: tuple[FeatureImportance, ...]
    shap: tuple[FeatureImportance, ...]
    missing: Mapping[str, str]
    limits: tuple[str, ...]
    seed: int
    versions: Mapping[str, str]
    held_out: HeldOut | None = field(default=None)
    made_at: pd.Timestamp | None = field(default=None)

    @property
    def sentence(self) -> str:
        """The verdict as a sentence: on held-out time where there is some, else out of fold."""
        return (self.verdict if self.held_out is None else self.held_out.verdict).sentence

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; undefined numbers are None, with the reason beside them."""
        found: dict[str, Any] = plain_record(self)
        found["verdict"] = self.verdict.to_dict()
        found["held_out"] = None if self.held_out is None else self.held_out.to_dict()
        return found

    def to_markdown(self) -> str:
        """The card as a page of Markdown."""
        from augury.learning.evaluation.card_markdown import card_markdown

        return card_markdown(self)


def model_card(
    evaluation: Evaluation,
    *,
    training: Mapping[str, Any] | None = None,
    held_out: HeldOut | None = None,
    made_at: pd.Timestamp | None = None,
) -> ModelCard:
    """The card of an evaluated model; `training` are plain values about its final fit (rounds, seconds, rows)."""
    cv, fitted = evaluation.cv, evaluation.cv.fitted.models[0]
    family = str(getattr(fitted, "family", type(fitted).__name__))
    return ModelCard(
        model=cv.name,
        family=family,
        task=cv.dataset.task,
        options=dict(fitted.get_params(deep=False)) if hasattr(fitted, "get_params") else {},
        data=_data(cv.dataset),
        folds=cv.facts,
        cv=None if cv.spec is None else cv.spec.to_dict(),
        training=dict(training or {}),
        scores=tuple(evaluation.scores.values()),
        baselines=_baselines(evaluation),
        verdict=evaluation.verdict,
        calibration=evaluation.calibration,
        abstention=evaluation.abstention,
        profit=evaluation.profit,
        importance=evaluation.importance,
        shap=evaluation.shap,
        missing=dict(evaluation.missing),
        limits=limits_of(evaluation),
        seed=evaluation.seed,
        versions=_versions(cv.name),
        held_out=held_out,
        made_at=made_at,
    )


def _data(dataset: Dataset) -> CardData:
    inputs, spec = dataset.inputs, dataset.spec
    first, last = (pd.Timestamp(int(at), tz="UTC") for at in (inputs.opened_at.min(), inputs.label_end.max()))
    counts = {name: int((dataset.target == at).sum()) for at, name in enumerate(dataset.classes)}
    return CardData(
        symbols=dataset.symbols,
        first=first,
        last=last,
        years=(last - first) / pd.Timedelta(days=365.25),
        rows=len(dataset),
        effective_rows=effective_rows(dataset),
        times=int(np.unique(inputs.opened_at).size),
        label=spec.label,
        classes=counts,
        features=spec.features,
        columns=inputs.columns,
        sequence_bars=spec.sequence_bars,
        chart_days=spec.chart_days,
        fingerprint=dataset.fingerprint,
    )


def _baselines(evaluation: Evaluation) -> tuple[CardBaseline, ...]:
    return tuple(
        CardBaseline(
            name=comparison.baseline,
            summary=evaluation.baselines[comparison.baseline].summary,
            columns=evaluation.baselines[comparison.baseline].columns,
            score=evaluation.baseline_scores[comparison.baseline],
            gain=comparison.difference,
            lower=comparison.lower,
            upper=comparison.upper,
            reason=comparison.reason,
            verdict=comparison.verdict,
        )
        for comparison in evaluation.verdict.comparisons
    )


def _versions(model: str) -> dict[str, str]:
    """Versions of the libraries that the families named in a model's text need."""
    found = {"python": platform.python_version()}
    own = (name for family, names in _BY_FAMILY.items() if family in model for name in names)
    for name in (*_LIBRARIES, *dict.fromkeys(own)):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
