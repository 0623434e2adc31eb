"""Spread deviation: a bar's range against what a trailing regression on volume expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from augury.features.feature import Feature, Output
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine
from augury.features.vsa_deviation_step import STATE_CELLS, vsa_deviation_step
from augury.numerics.rolling import HEADER
from augury.spec import Spec

__all__ = ["VsaDeviationSpec", "vsa_deviation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VsaDeviationSpec(Spec):
    """Bars of the normalisation and of the regression, and the correlation below which nothing is expected."""

    window_bars: Annotated[int, msgspec.Meta(ge=3, le=512)] = 168
    min_correlation: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.2


_OUTPUTS = (
    Output(name="", meaning="normalised range minus the range that the regression expects from the volume"),
    Output(name="slope", meaning="range in average true ranges per volume in medians"),
    Output(name="intercept", meaning="expected normalised range of a bar without volume"),
    Output(name="correlation", meaning="of normalised range and volume", bounds=(-1.0, 1.0)),
)


def vsa_deviation(spec: VsaDeviationSpec | None = None) -> Feature:
    """Range minus the range expected from volume; above 0 the bar moved more than its volume usually buys.

    With W = `window_bars`: y = (high - low) / ATR_W of the bar before (Wilder), x = volume / median of the W volumes
    before. Least squares of y on x over the W bars before, the bar itself excluded; the value is
    y - (intercept + slope x), and 0 by definition where slope <= 0 or the correlation is below `min_correlation`
    (no relation, nothing to deviate from). Known at the close of the bar.

    Warm-up: 2 W + 1 bars (337 by default). Look-back: the whole history through the recursive ATR; the regression
    itself is recomputed from its W pairs at every bar, so nothing drifts.
    NaN: while warming up; for W bars after a bar whose ATR or median volume was 0; where the volumes of the window are
    all equal (no slope exists); `correlation` alone where the ranges are all equal.

    Source: the regression form of effort against result, after T. Williams, Master the Markets (1993, 2005).

    >>> vsa_deviation(VsaDeviationSpec(window_bars=50)).warm_up
    101
    """
    bound = spec or VsaDeviationSpec()
    width = bound.window_bars
    start = np.zeros(STATE_CELLS + 3 * (width + HEADER) + width)
    start[2] = np.nan  # no previous close yet
    machine = StepMachine(
        identity=f"vsa_deviation@{bound.id}",
        step=vsa_deviation_step,
        params=np.array([float(width), bound.min_correlation]),
        initial_state=start,
        outputs=len(_OUTPUTS),
    )
    return Feature(
        name="vsa_deviation",
        label="vsa_deviation",
        spec=bound,
        outputs=_OUTPUTS,
        inputs=("high", "low", "close", "volume"),
        warm_up=2 * width + 1,
        look_back=None,
        batch=machine.batch,
        open_stream=machine.open_stream,
    )


register(
    FeatureDefinition(
        name="vsa_deviation",
        summary="range of a bar against the range that its volume usually buys (trailing regression)",
        source="T. Williams, Master the Markets (1993, 2005); trailing least squares",
        spec_type=VsaDeviationSpec,
        build=vsa_deviation,
    )
)
