"""One thing that was tried, as its caller hands it over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.ledger.canonical import digest, written_text
from augury.ledger.capsule import Capsule
from augury.ledger.data_key import DataKey
from augury.spec import Spec

__all__ = ["BLOCKS", "KINDS", "Entry", "block_sums"]

KINDS = ("ab", "audit", "backtest", "compare", "optimise", "sweep", "validate")
"""The kinds that Augury writes itself; any other lower-case word is a kind too."""

BLOCKS = 64
"""Blocks that a trial's returns are summed to: all sweeps that use the same number can be compared."""

MOST_TRIALS = 10_000_000


def block_sums(returns: NDArray[Any], blocks: int = BLOCKS) -> NDArray[np.float64]:
    """Sums of bar returns float[..., n] over consecutive blocks: float64[..., min(blocks, n)].

    Block b of B covers the bars `b * n // B` up to, not including, `(b + 1) * n // B`. NaN stays NaN in its block.

    >>> block_sums(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 2).tolist()
    [3.0, 12.0]
    """
    bars = returns.shape[-1]
    if bars == 0 or blocks < 1:
        raise InvalidInput(f"expected at least one return and one block, got {bars} returns and {blocks} blocks")
    blocks = min(blocks, bars)
    starts = np.arange(blocks) * bars // blocks
    return np.add.reduceat(np.asarray(returns, dtype=np.float64), starts, axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """What was tried, on which data, with which outcome.

    `kind`: one of KINDS or another lower-case word. `subject`: the strategy's name. `strategy_id`: hash of its code and
    name. `parameters`: of the run, or the grid of a sweep. `spec`: the engine's options. `trials`: how many were tried
    in this entry; 0 for something that tries nothing. `headline`: the figures shown first. `capsule`: what a later
    re-execution needs. `note`: a sentence for readers.

    Arrays, all optional: `sharpes` float64[k], Sharpe ratio per bar (not annualised) of each of the k known trials;
    `returns` float32 or float64[n], the bar returns of a single run, kept in the type given; `block_returns` float[k,
    B], for each trial the sums over B blocks of bars (see `block_sums`); `trial_parameters`, for each parameter its k
    values. k may be less than `trials` when more was tried than is known, in an audit for instance. NaN in an array is
    kept and means undefined; NaN in a mapping becomes null.

    Raises InvalidInput when the sizes contradict each other or a value cannot be written as JSON.
    """

    kind: str
    subject: str
    strategy_id: str
    data: DataKey
    parameters: Mapping[str, Any] = field(default_factory=dict)
    spec: Spec | Mapping[str, Any] = field(default_factory=dict)
    trials: int = 1
    headline: Mapping[str, Any] = field(default_factory=dict)
    sharpes: FloatVector | None = None
    returns: NDArray[Any] | None = None
    block_returns: NDArray[Any] | None = None
    trial_parameters: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None
    capsule: Capsule | Mapping[str, Any] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", self.kind):
            raise InvalidInput(f"kind should be a lower-case word such as {', '.join(KINDS)}; got {self.kind!r}")
        for name in ("subject", "strategy_id"):
            written_text(getattr(self, name), what=f"{name} of an entry")
        if not isinstance(self.data, DataKey):
            raise InvalidInput(f"data of an entry should be a DataKey, got {type(self.data).__name__}")
        if isinstance(self.trials, bool) or not isinstance(self.trials, int) or not 0 <= self.trials <= MOST_TRIALS:
            raise InvalidInput(f"trials should be a whole number from 0 to {MOST_TRIALS:,}, got {self.trials!r}")
        self._check_arrays()

    def _check_arrays(self) -> None:
        sizes: dict[str, int] = {}
        for name, dimensions in (("sharpes", 1), ("returns", 1), ("block_returns", 2)):
            array = getattr(self, name)
            if array is None:
                continue
            if not isinstance(array, np.ndarray) or array.ndim != dimensions or array.dtype.kind != "f":
                raise InvalidInput(
                    f"{name} should be an array of floats with {dimensions} dimensions, got {array!r:.80}"
                )
            sizes[name] = 1 if name == "returns" else len(array)
        if self.returns is not None and (self.block_returns is not None or len(self.returns) == 0):
            raise InvalidInput("an entry takes the returns of a single run or block_returns, and returns are not empty")
        if self.block_returns is not None and self.block_returns.shape[1] == 0:
            raise InvalidInput("block_returns should have at least one block a trial, got none")
        for name, values in (self.trial_parameters or {}).items():
            sizes[f"trial_parameters[{name!r}]"] = len(values)
        if len(set(sizes.values())) > 1:
            raise InvalidInput(f"the arrays of an entry should describe the same trials, got sizes {sizes}")
        if self.known > self.trials:
            raise InvalidInput(f"{self.known} trials are described, but trials = {self.trials}; count them all")

    @property
    def known(self) -> int:
        """How many trials the arrays describe."""
        if self.returns is not None:
            return 1
        for array in (self.sharpes, self.block_returns):
            if array is not None:
                return len(array)
        return max((len(values) for values in (self.trial_parameters or {}).values()), default=0)

    @property
    def spec_id(self) -> str:
        """The spec's own id, or a hash of the mapping."""
        return self.spec.id if isinstance(self.spec, Spec) else digest(self.spec, what="spec")
