"""Clustering of jumps: a Hawkes process fitted to the bars whose return (or volume) jumps, filtered bar by bar.

The clustering flag tests "jumps come independently". Measured at the last bar by `scripts/hawkes_clustering_rates.py`
(4,000 series a cell, default options; the rates are of the series whose fit is known):

    bars   fit known, iid   flag on iid normal / t(4)   fit known, GARCH(.1, .88)   flag on GARCH
     300        16 %             1.1 % / 0.6 %                    35 %                   40 %
     400        92 %             0.8 % / 0.8 %                    68 %                   57 %
     500       100 %             0.7 % / 0.8 %                    87 %                   64 %
    1000       100 %             1.1 % / 1.1 %                    98 %                   80 %

With 300 bars the fit is mostly unknown: 100 bars set the threshold, and the last refit falls on the 150th bar after.
The clock counts bars: nights and weekends take no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidInput
from augury.features.feature import Feature, Output
from augury.features.hawkes_fit_spec import HawkesFitSpec
from augury.features.hawkes_step import NO_FIT_BEFORE, hawkes_initial_state, hawkes_step
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine, run_steps

__all__ = ["HawkesSpec"]

Bars = Annotated[int, msgspec.Meta(ge=2, le=100_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HawkesSpec(HawkesFitSpec):
    """Options of the feature `hawkes`.

    `events="returns"`: bar t is an event when its |log return| exceeds the `threshold_quantile` of the previous
    `threshold_bars` ones (bar t left out; from `min_threshold_bars` on, all there are). A slow threshold on purpose:
    scaling by fast volatility would remove the clustering. `events="volume"`: volume above `volume_ratio` times the
    mean of the previous `baseline_bars`; where that mean is 0 the event is unknown and counts as none.
    The fit looks back over the last `window_bars` bars that could be events (fewer while there are fewer) and is
    repeated every `refit_bars` of them, counted from the first; below `min_events` events it is unknown.
    """

    events: Literal["returns", "volume"] = "returns"
    threshold_bars: Bars = 500
    min_threshold_bars: Bars = 100
    threshold_quantile: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.90
    volume_ratio: Annotated[float, msgspec.Meta(gt=0)] = 2.5
    baseline_bars: Bars = 50
    window_bars: Bars = 500
    refit_bars: Annotated[int, msgspec.Meta(ge=1)] = 50
    horizon_bars: Annotated[int, msgspec.Meta(ge=1)] = 20

    def check(self) -> None:
        """Windows fit into one another."""
        HawkesFitSpec.check(self)
        if self.min_threshold_bars > self.threshold_bars:
            raise InvalidInput(
                f"min_threshold_bars must not exceed threshold_bars; got {self.min_threshold_bars} and "
                f"{self.threshold_bars}; lower the first"
            )
        if self.min_events > self.window_bars:
            raise InvalidInput(
                f"min_events must not exceed window_bars; got {self.min_events} and {self.window_bars}; the fit could "
                "never happen"
            )


OUTPUTS = (
    Output(name="branching", meaning="mean number of jumps set off by one jump", bounds=(0.0, 1.0)),
    Output(
        name="decay", meaning="decay of a jump's influence per bar; unknown when branching is 0", bounds=(0.0, None)
    ),
    Output(name="base_rate", meaning="jumps per bar that nothing sets off", bounds=(0.0, None)),
    Output(name="likelihood_ratio", meaning="2 (lnL - lnL of independent jumps)", bounds=(0.0, None)),
    Output(
        name="clustering", meaning="jumps cluster: branching and likelihood ratio above their thresholds", flag=True
    ),
    Output(name="event", meaning="this bar jumped", flag=True),
    Output(name="intensity", meaning="jumps per bar at the start of the next bar", bounds=(0.0, None)),
    Output(name="event_probability", meaning="probability of a jump in the next bar", bounds=(0.0, 1.0)),
    Output(name="excitement", meaning="intensity over base rate", bounds=(1.0, None)),
    Output(name="expected_events", meaning="jumps expected over the next `horizon_bars` bars", bounds=(0.0, None)),
    Output(name="half_life", meaning="bars until a jump's influence has halved", bounds=(0.0, None)),
)


def build(spec: HawkesSpec) -> Feature:
    """The feature with these options bound."""
    by_volume = spec.events == "volume"
    warm_up = spec.baseline_bars if by_volume else spec.min_threshold_bars + 1
    machine = _machine(spec, by_volume)

    def tail(opened_at: IntVector, bars: FloatMatrix, count: int) -> FloatMatrix:
        """The last `count` columns: earlier fits than the one in force at the first of them are left out."""
        first = max(bars.shape[1] - count, 0)
        state = machine.initial_state.copy()
        read = bars[4 if by_volume else 3, : first + 1]
        usable = int(np.count_nonzero((read >= 0.0 if by_volume else read > 0.0) & (read < np.inf)))
        state[NO_FIT_BEFORE] = max(usable - warm_up, 0) // spec.refit_bars * spec.refit_bars
        out = np.empty((len(OUTPUTS), bars.shape[1]))
        run_steps(machine.address, state, machine.params, opened_at, bars, out)
        return np.ascontiguousarray(out[:, first:])

    return Feature(
        name="hawkes",
        label="hawkes",
        spec=spec,
        outputs=OUTPUTS,
        inputs=("volume",) if by_volume else ("close",),
        warm_up=warm_up,
        look_back=None,
        batch=machine.batch,
        open_stream=machine.open_stream,
        tail=tail,
    )


def _machine(spec: HawkesSpec, by_volume: bool) -> StepMachine:
    options = [spec.threshold_bars, spec.min_threshold_bars, spec.threshold_quantile, by_volume, spec.volume_ratio]
    options += [spec.baseline_bars, spec.window_bars, spec.refit_bars, spec.min_events, spec.horizon_bars]
    options += [spec.clustering_branching, spec.clustering_likelihood_ratio]
    remembered = spec.baseline_bars if by_volume else spec.threshold_bars
    return StepMachine(
        identity=f"hawkes@{spec.id}",
        step=hawkes_step,
        params=np.concatenate([np.array(options, dtype=np.float64), spec.limits]),
        initial_state=hawkes_initial_state(remembered, spec.window_bars),
        outputs=len(OUTPUTS),
    )


register(
    FeatureDefinition(
        name="hawkes",
        summary="clustering of jumps: branching ratio, intensity and probability of the next one",
        source="Hawkes (1971); Ozaki (1979); Filimonov and Sornette (2012, 2015)",
        spec_type=HawkesSpec,
        build=build,
    )
)
