"""The label suite: every rule of the Label contract as a named check."""

from __future__ import annotations

from collections.abc import Callable

from augury.learning.labels.label import Label
from augury.testing.contract import Check, CheckOutcome, run_checks
from augury.testing.label_rules import (
    answers_are_repeated,
    depends_on_its_future,
    ends_are_tight,
    ends_hold,
    scale_of_prices_is_ignored,
    short_series_are_unknown,
    survives_awkward_bars,
    values_keep_their_form,
)
from augury.testing.label_trial import LabelSuiteSpec, LabelTrial

__all__ = ["label_suite", "run_label_suite"]

_RULES: dict[str, Callable[[LabelTrial], None]] = {
    "values_keep_their_form": values_keep_their_form,
    "answers_are_repeated": answers_are_repeated,
    "ends_hold": ends_hold,
    "ends_are_tight": ends_are_tight,
    "depends_on_its_future": depends_on_its_future,
    "scale_of_prices_is_ignored": scale_of_prices_is_ignored,
    "short_series_are_unknown": short_series_are_unknown,
    "survives_awkward_bars": survives_awkward_bars,
}


def label_suite(label: Label, spec: LabelSuiteSpec | None = None) -> list[Check]:
    """Every rule of the Label contract about one label, as named checks: form, stated ends, scale, awkward series.

    Ends must hold (nothing after them moves a label) and be tight (the bar at the end can), since purging trusts them.

    >>> from augury.learning.labels.registry import label
    >>> [check.name for check in label_suite(label("direction"))][2:4]
    ['ends_hold', 'ends_are_tight']
    """
    trial = LabelTrial(label=label, spec=spec or LabelSuiteSpec())

    def bound(rule: Callable[[LabelTrial], None]) -> Callable[[], None]:
        return lambda: rule(trial)

    return [Check(subject=label.name, name=name, run=bound(rule)) for name, rule in _RULES.items()]


def run_label_suite(label: Label, spec: LabelSuiteSpec | None = None) -> tuple[CheckOutcome, ...]:
    """Run the whole suite on one label and return every outcome; broken rules carry their message."""
    return run_checks(label_suite(label, spec))
