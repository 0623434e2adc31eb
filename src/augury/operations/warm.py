"""The `warm` operation: compile every kernel ahead, so that no first call waits (image builds, CI)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from augury import features, sample, signals
from augury.backtest.search.threads import in_threads
from augury.numerics.compile_ahead import Compilers, kernel_modules
from augury.operations.operation import Operation, Progress
from augury.operations.registry import distributions, register
from augury.spec import Spec

__all__ = ["WarmOptions", "WarmResult"]

_PORTION = 4  # modules that one process imports together: neighbours import the same others


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmOptions(Spec):
    """Options of the `warm` operation: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmResult:
    """How many features were built, in how many modules kernels are defined, and how long it took, in seconds."""

    features: int
    kernel_modules: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {"features": self.features, "kernel_modules": self.kernel_modules, "seconds": self.seconds}


def _run(options: WarmOptions, progress: Progress) -> WarmResult:  # noqa: ARG001
    started = time.perf_counter()
    modules = kernel_modules(distributions())
    portions = [modules[first : first + _PORTION] for first in range(0, len(modules), _PORTION)]
    with Compilers() as compilers:
        in_threads(
            [partial(compilers.load, portion) for portion in portions],
            lambda done, total: progress.track(done, "Compiling kernels", total),
        )
    definitions = features.definitions()
    for name in progress.track(definitions, "Building features", len(definitions)):
        features.make(name)
    data = sample.load_sample()
    engine = signals.SignalEngine(sectors=data.sectors)
    ticker, bars = next(iter(data.bars.items()))
    engine.generate_signal(ticker, bars.iloc[-500:], data.news[:50])
    return WarmResult(features=len(definitions), kernel_modules=len(modules), seconds=time.perf_counter() - started)


register(
    Operation(
        name="warm",
        summary="Compile every kernel ahead, so that no first call waits.",
        example="augury warm",
        spec_type=WarmOptions,
        result="augury.operations.warm:WarmResult",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
