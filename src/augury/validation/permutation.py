"""Monte-Carlo permutation tests: would the whole search have found as much in histories without structure?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any, TypeAlias

import numpy as np
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.validation.outcome import Outcome
from augury.validation.permutation_kernels import bar_relatives, draw_order, permute_bars
from augury.validation.seeds import Seed, seed_number
from augury.validation.series import finite_matrix

__all__ = ["PermutationSpec", "PermutationTest", "judge_null", "permutation_test", "permuted_bars", "tie_floor"]

Statistic: TypeAlias = Callable[..., float]
Track: TypeAlias = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationSpec(Spec):
    """How to permute.

    `start_index` is the first bar that may move: 1 for the in-sample form, the end of the first training window for the
    walk-forward form. `block_bars` > 1 moves runs of neighbours together, which keeps most volatility clustering.
    `stop_at` > 0 ends once that many permutations did as well as the history itself (Besag and Clifford 1991; 20 is
    usual): a clear failure then costs a fraction of the permutations.
    """

    permutations: Annotated[int, Meta(ge=19)] = 1000
    start_index: Annotated[int, Meta(ge=1)] = 1
    block_bars: Annotated[int, Meta(ge=1)] = 1
    stop_at: Annotated[int, Meta(ge=0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest(Outcome):
    """One-sided: `p_value` is how often chance does at least as well, (1 + `exceedances`) / (1 + R).

    After an early stop (`stopped`) it is exceedances / R instead. `null` holds the R statistics of the permuted
    histories in order. Undefined ones (`undefined`, NaN) count as exceedances: they can only raise p.
    """

    observed: float
    p_value: float
    exceedances: int
    undefined: int
    stopped: bool
    bars: int
    markets: int
    start_index: int
    block_bars: int
    null: FloatVector = field(repr=False, compare=False)

    @property
    def permutations(self) -> int:
        """How many permuted histories were evaluated."""
        return len(self.null)

    @property
    def standard_error(self) -> float:
        """Monte-Carlo standard error of the p-value."""
        return math.sqrt(max(self.p_value * (1.0 - self.p_value), 0.0) / max(self.permutations, 1))


def permuted_bars(
    bars: FloatMatrix | Sequence[FloatMatrix], spec: PermutationSpec | None = None, *, seed: int, index: int
) -> tuple[FloatMatrix, ...]:
    """Permutation number `index` of one or several markets (float64[5, n] each, the same order for all).

    Raises InvalidInput when the matrices differ in length or leave fewer than 10 bars to permute.
    """
    return next(_histories(_markets(bars), spec or PermutationSpec(), seed_number(seed), iter([index])))


def permutation_test(
    statistic: Statistic,
    bars: FloatMatrix | Sequence[FloatMatrix],
    spec: PermutationSpec | None = None,
    *,
    seed: Seed = 0,
    threads: int = 1,
    track: Track = iter,
) -> PermutationTest:
    """Bar-permutation test of a search for a strategy (Masters 2018, 2020; Aronson 2006).

    `statistic(*markets)` takes float64[5, n] per market (open, high, low, close, volume) and returns the best metric
    after the *whole* optimisation; a statistic that keeps a parameter tuned on the real history makes the test reject
    noise far too often. For the walk-forward form let it re-run the walk-forward and set `start_index`. Permuting
    keeps first and last close, drift and the distribution of moves, and destroys their order.

    `threads` > 1 helps when the statistic releases the GIL; the result is the same for any number. `track` wraps the
    permutation numbers to show progress. When the statistic of the history itself is undefined nothing is permuted.

    >>> import numpy as np
    >>> closes = 100 + np.cumsum(np.sin(np.arange(60.0)))
    >>> bars = np.vstack([closes, closes + 1, closes - 1, closes, np.ones(60)])
    >>> test = permutation_test(lambda m: float(np.corrcoef(np.diff(m[3])[1:], np.diff(m[3])[:-1])[0, 1]), bars)
    >>> test.p_value < 0.01
    True
    """
    spec = spec or PermutationSpec()
    markets = _markets(bars)
    number = seed_number(seed)
    shape = (markets[0].shape[1], len(markets))
    _check_room(shape[0], spec)
    observed = float(statistic(*[market.copy() for market in markets]))
    if not math.isfinite(observed):
        return judge_null(observed, np.empty(0), spec, seed=number, shape=shape)
    histories = _histories(markets, spec, number, iter(track(range(spec.permutations))))
    floor = tie_floor(observed)
    null: list[float] = []
    exceedances = 0
    for value in _evaluate(statistic, histories, threads):
        null.append(value)
        exceedances += not value < floor
        if spec.stop_at and exceedances >= spec.stop_at:
            break
    return judge_null(observed, np.array(null), spec, seed=number, shape=shape)


def tie_floor(observed: float) -> float:
    """From where on a permuted statistic counts as at least as good: equal up to the rounding of the rebuilding."""
    return observed - 1e-9 * abs(observed)


def judge_null(
    observed: float, null: FloatVector, spec: PermutationSpec, *, seed: int, shape: tuple[int, int]
) -> PermutationTest:
    """The result for an observed statistic and its null distribution, wherever the permutations were computed.

    `shape` is (bars, markets). The null is cut where `spec.stop_at` ends it, so a kernel may compute more.
    """
    method = f"bar permutation from bar {spec.start_index}, blocks of {spec.block_bars}"
    exceeds = ~(null < tie_floor(observed))  # NaN counts as an exceedance
    stopped = False
    reason = None
    if spec.stop_at:
        reached = np.flatnonzero(np.cumsum(exceeds) >= spec.stop_at)
        if reached.size:
            stopped = int(reached[0]) + 1 < spec.permutations
            null, exceeds = null[: reached[0] + 1], exceeds[: reached[0] + 1]
    if not math.isfinite(observed):
        reason = "the statistic of the history itself is undefined, so there is nothing to compare"
    elif null.size == 0:
        reason = "no permutation was evaluated"
    elif null.size > 1 and bool((np.abs(null - observed) <= observed - tie_floor(observed)).all()):
        reason = "the statistic is the same for every order of the bars, so their order cannot be evidence for it"
    count = int(exceeds.sum())
    p_value = math.nan if reason else count / null.size if stopped else (1 + count) / (1 + null.size)
    return PermutationTest(
        method=method,
        seed=seed,
        reason=reason,
        observed=observed,
        p_value=p_value,
        exceedances=count,
        undefined=int(np.isnan(null).sum()),
        stopped=stopped,
        bars=shape[0],
        markets=shape[1],
        start_index=spec.start_index,
        block_bars=spec.block_bars,
        null=null,
    )


def _markets(bars: FloatMatrix | Sequence[FloatMatrix]) -> list[FloatMatrix]:
    given: list[Any] = [bars] if isinstance(bars, np.ndarray) and bars.ndim == 2 else list(bars)
    markets = [finite_matrix(market, f"market {place}") for place, market in enumerate(given)]
    shapes = {market.shape for market in markets}
    if len(shapes) != 1 or next(iter(shapes))[0] != 5:
        raise InvalidInput(f"expected float64[5, n] per market with one n for all, got shapes {sorted(shapes)}")
    if any((market[:4] <= 0.0).any() for market in markets):
        raise InvalidInput("expected prices above 0, got others: bar permutation works on ratios of prices")
    return markets


def _check_room(bars: int, spec: PermutationSpec) -> None:
    if bars - spec.start_index < 10 * spec.block_bars:
        raise InvalidInput(
            f"expected at least 10 blocks of {spec.block_bars} bars from bar {spec.start_index} on to permute, "
            f"got {bars - spec.start_index} bars; pass a longer history, a smaller start_index or shorter blocks"
        )


def _histories(
    markets: list[FloatMatrix], spec: PermutationSpec, seed: int, numbers: Iterator[int]
) -> Iterator[tuple[FloatMatrix, ...]]:
    _check_room(markets[0].shape[1], spec)
    relatives = [np.empty_like(market) for market in markets]
    for market, relative in zip(markets, relatives, strict=True):
        bar_relatives(market, relative)
    orders = np.empty((2, markets[0].shape[1]), dtype=np.int64)
    for number in numbers:
        draw_order(seed, number, spec.start_index, spec.block_bars, orders)
        permuted = tuple(np.empty_like(market) for market in markets)
        for market, relative, out in zip(markets, relatives, permuted, strict=True):
            permute_bars(market, relative, spec.start_index, orders, out)
        yield permuted


def _evaluate(statistic: Statistic, histories: Iterator[tuple[FloatMatrix, ...]], threads: int) -> Iterator[float]:
    """Statistics in the order of the permutations; a batch of histories at a time when several threads work."""
    if threads == 1:
        for history in histories:
            yield float(statistic(*history))
        return
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(islice(histories, 4 * threads)):
            yield from pool.map(lambda history: float(statistic(*history)), batch)
