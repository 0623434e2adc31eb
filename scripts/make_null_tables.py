"""Make the noise tables of the Hurst and permutation-entropy features by Monte Carlo.

    python scripts/make_null_tables.py       about a minute and a half of CPU; writes the CSV files of the package

Every number comes from the shipped kernels on independent Gaussian log returns, one non-overlapping window a
replication (the law of the value at one bar does not depend on how windows overlap), from one fixed seed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from augury.arrays import FloatVector
from augury.features.block_hurst import BlockHurstSpec, block_machine
from augury.features.stepping import StepMachine
from augury.numerics.hurst_ghe_kernels import ghe_initial_state, ghe_params, ghe_step
from augury.numerics.permutation_kernels import permutation_initial_state, permutation_params, permutation_step

SEED = 20240229
REPLICATIONS = 20_000
FOLDER = Path(__file__).resolve().parents[1] / "src" / "augury" / "features" / "null_tables"
HURST_WINDOWS = (50, 60, 70, 80, 100, 125, 150, 175, 200, 250, 300, 350, 400, 500, 600, 750, 1000)
PERMUTATION_WINDOWS = {
    3: (50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500, 750, 1000),
    4: (100, 125, 150, 200, 250, 300, 400, 500, 750, 1000),
    5: (500, 600, 800, 1000, 1200, 1600),
}
_CHUNK_BARS = 100_000
_RETURN_SD = 0.01


def hurst_machine(method: str, window: int) -> tuple[StepMachine, int]:
    """The machine whose first output is the exponent, and the bars that one value uses."""
    if method == "ghe":
        params = ghe_params(window, 0.0, 1.0)
        start = ghe_initial_state(window)
        return StepMachine(identity="null", step=ghe_step, params=params, initial_state=start, outputs=6), window
    spec = BlockHurstSpec.from_dict({"window_bars": window, "step_bars": window + 1})
    return block_machine("rs" if method == "rs" else "dfa", spec, (0.0, 1.0), "null"), spec.step_bars


def permutation_null_machine(series: str, order: int, window: int) -> tuple[StepMachine, int]:
    """The machine whose first output is the entropy, and the bars that one value uses."""
    returns = series == "returns"
    params = permutation_params(
        window=window, order=order, on_returns=returns, null=(0.0, 1.0, 0.0, 0.0), max_tie_share=1.0
    )
    start = permutation_initial_state(params)
    machine = StepMachine(identity="null", step=permutation_step, params=params, initial_state=start, outputs=6)
    return machine, window + order - 1 + returns


def noise_values(machine: StepMachine, spacing: int, replications: int, rng: np.random.Generator) -> FloatVector:
    """The first output of `machine` on noise, once every `spacing` bars, float64[replications]."""
    batches = []
    held = 0
    per_chunk = _CHUNK_BARS // spacing
    while held < replications:
        n = per_chunk * spacing
        close = 100.0 * np.exp(np.cumsum(rng.standard_normal(n) * _RETURN_SD))
        bars = np.ascontiguousarray(np.broadcast_to(close, (5, n)))
        values = machine.batch(np.arange(n), bars)[0]
        values = values[spacing - 1 :: spacing].copy()
        batches.append(values)
        held += len(values)
    return np.concatenate(batches)[:replications]


def write_table(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write one CSV with the words that say where it is from."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = [
        f"# made by scripts/make_null_tables.py: seed {SEED}, {REPLICATIONS} replications a row, Gaussian log returns",
        ",".join(header),
        *(",".join(row) for row in rows),
    ]
    (FOLDER / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    print("\n".join(lines), file=sys.stderr)


def hurst_rows(replications: int, rng: np.random.Generator) -> list[list[str]]:
    """Mean and standard deviation of the three exponents for each window."""
    rows = []
    for method in ("ghe", "dfa", "rs"):
        for window in HURST_WINDOWS:
            machine, spacing = hurst_machine(method, window)
            values = noise_values(machine, spacing, replications, rng)
            rows.append([method, str(window), f"{values.mean():.6f}", f"{values.std(ddof=1):.6f}"])
    return rows


def permutation_rows(replications: int, rng: np.random.Generator) -> list[list[str]]:
    """Mean, standard deviation and lower points of the entropy for each series, order and window."""
    rows = []
    for series in ("returns", "log_price"):
        for order, windows in PERMUTATION_WINDOWS.items():
            for window in windows:
                machine, spacing = permutation_null_machine(series, order, window)
                values = noise_values(machine, spacing, replications, rng)
                low, mild = np.quantile(values, [0.01, 0.05])
                numbers = (values.mean(), values.std(ddof=1), low, mild)
                rows.append([series, str(order), str(window), *(f"{number:.8f}" for number in numbers)])
    return rows


def main() -> None:
    """Make both tables and print how long it took."""
    started = time.process_time()
    rng = np.random.default_rng(SEED)
    write_table("hurst", ["method", "window_bars", "mean", "sd"], hurst_rows(REPLICATIONS, rng))
    header = ["series", "order", "window_bars", "mean", "sd", "q01", "q05"]
    write_table("permutation_entropy", header, permutation_rows(REPLICATIONS, rng))
    print(f"{time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
