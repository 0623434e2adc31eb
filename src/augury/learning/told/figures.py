"""Scores, gains and earnings of a training with their intervals, cross-validated beside held out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from augury.learning.evaluation.scores import primary_score
from augury.report import Estimate, ScoreItem
from augury.report.wording import percent, quantity

if TYPE_CHECKING:
    from augury.learning.evaluation.comparison import Comparison
    from augury.learning.evaluation.profit import Profit, SymbolProfit
    from augury.learning.evaluation.scores import Score
    from augury.learning.training import Training
    from augury.validation.bootstrap import BootstrapInterval

__all__ = ["gain_estimate", "tiles", "told_earnings", "told_gains", "told_scores", "told_symbols"]

Unit = Literal["ratio", "fraction"]

_FRACTIONS: Final = ("accuracy", "balanced_accuracy")
_WORDS: Final = {
    "log_loss": "mean negative logarithm of the probability of what happened",
    "accuracy": "share of rows whose likeliest class is the true one; compare it with the commonest class",
    "balanced_accuracy": "mean over the classes of the share recognised; 50 % without skill in two classes",
    "auc": "chance that a row of the class ranks above another; 0.5 without skill",
    "brier": "mean squared error of the probability",
    "calibration_error": "mean distance of probabilities from frequencies",
    "information_coefficient": "rank correlation of prediction and outcome; 0 without skill",
    "r2": "share of the squared error of the training mean that is saved; 0 without skill",
    "mean_absolute_error": "mean distance of prediction and target",
}
_EARNINGS: Final[tuple[tuple[str, str, Unit, str, str], ...]] = (
    ("sharpe", "Sharpe ratio, net of costs", "ratio", "higher", "annual, equal weights"),
    ("hold_sharpe", "Sharpe ratio of holding", "ratio", "", "the same symbols over the same time"),
    ("sharpe_gain", "Gain in Sharpe ratio over holding", "ratio", "higher", "times resampled together"),
    ("cagr", "Growth a year", "fraction", "higher", "compounded, net of costs"),
    (
        "max_drawdown",
        "Maximum drawdown",
        "fraction",
        "",
        "the deepest fall below an earlier value; nearer zero is better",
    ),
)


def _of_score(score: Score | None) -> Estimate | None:
    if score is None:
        return None
    unit: Unit = "fraction" if score.name in _FRACTIONS else "ratio"
    return Estimate(
        value=score.estimate,
        low=score.lower,
        high=score.upper,
        level=score.confidence,
        unit=unit,
        reason=score.reason,
    )


def gain_estimate(found: Comparison | None) -> Estimate | None:
    """The gain over a baseline."""
    if found is None:
        return None
    return Estimate(
        value=found.difference, low=found.lower, high=found.upper, level=found.confidence, reason=found.reason
    )


def _of_interval(found: BootstrapInterval | None, unit: Unit = "ratio") -> Estimate | None:
    if found is None:
        return None
    return Estimate(
        value=found.estimate,
        low=found.lower,
        high=found.upper,
        level=found.confidence,
        unit=unit,
        reason=found.reason,
    )


def told_scores(training: Training) -> tuple[ScoreItem, ...]:
    """Every score of the task, in its order."""
    validated, held_out = training.evaluation.scores, training.held_out.scores
    decisive = primary_score(training.evaluation.dataset.task)
    return tuple(
        ScoreItem(
            title=one.title,
            validated=_of_score(validated.get(name)),
            held_out=_of_score(held_out.get(name)),
            better="higher" if one.higher_is_better else "lower",
            detail=_WORDS.get(name, ""),
            note=_floor_words(held_out.get(name)),
            decisive=name == decisive,
        )
        for name, one in {**validated, **held_out}.items()
    )


def _floor_words(score: Score | None) -> str:
    if score is None or score.floor != score.floor:
        return ""
    return (
        f"perfectly calibrated probabilities would show about {quantity(score.floor, 3)} on as many independent "
        "held-out rows (an expected value, hence no interval)"
    )


def told_gains(training: Training) -> tuple[ScoreItem, ...]:
    """The gain over each baseline, the hardest held-out one first."""
    validated = {one.baseline: one for one in training.evaluation.verdict.comparisons}
    held_out = {one.baseline: one for one in training.held_out.verdict.comparisons}
    either = {**validated, **held_out}
    baselines = training.evaluation.baselines
    return tuple(
        ScoreItem(
            title=name.replace("_", " "),
            validated=gain_estimate(validated.get(name)),
            held_out=gain_estimate(held_out.get(name)),
            detail=baselines[name].summary if name in baselines else "",
            note=f"Gain is in {either[name].title}, turned so that above zero the model is better",
        )
        for name in sorted(either, key=lambda name: either[name].difference)
    )


def told_earnings(validated: Profit | None, held_out: Profit | None) -> tuple[ScoreItem, ...]:
    """What the implied positions earn; empty when neither part could be traded."""
    if validated is None and held_out is None:
        return ()
    return tuple(
        ScoreItem(
            title=title,
            validated=_of_interval(getattr(validated, name, None), unit),
            held_out=_of_interval(getattr(held_out, name, None), unit),
            better=better,
            detail=detail,
            decisive=name == "sharpe_gain",
        )
        for name, title, unit, better, detail in _EARNINGS
    )


def told_symbols(validated: Profit | None, held_out: Profit | None) -> tuple[ScoreItem, ...]:
    """The Sharpe ratio of each symbol's account."""
    first, second = (
        {} if part is None else {one.symbol: one for one in part.symbols} for part in (held_out, validated)
    )
    return tuple(
        ScoreItem(
            title=symbol,
            held_out=_of_interval(first[symbol].sharpe) if symbol in first else None,
            validated=_of_interval(second[symbol].sharpe) if symbol in second else None,
            detail=_account_words(first[symbol]) if symbol in first else "",
        )
        for symbol in dict.fromkeys((*first, *second))
    )


def _account_words(one: SymbolProfit) -> str:
    trades = "1 trade" if one.trades == 1 else f"{one.trades:,} trades"
    return f"{trades} held out, costs {percent(one.costs)} of the cash, invested {percent(one.exposed, 0)} of the time"


def tiles(training: Training) -> tuple[ScoreItem, ...]:
    """The handful of figures that people look for first."""
    held, evaluation = training.held_out, training.evaluation
    judged = held.verdict.against_best
    task = evaluation.dataset.task
    names = ("r2", "information_coefficient") if task == "regression" else ("log_loss", "accuracy", "auc")
    by_title = {item.title: item for item in told_scores(training)}
    gain = ScoreItem(
        title=f"Gain in {judged.title}",
        held_out=gain_estimate(judged),
        validated=gain_estimate(evaluation.verdict.against_best),
        detail="Over the baseline that does best on the same rows; above 0 the model is better.",
    )
    scored = [by_title[held.scores[name].title] for name in names if name in held.scores]
    earned = told_earnings(evaluation.profit, held.profit)
    short = {"Sharpe ratio, net of costs": "Sharpe ratio, net", "Gain in Sharpe ratio over holding": "Gain in Sharpe"}
    kept = [replace(item, title=short[item.title]) for item in earned if item.title in short]
    return tuple(replace(one, title=_capital(one.title), note="") for one in (gain, *scored, *kept))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
