"""How hard a result is tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.spec import Spec

__all__ = ["ProofSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSpec(Spec):
    """Numbers of repetitions, windows and the seed of the tests that make the proof of a backtest.

    `permutations` 0 leaves the permutation tests out. `block_bars` > 1 permutes runs of neighbouring bars together.
    `train_bars` and `test_bars` are the walk-forward's windows; None takes a third and a fifteenth of the history.
    """

    permutations: Annotated[int, msgspec.Meta(ge=0)] = 1000
    block_bars: Annotated[int, msgspec.Meta(ge=1)] = 1
    replications: Annotated[int, msgspec.Meta(ge=199)] = 2000
    confidence: Annotated[float, msgspec.Meta(gt=0.5, lt=1.0)] = 0.95
    train_bars: Annotated[int, msgspec.Meta(ge=20)] | None = None
    test_bars: Annotated[int, msgspec.Meta(ge=5)] | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
