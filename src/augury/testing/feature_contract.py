"""The feature suite: every rule of the Feature contract as a named check."""

from __future__ import annotations

from collections.abc import Callable

from augury.errors import LookAheadError
from augury.features.feature import Feature
from augury.testing.causality import check_causality
from augury.testing.contract import Check, CheckOutcome, run_checks
from augury.testing.feature_rules import (
    batch_is_pure,
    inputs_are_declared,
    look_back_is_enough,
    prices_scale_as_declared,
    short_input_is_unknown,
    survives_awkward_bars,
    volumes_scale_as_declared,
    warm_up_is_honoured,
)
from augury.testing.feature_trial import FeatureTrial, SuiteSpec
from augury.testing.stream_trial import StreamTrial
from augury.testing.streaming import stream_checks

__all__ = ["feature_suite", "run_feature_suite"]


def _outputs_are_described(trial: FeatureTrial) -> None:
    """Distinct column names, a meaning for each, bounds in order, flags without bounds of their own."""
    columns = trial.feature.columns
    if not columns or len(set(columns)) != len(columns):
        trial.broken(f"column names must be distinct and at least one; got {columns}")
    for output, column in zip(trial.feature.outputs, columns, strict=True):
        low, high = output.bounds
        if not output.meaning:
            trial.broken(f"column {column!r} has no meaning")
        if low is not None and high is not None and low > high:
            trial.broken(f"column {column!r} has its bounds in the wrong order: {output.bounds}")


def _values_keep_their_form(trial: FeatureTrial) -> None:
    """Count, type and shape of the outputs, flags in {0, 1, NaN}, bounds, no infinities."""
    trial.require_ranges(trial.values)


def _is_causal(trial: FeatureTrial) -> None:
    report = check_causality(trial.feature, trial.bars, plan=trial.spec.causality)
    if report.leaks:
        raise LookAheadError(str(report))


_RULES: dict[str, Callable[[FeatureTrial], None]] = {
    "outputs_are_described": _outputs_are_described,
    "values_keep_their_form": _values_keep_their_form,
    "warm_up_is_honoured": warm_up_is_honoured,
    "short_input_is_unknown": short_input_is_unknown,
    "batch_is_pure": batch_is_pure,
    "inputs_are_declared": inputs_are_declared,
    "look_back_is_enough": look_back_is_enough,
    "prices_scale_as_declared": prices_scale_as_declared,
    "volumes_scale_as_declared": volumes_scale_as_declared,
    "survives_awkward_bars": survives_awkward_bars,
    "is_causal": _is_causal,
}


def feature_suite(feature: Feature, spec: SuiteSpec | None = None) -> list[Check]:
    """Every rule of the Feature contract about one feature, as named checks: form, time, scale, streaming, causality.

    Work is shared between the checks of one list and done when the first of them runs.

    >>> from augury.features.registry import make
    >>> [check.name for check in feature_suite(make("permutation_entropy"))][:2]
    ['outputs_are_described', 'values_keep_their_form']
    """
    trial = FeatureTrial(feature=feature, spec=spec or SuiteSpec())
    streams: list[StreamTrial] = []

    def stream_trial() -> StreamTrial:
        if not streams:
            streams.append(StreamTrial.on(feature, trial.bars, seed=trial.spec.seed))
        return streams[0]

    def bound(rule: Callable[[FeatureTrial], None]) -> Callable[[], None]:
        return lambda: rule(trial)

    rules = [Check(subject=feature.label, name=name, run=bound(rule)) for name, rule in _RULES.items()]
    return rules + stream_checks(feature, stream_trial)


def run_feature_suite(feature: Feature, spec: SuiteSpec | None = None) -> tuple[CheckOutcome, ...]:
    """Run the whole suite on one feature and return every outcome; broken rules carry their message."""
    return run_checks(feature_suite(feature, spec))
