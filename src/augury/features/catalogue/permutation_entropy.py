"""Feature: permutation entropy and statistical complexity of a rolling window, tested against noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.features.feature import Feature, Output
from augury.features.noise_tables import EntropyInput, permutation_noise
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine
from augury.features.windowed_tail import windowed_tail
from augury.numerics.permutation_kernels import permutation_initial_state, permutation_params, permutation_step
from augury.spec import Spec

__all__ = ["PermutationEntropySpec", "permutation_entropy", "permutation_machine"]

_OUTPUTS = (
    Output(name="entropy", meaning="normalised entropy of ordinal patterns: 1 for noise", bounds=(0.0, 1.0)),
    Output(name="complexity", meaning="Jensen-Shannon complexity: 0 for noise and for order", bounds=(0.0, 1.0)),
    Output(name="z", meaning="entropy less its mean on noise, in standard deviations on noise"),
    Output(name="predictable", meaning="1 where the entropy is below the 1 % point of noise", flag=True),
    Output(name="complex", meaning="1 where it is at or above the 5 % point: not to be told from noise", flag=True),
    Output(name="tie_share", meaning="share of the patterns that contain equal values", bounds=(0.0, 1.0)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationEntropySpec(Spec):
    """Options: values in a pattern, patterns in the window, the series, and the share of tied patterns tolerated.

    Order 3 takes windows of 50 to 1,000 bars, order 4 of 100 to 1,000, order 5 of 500 to 1,600; ten patterns for each
    of the order! possible ones is a good rule.
    """

    window_bars: Annotated[int, msgspec.Meta(ge=50, le=1600)] = 250
    order: Annotated[int, msgspec.Meta(ge=3, le=5)] = 4
    series: EntropyInput = "returns"
    max_tie_share: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.3

    def check(self) -> None:
        """The window must lie within the noise table of the order."""
        permutation_noise(self.series, self.order, self.window_bars)


def permutation_machine(
    spec: PermutationEntropySpec, null: tuple[float, float, float, float], identity: str
) -> StepMachine:
    """The step machine with the mean, standard deviation, 1 % and 5 % points of the entropy of noise."""
    params = permutation_params(
        window=spec.window_bars,
        order=spec.order,
        on_returns=spec.series == "returns",
        null=null,
        max_tie_share=spec.max_tie_share,
    )
    return StepMachine(
        identity=identity,
        step=permutation_step,
        params=params,
        initial_state=permutation_initial_state(params),
        outputs=len(_OUTPUTS),
    )


def permutation_entropy(spec: PermutationEntropySpec) -> Feature:
    """Entropy and complexity of the last `window_bars` ordinal patterns of log returns (or log prices).

    Equal values rank in order of appearance. NaN until the window is full; all but `tie_share` are NaN where more
    than `max_tie_share` of the patterns contain equal values. A value at t uses closes up to t and is known at the
    close of t. The null is independent Gaussian log returns: `predictable` is set on 1 % of such bars and `complex`
    on 95 %. Any bar depends on the window alone, in every bit. Bandt and Pompe (2002), Rosso et al. (2007), Zunino et
    al. (2017).
    """
    null = permutation_noise(spec.series, spec.order, spec.window_bars)
    machine = permutation_machine(spec, null, f"permutation_entropy@{spec.id}")
    look_back = spec.window_bars + spec.order - 1 + (spec.series == "returns")
    return Feature(
        name="permutation_entropy",
        label="permutation_entropy" if spec.series == "returns" else "permutation_entropy_price",
        spec=spec,
        outputs=_OUTPUTS,
        inputs=("close",),
        warm_up=look_back - 1,
        look_back=look_back,
        batch=machine.batch,
        open_stream=machine.open_stream,
        tail=windowed_tail(machine.batch, look_back),
    )


register(
    FeatureDefinition(
        name="permutation_entropy",
        summary="Permutation entropy and Jensen-Shannon complexity of returns or prices, tested against noise",
        source="Bandt and Pompe (2002); Rosso et al. (2007); Zunino et al. (2017)",
        spec_type=PermutationEntropySpec,
        build=permutation_entropy,
    )
)
