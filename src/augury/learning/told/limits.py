"""The limits of a model as ranked findings, each with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from augury.report import FindingItem

if TYPE_CHECKING:
    from augury.learning.training import Training

__all__ = ["REMEDIES", "told_limits"]

REMEDIES: Final[tuple[tuple[str, str, str], ...]] = (
    ("there is no evidence that it knows", "serious", "Use the baseline, or look for features that say more."),
    ("cannot be told from zero", "serious", "Trade less often, hold longer, or ask for a larger edge before a trade."),
    ("not shown to earn more for their risk", "serious", "Hold the symbols unless the gain is shown on more time."),
    ("probabilities were off by", "serious", "Do not size positions by the probabilities; calibrate them anew."),
    ("hold few market regimes", "serious", "Train on a longer history."),
    ("seen one symbol only", "serious", "Train and judge it on several symbols."),
    ("labels a feature", "serious", "Take fewer features, a longer history or more symbols."),
    ("of the rows only", "note", "Judge it by balanced accuracy, or widen the label's band."),
    ("separate ones", "note", "Count the effective rows, not the rows, when judging how much it can have learnt."),
    ("is in its sample", "note", "Backtest it on later time only."),
    ("a walk-forward test is the stricter one", "note", "Rely on the held-out figures, which lie after the training."),
    ("each try makes a lucky result likelier", "note", "Write down every try, and judge on time that none has seen."),
    ("orders do not move prices", "note", "Keep positions small against the traded volume."),
)
"""Words of a limit, how much it weighs, and what to do about it."""


def told_limits(training: Training) -> tuple[FindingItem, ...]:
    """What speaks against the held-out result, then the limits of the card; what weighs more comes first."""
    found = [*_held_out(training), *(_of_card(text) for text in training.card.limits)]
    return tuple(sorted(found, key=lambda item: item.severity != "serious"))


def _held_out(training: Training) -> list[FindingItem]:
    held, evaluation = training.held_out, training.evaluation
    found = []
    if evaluation.verdict.better and not held.verdict.better:
        found.append(
            FindingItem(
                severity="serious",
                text=f"What it gained out of fold is not there on the held-out time: it is {held.verdict.level} its "
                f"baseline {held.verdict.best}.",
                remedy="Do not trade it; wait for more time, or look for what changed.",
            )
        )
    if held.decided < 1.0:
        found.append(
            FindingItem(
                severity="note",
                text=f"It declined to decide on {1.0 - held.decided:.0%} of the held-out rows; scores are over all of "
                "them.",
                remedy="Expect no signal there.",
            )
        )
    return found


def _of_card(text: str) -> FindingItem:
    for words, severity, remedy in REMEDIES:
        if words in text:
            return FindingItem(severity=severity, text=text, remedy=remedy)
    return FindingItem(severity="note", text=text)
