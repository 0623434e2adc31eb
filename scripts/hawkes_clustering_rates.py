"""How often the clustering flag of the feature `hawkes` is raised: false alarms on independent returns, power on GARCH.

Prints a Markdown table. Every cell comes from `--paths` simulated series with fixed seeds; the value read is the one at
the last bar. Rates are of the series where the fit is known (at least 20 jumps at the last refit).

    python scripts/hawkes_clustering_rates.py --paths 2000
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from augury.arrays import FloatVector
from augury.features.registry import make
from augury.testing.generators.garch_returns import GarchTruth, garch_returns

LENGTHS = (300, 350, 400, 500, 1000)


def normal(rng: np.random.Generator, bars: int) -> FloatVector:
    return 0.01 * rng.standard_normal(bars)


def student(rng: np.random.Generator, bars: int) -> FloatVector:
    return 0.01 * rng.standard_t(4, bars)


def garch(rng: np.random.Generator, bars: int) -> FloatVector:
    """The generator's GARCH(1, 1), alpha 0.1 and beta 0.88."""
    return garch_returns(bars, GarchTruth(alpha=0.1, beta=0.88), seed=rng).returns


PROCESSES: dict[str, Callable[[np.random.Generator, int], FloatVector]] = {
    "independent normal": normal,
    "independent Student t(4)": student,
    "GARCH(.1, .88)": garch,
}


def rates(process: str, bars: int, paths: int) -> dict[str, float]:
    feature = make("hawkes")
    at = {name: feature.columns.index(f"hawkes_{name}") for name in ("branching", "likelihood_ratio", "clustering")}
    assert feature.tail is not None
    rows = np.empty((paths, len(feature.outputs)))
    for path in range(paths):
        rng = np.random.default_rng([path, bars, len(process)])
        close = 100.0 * np.exp(np.cumsum(PROCESSES[process](rng, bars)))
        matrix = np.ascontiguousarray(np.tile(close, (5, 1)))
        rows[path] = feature.tail(np.arange(bars, dtype=np.int64), matrix, 1)[:, 0]
    known = rows[~np.isnan(rows[:, at["branching"]])]
    branching, ratio = known[:, at["branching"]], known[:, at["likelihood_ratio"]]
    return {
        "known": len(known) / paths,
        "flag": float(known[:, at["clustering"]].mean()) if len(known) else np.nan,
        "ratio": float((ratio > 2.71).mean()) if len(known) else np.nan,
        "branching_mean": float(branching.mean()) if len(known) else np.nan,
        "branching_95": float(np.quantile(branching, 0.95)) if len(known) else np.nan,
        "ratio_95": float(np.quantile(ratio, 0.95)) if len(known) else np.nan,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", type=int, default=2000, help="simulated series a cell (default 2000)")
    paths = parser.parse_args().paths
    heads = ("returns", "bars", "fit known", "flag raised", "ratio > 2.71", "mean n", "95 % of n", "95 % of ratio")
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for process in PROCESSES:
        for bars in LENGTHS:
            cell = rates(process, bars, paths)
            print(
                f"| {process} | {bars} | {cell['known']:.1%} | {cell['flag']:.1%} | {cell['ratio']:.1%} | "
                f"{cell['branching_mean']:.2f} | {cell['branching_95']:.2f} | {cell['ratio_95']:.2f} |"
            )


if __name__ == "__main__":
    main()
