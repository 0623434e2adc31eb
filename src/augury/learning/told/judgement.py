"""The verdict on a training in words: the held-out time first, how sure it is, and every condition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from augury.learning.told.limits import told_limits
from augury.report import GateItem, VerdictItem
from augury.report.wording import percent, quantity, signed

if TYPE_CHECKING:
    from augury.learning.evaluation.comparison import Comparison
    from augury.learning.evaluation.model_verdict import ModelVerdict
    from augury.learning.evaluation.profit import Profit
    from augury.learning.evaluation.scores import Score
    from augury.learning.training import Training
    from augury.validation.bootstrap import BootstrapInterval

__all__ = ["certainty_words", "told_verdict"]

_LEVELS = {
    "better than": "better than its baselines",
    "no better than": "no better than its baseline",
    "worse than": "worse than its baseline",
}


def told_verdict(training: Training) -> VerdictItem:
    """Level and headline of the held-out time, the conditions, and the limits as findings."""
    held = training.held_out
    verdict, rows = held.verdict, f"{held.rows:,} held-out rows"
    name = verdict.against_best.model
    if verdict.better:
        headline = f"{name} is better than each of its {len(verdict.comparisons)} baselines on {rows}."
    else:
        headline = f"{name} is {verdict.level} its baseline {_plain(verdict.best)} on {rows}."
    return VerdictItem(
        level=_LEVELS[verdict.level], headline=headline, gates=_gates(training), findings=told_limits(training)
    )


def certainty_words(training: Training) -> tuple[str, ...]:
    """How sure the verdict is: the deciding figures on the held-out time, then out of fold."""
    held, evaluation = training.held_out, training.evaluation
    judged, before = held.verdict.against_best, evaluation.verdict.against_best
    words = [f"{judged.title[:1].upper()}{judged.title[1:]} {_figures(judged)}, {_where(judged)}."]
    words.append(
        f"Out of fold, on {len(evaluation.dataset):,} earlier rows, it is {evaluation.verdict.level} "
        f"{_plain(before.baseline)}: {before.title} {_figures(before)}."
    )
    if held.decided < 1.0:
        words.append(f"It decided on {percent(held.decided, 0)} of the held-out rows; the scores are over all of them.")
    return tuple(words)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _figures(found: Comparison) -> str:
    scores = f"{quantity(found.model_score, 4)} against {quantity(found.baseline_score, 4)}"
    digits = _digits(found, 4)
    return f"{scores}: gain {signed(f'{found.difference:+.{digits}f}')}, {_interval(found, digits)}"


def _digits(found: Comparison | BootstrapInterval, least: int) -> int:
    """Decimals that show two digits of half the interval, `least` to 6."""
    half = (found.upper - found.lower) / 2.0
    return max(least, min(math.ceil(-math.log10(half)) + 1, 6)) if half > 0.0 else least


def _interval(found: Comparison | BootstrapInterval | Score, digits: int) -> str:
    if found.reason is not None:
        return f"without an interval ({found.reason})"
    ends = f"{quantity(found.lower, digits)} to {quantity(found.upper, digits)}"
    return f"{percent(found.confidence, 0)} interval {ends}"


def _where(found: Comparison) -> str:
    if found.reason is not None:
        return "so nothing is shown"
    if found.lower > 0.0:
        return "all of it above zero"
    return "all of it below zero" if found.upper < 0.0 else "which includes zero: luck alone could give it"


def _gates(training: Training) -> tuple[GateItem, ...]:
    held, evaluation = training.held_out, training.evaluation
    return (
        _beats(
            "Beats every baseline, held out", held.verdict, "Use the baseline; nothing shows that the model adds to it."
        ),
        _beats("Beats every baseline, out of fold", evaluation.verdict, "Look for features that say more."),
        *_calibrated(training),
        *_earns(held.profit, held.missing.get("profit", "nothing was traded")),
        *_enough(training),
    )


def _beats(name: str, verdict: ModelVerdict, remedy: str) -> GateItem:
    found = verdict.against_best
    return GateItem(
        name=name,
        value=None,
        bound=None,
        passed=None if found.reason is not None else verdict.better,
        explanation=f"Against {_plain(found.baseline)}: {found.title} {_figures(found)}.",
        remedy=remedy,
    )


def _calibrated(training: Training) -> tuple[GateItem, ...]:
    """The held-out calibration error against what calibrated probabilities would show; nothing for a regression."""
    score = training.held_out.scores.get("calibration_error")
    if score is None:
        return ()
    return (
        GateItem(
            name="Probabilities come true, held out",
            value=None,
            bound=None,
            passed=None if score.reason is not None else score.lower <= score.floor,
            explanation=f"Off by {quantity(score.estimate, 3)} on average, {_interval(score, 3)}, which "
            f"{_against_floor(score)} the {quantity(score.floor, 3)} that perfectly calibrated ones would show.",
            remedy="Do not size positions by the probabilities.",
        ),
    )


def _against_floor(score: Score) -> str:
    if score.reason is not None:
        return "cannot be held against"
    return "does not tell it from" if score.lower <= score.floor else "lies above"


def _earns(profit: Profit | None, reason: str) -> tuple[GateItem, ...]:
    names = ("Earns after costs, held out", "Earns more than holding for its risk")
    if profit is None:
        return tuple(GateItem(name=name, value=None, bound=None, passed=None, explanation=reason) for name in names)
    return (
        _above_zero(names[0], profit.sharpe, "Sharpe ratio", "Trade less often, or ask for a larger edge."),
        _above_zero(
            names[1],
            profit.sharpe_gain,
            "Gain in Sharpe ratio over holding",
            "Hold the symbols until the gain is shown.",
        ),
    )


def _above_zero(name: str, found: BootstrapInterval, title: str, remedy: str) -> GateItem:
    return GateItem(
        name=name,
        value=None,
        bound=None,
        passed=None if found.reason is not None else found.lower > 0.0,
        explanation=f"{title} {quantity(found.estimate, _digits(found, 2))}, {_interval(found, _digits(found, 2))}.",
        remedy=remedy,
    )


def _enough(training: Training) -> tuple[GateItem, ...]:
    """Labels against features; nothing for a model that reads charts instead."""
    data = training.card.data
    if data.chart_days is not None or not data.columns:
        return ()
    a_feature = data.effective_rows / len(data.columns)
    return (
        GateItem(
            name="Separate labels a feature",
            value=a_feature,
            bound=">= 10",
            passed=a_feature >= 10.0,
            explanation=f"{data.rows:,} overlapping labels say about as much as {data.effective_rows:,.0f} separate "
            f"ones, for {len(data.columns)} features.",
            remedy="Take fewer features, a longer history or more symbols.",
        ),
    )
