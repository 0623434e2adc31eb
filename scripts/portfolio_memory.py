"""Peak memory and time of a portfolio of one-minute bars: `portfolio_memory.py [--bars N] [--symbols K] [--folder F]`.

Writes the bars to Parquet files first, then runs the portfolio over them in a process of its own, which prints its peak
resident memory. The files are kept in --folder when it is given, and used again.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PIECE = 500_000


def write_bars(path: Path, bars: int, seed: int) -> None:
    """A random walk of one-minute bars, one in fifty missing, a piece at a time."""
    rng = np.random.default_rng(seed)
    schema = pa.schema(
        [("timestamp", pa.timestamp("ns", tz="UTC"))]
        + [(name, pa.float64()) for name in ("open", "high", "low", "close", "volume")]
    )
    last, start = 100.0, int(np.datetime64("2010-01-01", "ns").astype(np.int64))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for begin in range(0, bars, PIECE):
            m = min(PIECE, bars - begin)
            close = np.round(last * np.exp(np.cumsum(rng.normal(0.0, 2e-4, m))), 2)
            first = np.concatenate([[last], close[:-1]])
            last = float(close[-1])
            there = rng.random(m) > 0.02
            there[[0, -1]] = True
            times = start + 60 * 10**9 * np.arange(begin, begin + m, dtype=np.int64)
            columns = [first, np.maximum(first, close) + 0.01, np.minimum(first, close) - 0.01, close]
            arrays = [pa.array(column[there]) for column in [*columns, rng.integers(1, 500, m).astype(np.float64)]]
            stamp = pa.array(times[there].view("datetime64[ns]")).cast(schema.field(0).type)
            writer.write_table(pa.Table.from_arrays([stamp, *arrays], schema=schema))


def run(folder: Path, when: str) -> None:
    """Run over every file of the folder; prints one line of JSON."""
    from augury.backtest.portfolio.panel import Panel
    from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
    from augury.backtest.portfolio.running import run_portfolio_engine

    started = time.process_time()
    panel = Panel.from_files(*sorted(folder.glob("*.parquet")), timeframe="1m")
    aligned = time.process_time()
    spec = PortfolioSpec(rebalance=RebalanceSpec(when=when))
    done = run_portfolio_engine(panel, dict.fromkeys(panel.symbols, 1.0 / len(panel.symbols)), spec)
    print(
        json.dumps(
            {
                "bars": len(panel),
                "symbols": len(panel.symbols),
                "fills": len(done.fills),
                "final_equity": float(done.equity[-1]),
                "seconds_to_align_times": round(aligned - started, 2),
                "seconds_to_run": round(time.process_time() - aligned, 2),
                "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        )
    )


def main() -> None:
    """Write the files and measure a run over them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=7_000_000)
    parser.add_argument("--symbols", type=int, default=10)
    parser.add_argument("--when", default="daily")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run is not None:
        run(given.run, given.when)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for at in range(given.symbols):
            if not (path := folder / f"S{at:02d}.parquet").exists():
                write_bars(path, given.bars, at)
        subprocess.run([sys.executable, __file__, "--run", str(folder), "--when", given.when], check=True)


if __name__ == "__main__":
    main()
