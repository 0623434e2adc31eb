"""Bars in and out of the stores: SQLite, PostgreSQL, Parquet; CPU seconds of client and server together."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from augury.market import BarStore, bars_frame
from cpu_spent import cpu_of
from timing import beside, sized

SYMBOLS, BARS = sized((500, 2_520), (10, 200))
FEW = sized(10, 4)
"""Symbols that the slower peers store: their time grows with the rows, so it is compared per row."""
DAY_NS = 86_400 * 10**9
NAMES = ("open", "high", "low", "close", "volume")
STARTER = Path(__file__).resolve().parent.parent / "tests" / "server" / "conftest.py"


def made_up() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(7)
    opened_at = np.arange(BARS, dtype=np.int64) * DAY_NS
    frames = {}
    for number in range(SYMBOLS):
        close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, BARS)))
        values = [close * 1.001, close * 1.01, close * 0.99, close, rng.integers(1, 10**6, BARS).astype(float)]
        frames[f"S{number:03d}"] = bars_frame(opened_at, np.stack(values))
    return frames


def servers() -> Any:
    """The tests' own starter of servers and platforms."""
    spec = importlib.util.spec_from_file_location("platform_starter", STARTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["platform_starter"] = module
    spec.loader.exec_module(module)
    return module


def taken(work: Callable[[], Any], server: psutil.Process | None = None, repeats: int = 1) -> tuple[float, Any]:
    """The least CPU seconds of some calls, and what the last one returned."""
    best, result = float("inf"), None
    for _ in range(repeats):
        before = cpu_of(server)
        result = work()
        best = min(best, cpu_of(server) - before)
    return best, result


def append_all(store: Any, frames: dict[str, pd.DataFrame]) -> None:
    for symbol, frame in frames.items():
        store.append(symbol, "1D", frame)


def check(found: dict[str, pd.DataFrame], frames: dict[str, pd.DataFrame]) -> None:
    for symbol, frame in frames.items():
        back = found[symbol][list(NAMES)]
        if back.to_numpy().tobytes() != frame.to_numpy().tobytes() or len(back) != len(frame):
            raise AssertionError(f"{symbol}: what was read is not what was written")


def row(what: str, mine: tuple[float, int], peer: str, theirs: tuple[float, int], note: str) -> dict[str, Any]:
    """Times for 100,000 rows of both sides, and our rows a second."""
    each = [seconds / rows * 100_000 for seconds, rows in (mine, theirs)]
    words = {"target": "", "agreement": "same bits", "note": f"{mine[1] / mine[0]:,.0f} rows/s; {note}"}
    return beside(*each, name=f"{what} (per 100,000 rows)", peer=peer, **words)


def database_rows(name: str, frames: dict[str, pd.DataFrame], server: psutil.Process | None) -> list[dict[str, Any]]:
    from augury_server.ingest.database_bars import DatabaseBars

    store = DatabaseBars()
    few = dict(list(frames.items())[:FEW])
    peers = {"Django bulk_create": bulk_create, "executemany": naive_rows}
    if name == "SQLite":
        peers["pandas to_sql"] = to_sql
    slower = {peer: taken(lambda work=work: work(few), server)[0] for peer, work in peers.items()}
    mine, _ = taken(lambda: append_all(store, frames), server)
    size = SYMBOLS * BARS
    found = [
        row(f"store in {name}", (mine, size), peer, (seconds, FEW * BARS), f"{SYMBOLS} series")
        for peer, seconds in slower.items()
    ]
    read, back = taken(lambda: store.read_many(frames, "1D"), server, 3)
    check(back, frames)
    known, back = taken(lambda: store.read_many(frames, "1D", known_by=time.time_ns()), server, 3)
    check(back, frames)
    plain, back = taken(lambda: by_orm(few), server, 3)
    check(back, few)
    told = f"{SYMBOLS} x {BARS:,} bars in {read:.2f} s"
    found.append(row(f"read from {name}", (read, size), "Django values_list", (plain, FEW * BARS), told))
    told = f"as known at a moment, in {known:.2f} s"
    found.append(row(f"point in time from {name}", (known, size), "Django values_list", (plain, FEW * BARS), told))
    return found


def series_for(symbols: Any, prefix: str) -> dict[str, Any]:
    from augury_server.ingest.models import Instrument, Series

    made = {}
    for symbol in symbols:
        instrument, _ = Instrument.objects.get_or_create(symbol=prefix + symbol)
        made[symbol], _ = Series.objects.get_or_create(instrument=instrument, timeframe="1D")
    return made


def bulk_create(frames: dict[str, pd.DataFrame]) -> None:
    from augury_server.ingest.models import Bar

    for symbol, series in series_for(frames, "bulk ").items():
        frame = frames[symbol]
        times = frame.index.asi8.tolist()
        rows = zip(times, *(frame[name].tolist() for name in NAMES), strict=True)
        Bar.objects.bulk_create(
            Bar(series=series, opened_at_ns=at, known_at_ns=at + DAY_NS, **dict(zip(NAMES, values, strict=True)))
            for at, *values in rows
        )


def naive_rows(frames: dict[str, pd.DataFrame]) -> None:
    from django.db import connection, transaction

    statement = (
        "INSERT INTO augury_ingest_bar (series_id, opened_at_ns, open, high, low, close, volume, known_at_ns) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    )
    for symbol, series in series_for(frames, "naive ").items():
        frame = frames[symbol]
        times = frame.index.asi8.tolist()
        columns = [frame[name].tolist() for name in NAMES]
        rows = [(series.pk, at, *values, at + DAY_NS) for at, *values in zip(times, *columns, strict=True)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def to_sql(frames: dict[str, pd.DataFrame]) -> None:
    from django.db import connection, transaction

    for symbol, series in series_for(frames, "pandas ").items():
        frame = frames[symbol].assign(series_id=series.pk, opened_at_ns=frames[symbol].index.asi8)
        frame["known_at_ns"] = frame["opened_at_ns"] + DAY_NS
        with transaction.atomic():
            frame.to_sql("augury_ingest_bar", connection.connection, if_exists="append", index=False)


def by_orm(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    from augury_server.ingest.models import Bar

    found = {}
    for symbol in frames:
        rows = Bar.objects.filter(series__instrument__symbol=symbol).order_by("opened_at_ns")
        table = np.array(list(rows.values_list("opened_at_ns", *NAMES)))
        found[symbol] = bars_frame(table[:, 0].astype(np.int64), np.ascontiguousarray(table[:, 1:].T))
    return found


def parquet_rows(frames: dict[str, pd.DataFrame], folder: Path) -> list[dict[str, Any]]:
    store, plain = BarStore(folder / "store"), folder / "plain"
    plain.mkdir()

    def write_files() -> None:
        for symbol, frame in frames.items():
            frame.to_parquet(plain / f"{symbol}.parquet")

    mine, _ = taken(lambda: append_all(store, frames))
    theirs, _ = taken(write_files)
    read, back = taken(lambda: store.read_many(frames, "1D"), repeats=3)
    check(back, frames)
    files, back = taken(lambda: {symbol: pd.read_parquet(plain / f"{symbol}.parquet") for symbol in frames}, repeats=3)
    check(back, frames)
    size = SYMBOLS * BARS
    durable = "atomic, durable, with hashes"
    return [
        row("store in Parquet", (mine, size), "pandas to_parquet", (theirs, size), durable),
        row(
            "read from Parquet", (read, size), "pandas read_parquet", (files, size),
            f"{SYMBOLS} x {BARS:,} bars in {read:.2f} s, hashes checked",
        ),
    ]  # fmt: skip


@contextlib.contextmanager
def engines(folder: Path) -> Iterator[Iterator[tuple[str, psutil.Process | None]]]:
    starter = servers()
    postgres = starter.make_postgres(folder / "postgres")
    try:
        yield _each(starter, postgres, folder)
    finally:
        postgres.stop()
        shutil.rmtree(starter.ROOT, ignore_errors=True)


def _each(starter: Any, postgres: Any, folder: Path) -> Iterator[tuple[str, psutil.Process | None]]:
    for _ in starter.make_platform("sqlite", folder / "sqlite", None):
        yield "SQLite", None
    for _ in starter.make_platform("postgresql", folder / "other", postgres):
        yield "PostgreSQL", psutil.Process(postgres.process.pid)


def run() -> list[dict[str, Any]]:
    frames = made_up()
    with tempfile.TemporaryDirectory(prefix="augury-bench-") as text:
        folder = Path(text)
        found = []
        with engines(folder) as every:
            for name, server in every:
                found += database_rows(name, frames, server)
        return found + parquet_rows(frames, folder)


if __name__ == "__main__":
    for line in run():
        print(line)
