"""Returns that switch between regimes, with the true state of every bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.testing.generators.seed import Seed

__all__ = ["RegimePath", "RegimeTruth", "regime_returns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeTruth(Spec):
    """A Markov chain over regimes, each with its own normal returns.

    `means` and `stds` are per bar and regime; `stay` is the probability of staying in the regime for another bar, so a
    visit lasts `1 / (1 - stay)` bars on average; a switch picks any other regime with equal chance.
    """

    means: tuple[float, ...] = (0.0005, -0.001)
    stds: tuple[float, ...] = (0.006, 0.02)
    stay: tuple[float, ...] = (0.99, 0.97)

    def check(self) -> None:
        """Refuse unequal lengths, a single regime, and impossible numbers."""
        if not len(self.means) == len(self.stds) == len(self.stay) >= 2:
            raise InvalidInput(
                "need means, stds and stay of one length >= 2; "
                f"got {len(self.means)}, {len(self.stds)}, {len(self.stay)}"
            )
        if min(self.stds) <= 0.0 or min(self.stay) < 0.0 or max(self.stay) >= 1.0:
            raise InvalidInput(f"need stds > 0 and 0 <= stay < 1; got stds={self.stds}, stay={self.stay}")

    def occupancy(self) -> FloatVector:
        """The long-run share of bars in each regime, float64[k]."""
        leave = 1.0 - np.array(self.stay)
        count = len(self.stay)
        moves = np.diag(self.stay) + (leave[:, None] * (1.0 - np.eye(count))) / (count - 1)
        system = np.vstack([moves.T - np.eye(count), np.ones(count)])
        solution: FloatVector = np.linalg.lstsq(system, np.append(np.zeros(count), 1.0), rcond=None)[0]
        return solution


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimePath:
    """Returns float64[n] and the regime int64[n] each bar was drawn from."""

    returns: FloatVector
    states: IntVector


def regime_returns(count: int, truth: RegimeTruth | None = None, *, seed: Seed = None) -> RegimePath:
    """Simulate log returns per bar under regime switches, the first regime drawn from the long-run shares.

    >>> set(regime_returns(500, seed=2).states.tolist()) <= {0, 1}
    True
    """
    if count < 1:
        raise InvalidInput(f"need count >= 1; got {count}")
    truth = truth or RegimeTruth()
    rng = np.random.default_rng(seed)
    regimes = len(truth.stay)
    draws = rng.random(count).tolist()
    others = rng.integers(1, regimes, count).tolist()
    states = np.empty(count, dtype=np.int64)
    state = int(rng.choice(regimes, p=truth.occupancy()))
    for t in range(count):
        if t and draws[t] >= truth.stay[state]:
            state = (state + others[t]) % regimes
        states[t] = state
    returns = np.array(truth.means)[states] + np.array(truth.stds)[states] * rng.standard_normal(count)
    return RegimePath(returns=returns, states=states)
