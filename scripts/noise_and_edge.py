"""How often a search over noise is believed, and how often a planted edge is found: rates of the product's own verdict.

    python scripts/noise_and_edge.py            # prints the table; some minutes
    python scripts/noise_and_edge.py --sets 20  # a quick look

Noise: four years of daily bars without drift, 190 moving-average rules, the best by Sharpe ratio is judged. Edge: the
same search where one of the rules has a true Sharpe ratio of 2. The naive test is a stationary bootstrap of the
winner's mean return that does not know of the search.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.backtest import BacktestSpec, CostSpec, ProofSpec, Tried, prove, sweep
from augury.market import bars_frame
from augury.validation import bootstrap_interval, effective_trials
from augury.validation.bootstrap import BootstrapSpec
from augury.validation.size_and_power import rejection_rates

BARS = 1_008
WINDOWS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200)
GRID = {"fast": WINDOWS[:-1], "slow": WINDOWS[1:], "short": [1]}
PLANTED = (10, 50)
PLANTED_DRIFT = 2.09
"""Drift in units of a Sharpe ratio a year: what warm-up, costs and drifting weights leave of it is 2, as printed."""

VOLATILITY = 0.01
SETTINGS = BacktestSpec(costs=CostSpec(commission_rate=0.0001, slippage_rate=0.0, borrow_rate=0.0))
"""Costs of a basis point, so that the planted Sharpe ratio is nearly the one after costs."""
DAY_NS = 86_400 * 10**9


def frame_of(closes: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Daily bars around the closes: each opens where the last one closed, with small wicks."""
    opens = np.concatenate(([closes[0]], closes[:-1]))
    wick = np.abs(rng.normal(0.0, 0.002, (2, closes.size)))
    high, low = np.maximum(opens, closes) * (1 + wick[0]), np.minimum(opens, closes) * (1 - wick[1])
    days = pd.bdate_range("2015-01-01", periods=closes.size).as_unit("ns").asi8
    return bars_frame(days, np.vstack([opens, high, low, closes, np.full(closes.size, 1e6)]))


def noise(rng: np.random.Generator) -> pd.DataFrame:
    """Bars without drift or memory."""
    return frame_of(100.0 * np.exp(np.cumsum(rng.normal(0.0, VOLATILITY, BARS))), rng)


def edge(rng: np.random.Generator, sharpe: float = PLANTED_DRIFT) -> pd.DataFrame:
    """Bars whose drift follows one of the rules, so that holding its position earns that Sharpe ratio before costs."""
    fast, slow = PLANTED
    shocks = rng.normal(0.0, VOLATILITY, BARS)
    closes = np.empty(BARS)
    closes[0], held = 100.0, 0.0
    for t in range(1, BARS):
        closes[t] = closes[t - 1] * np.exp(held * sharpe / np.sqrt(252.0) * VOLATILITY + shocks[t])
        if t + 1 >= slow:
            held = 1.0 if closes[t + 1 - fast : t + 1].mean() > closes[t + 1 - slow : t + 1].mean() else -1.0
    return frame_of(closes, rng)


@dataclass(frozen=True)
class Judged:
    """What the tests said of the best rule of one data set."""

    naive: bool
    deflated: bool
    permuted: bool
    superior: bool
    level: str
    planted_sharpe: float


def judged(bars: pd.DataFrame, permutations: int, seed: int) -> Judged:
    """Search, choose the best, prove it with the count of its search, and see what is believed."""
    found = sweep("sma_crossover", bars, GRID, SETTINGS)
    best = found.result(found.best())
    count = effective_trials(found.parts[0].block_sums)
    sharpes = found.measured("sharpe") / np.sqrt(best.subject.periods_per_year)
    tried = Tried(configurations=len(found), effective=count.effective, sharpes=sharpes, source="this search")
    proof = prove(
        best, ProofSpec(permutations=permutations, replications=499, seed=seed), sweep=found, tried=tried
    ).proof
    assert proof is not None
    naive = bootstrap_interval(best.returns, "mean", BootstrapSpec(replications=499, confidence=0.90), seed=seed)
    gates = {item.name: item.passed for item in proof.in_sample.gate}
    return Judged(
        naive=naive.lower > 0.0,
        deflated=gates["deflated_sharpe"],
        permuted=gates["permutation_p"],
        superior=gates["superiority_p"],
        level=proof.verdict.level,
        planted_sharpe=float(found.measured("sharpe")[(found.params[:, :2] == PLANTED).all(axis=1)][0]),
    )


def study(name: str, make, sets: int, permutations: int, seed: int) -> list[Judged]:
    """Judge so many data sets."""
    streams = np.random.SeedSequence(seed).spawn(sets)
    found = []
    for at, stream in enumerate(streams):
        found.append(judged(make(np.random.default_rng(stream)), permutations, at))
        print(f"\r{name}: {at + 1} of {sets}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def rate(found: list[Judged], believed) -> str:
    """A rate with its exact 95 % bounds."""
    outcomes = iter([0.0 if believed(one) else 1.0 for one in found])
    rates = rejection_rates(lambda value: value, lambda _: next(outcomes), len(found), levels=(0.5,))
    return f"{rates.rates[0]:6.1%}  ({rates.lower[0]:.1%} to {rates.upper[0]:.1%})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sets", type=int, default=200)
    options.add_argument("--permutations", type=int, default=199)
    options.add_argument("--seed", type=int, default=20_260)
    chosen = options.parse_args()
    started = time.process_time()
    rows = {
        "naive bootstrap of the winner, 5 %": lambda one: one.naive,
        "deflated Sharpe ratio >= .95": lambda one: one.deflated,
        "permutation of the search, p <= .05": lambda one: one.permuted,
        "superior predictive ability, p <= .05": lambda one: one.superior,
        "verdict: promising or better": lambda one: one.level in ("promising", "promote"),
        "verdict: promoted": lambda one: one.level == "promote",
    }
    studies = {
        "pure noise": study("pure noise", noise, chosen.sets, chosen.permutations, chosen.seed),
        "planted Sharpe 2": study("planted", edge, chosen.sets, chosen.permutations, chosen.seed + 1),
    }
    rules = sum(slow > fast for fast in GRID["fast"] for slow in GRID["slow"])
    print(f"{rules} moving-average rules, {BARS:,} daily bars, {chosen.sets} data sets each")
    for title, found in studies.items():
        mean = np.mean([one.planted_sharpe for one in found])
        print(f"\n{title}: share believed (exact 95 % bounds); rule {PLANTED} has a mean Sharpe ratio of {mean:.2f}")
        for name, believed in rows.items():
            print(f"  {name:40s}{rate(found, believed)}")
    print(f"\n{time.process_time() - started:.0f} s CPU")


if __name__ == "__main__":
    main()
