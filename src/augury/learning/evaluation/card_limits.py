"""The limits of a model, computed from facts, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from augury.learning.data.dataset import Dataset
from augury.learning.evaluation.evaluation import Evaluation
from augury.learning.labels.overlap import average_uniqueness

__all__ = ["effective_rows", "limits_of"]

_FEW_YEARS = 5.0
_ROWS_A_FEATURE = 10.0
_CALIBRATED = 0.03


def effective_rows(dataset: Dataset) -> float:
    """The sum of the labels' average uniqueness: as many labels as if none overlapped another of its symbol."""
    total = 0.0
    for at, bars in enumerate(dataset.inputs.bars):
        mine = np.flatnonzero(dataset.inputs.symbol == at)
        end = np.searchsorted(bars.opened_at, dataset.inputs.label_end[mine])
        total += float(average_uniqueness(dataset.inputs.bar[mine], end, len(bars)).sum()) if mine.size else 0.0
    return total


def limits_of(evaluation: Evaluation) -> tuple[str, ...]:
    """What a reader must not expect of the model, most important first."""
    return (*_of_verdict(evaluation), *_of_data(evaluation.dataset), *_of_method(evaluation))


def _of_verdict(evaluation: Evaluation) -> Iterator[str]:
    verdict, profit, calibration = evaluation.verdict, evaluation.profit, evaluation.calibration
    if not verdict.better:
        yield (
            f"It is {verdict.level} its baseline {verdict.best}: there is no evidence that it knows anything that the "
            "baseline does not."
        )
    if profit is not None and not profit.sharpe.lower > 0.0:
        yield "The Sharpe ratio of its positions, net of costs, cannot be told from zero."
    if profit is not None and not profit.sharpe_gain.lower > 0.0:
        yield "Its positions are not shown to earn more for their risk than holding the same symbols."
    if calibration is not None and not calibration.after.estimate < _CALIBRATED:
        yield (
            f"Its calibrated probabilities were off by {calibration.after.estimate:.3f} on average on later rows "
            f"(calibrated ones would show about {calibration.after.floor:.3f})."
        )


def _of_data(dataset: Dataset) -> Iterator[str]:
    inputs = dataset.inputs
    first, last = (pd.Timestamp(int(at), tz="UTC") for at in (inputs.opened_at.min(), inputs.label_end.max()))
    years, effective = (last - first) / pd.Timedelta(days=365.25), effective_rows(dataset)
    count = len(dataset.symbols)
    yield (
        f"It learnt from {len(dataset):,} rows of {count} symbol{'s' * (count != 1)} over {years:.1f} years, "
        f"{first:%Y-%m-%d} to {last:%Y-%m-%d}; because labels overlap they say about as much as {effective:,.0f} "
        "separate ones, fewer still where symbols move together."
    )
    if years < _FEW_YEARS:
        yield f"{years:.1f} years hold few market regimes; another regime may undo what it learnt."
    if count == 1:
        yield "It has seen one symbol only; nothing is known about others."
    if effective < _ROWS_A_FEATURE * len(inputs.columns):
        yield (
            f"{len(inputs.columns)} features for about {effective:,.0f} separate labels: fewer than "
            f"{_ROWS_A_FEATURE:.0f} labels a feature."
        )
    shares = {name: float((dataset.target == at).mean()) for at, name in enumerate(dataset.classes)}
    rare = {name: share for name, share in shares.items() if share < 0.1}
    for name, share in rare.items():
        yield f"The class {name!r} makes up {share:.1%} of the rows only."
    yield f"Everything up to {last:%Y-%m-%d} is in its sample: figures of a backtest over that time prove nothing new."


def _of_method(evaluation: Evaluation) -> Iterator[str]:
    opened = evaluation.dataset.inputs.opened_at
    if any(opened[fold.train].max() > opened[fold.test].max() for fold in evaluation.cv.fitted.folds):
        yield "Its folds also learn from times after those they are tested on; a walk-forward test is the stricter one."
    yield (
        "The scores do not know how many other models, features and options were tried on the same data; each try "
        "makes a lucky result likelier."
    )
    if evaluation.profit is not None:
        yield "P&L assumes that orders do not move prices."
