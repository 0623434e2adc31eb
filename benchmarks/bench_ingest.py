"""Ingest, files to rows on SQLite and PostgreSQL: bars judged and stored, loaded again, news, beside pandas.to_sql."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from cpu_spent import cpu_of
from platforms import bench_platform, on_each_engine
from timing import beside, sized

HERE = Path(__file__).resolve().parent
SYMBOLS = sized(60, 4)
BARS = sized(2_520, 300)
NEWS = sized(20_000, 500)
REPEATS = sized(3, 1)


def run() -> list[dict[str, Any]]:
    """Every engine in a process of its own, since Django has one database a process. CPU time, with the server's."""
    return on_each_engine(__file__)


def _measure(engine: str) -> list[dict[str, Any]]:
    with bench_platform(engine) as (root, server):
        return [*_bars(engine, root, server), *_news(engine, root, server)]


def cpu_seconds(work: Callable[[], object], server: Any) -> float:
    """CPU seconds of this process and of the database server's processes."""
    process = None if server is None else psutil.Process(server.process.pid)
    started = cpu_of(process)
    work()
    return cpu_of(process) - started


def bar_files(folder: Path) -> list[Path]:
    folder.mkdir()
    index = pd.bdate_range("2010-01-01", periods=BARS, tz="UTC", name="timestamp")
    files = []
    for seed in range(SYMBOLS):
        rng = np.random.default_rng(seed)
        closes = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, BARS)))
        opens = np.concatenate(([100.0], closes[:-1]))
        columns = {
            "open": opens, "high": np.maximum(opens, closes) * 1.003, "low": np.minimum(opens, closes) * 0.997,
            "close": closes, "volume": rng.integers(1_000, 9_000, BARS).astype(float),
        }  # fmt: skip
        files.append(folder / f"S{seed:03d}.csv")
        pd.DataFrame(columns, index=index).round(4).to_csv(files[-1])
    return files


@contextmanager
def plain_table(root: Path, server: Any) -> Iterator[Callable[[pd.DataFrame], int]]:
    """What people do without a platform: `DataFrame.to_sql` on SQLite, `executemany` on PostgreSQL; an empty table."""
    if server is None:
        with sqlite3.connect(root / f"plain-{time.monotonic_ns()}.sqlite3") as connection:

            def append(frame: pd.DataFrame) -> int:
                frame.to_sql("plain", connection, if_exists="append", index=False)
                connection.commit()
                return int(connection.execute("SELECT count(*) FROM plain").fetchone()[0])

            yield append
        return
    import psycopg

    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres") as connection:
        connection.execute("DROP TABLE IF EXISTS plain")

        def insert(frame: pd.DataFrame) -> int:
            kinds = {"f": "double precision", "M": "timestamptz"}
            typed = ", ".join(f"{name} {kinds.get(frame[name].dtype.kind, 'text')}" for name in frame.columns)
            connection.execute(f"CREATE TABLE IF NOT EXISTS plain ({typed})")
            marks = ", ".join(["%s"] * len(frame.columns))
            with connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO plain VALUES ({marks})", list(frame.itertuples(index=False)))
            connection.commit()
            row = connection.execute("SELECT count(*) FROM plain").fetchone()
            return int(row[0]) if row else 0

        yield insert


def _bars(engine: str, root: Path, server: Any) -> list[dict[str, Any]]:
    from augury.market.read import read_bars
    from augury_server.ingest.database_bars import DatabaseBars
    from augury_server.ingest.load_bars import load_bars

    files = bar_files(root / "bars")
    total, source = SYMBOLS * BARS, f"file:{root / 'bars'}"

    def plain() -> None:
        with plain_table(root, server) as append:
            for file in files:
                held = append(read_bars(file).reset_index().assign(symbol=file.stem))
            assert held == total

    def first() -> None:
        assert load_bars(source, None, "1D").total("new") == total

    def again() -> None:
        assert load_bars(source, None, "1D").total("equal") == total

    ours = again_seconds = theirs = float("inf")
    for _ in range(REPEATS):
        for symbol in DatabaseBars().symbols():
            DatabaseBars().delete(symbol)
        ours = min(ours, cpu_seconds(first, server))
        again_seconds = min(again_seconds, cpu_seconds(again, server))
        theirs = min(theirs, cpu_seconds(plain, server))
    peer = "read_bars + DataFrame.to_sql" if server is None else "read_bars + executemany"
    words = {"peer": peer, "target": "-", "agreement": f"{total:,} rows stored by both"}
    return [
        beside(
            ours, theirs, name=f"bars: CSV, judged, stored, {engine}", **words,
            note=f"{total / ours:,.0f} rows/s; {SYMBOLS} files of {BARS:,}, a transaction each",
        ),
        beside(
            again_seconds, theirs, name=f"bars: the same files again, {engine}", **words,
            note=f"{total / again_seconds:,.0f} rows/s read, compared and found equal; the peer stores them twice",
        ),
    ]  # fmt: skip


def _news(engine: str, root: Path, server: Any) -> list[dict[str, Any]]:
    from augury.market.news_files import read_news
    from augury.market.news_tables import news_to_frame
    from augury_server.ingest.load_news import NewsSpec, load_news
    from augury_server.ingest.models import News

    path = root / "news.jsonl"
    with path.open("w") as stream:
        for number in range(NEWS):
            published = pd.Timestamp("2020-01-01T10:00Z") + pd.Timedelta(minutes=7 * number)
            text = f"Company {number % 97} raises its guidance for quarter {number} after strong sales"
            one = {"ticker": f"T{number % 500}", "text": text, "published_at": published.isoformat(), "source": "wire"}
            stream.write(json.dumps(one) + "\n")

    def plain() -> None:
        with plain_table(root, server) as append:
            assert append(news_to_frame(read_news(path))) == NEWS

    rows = []
    for name, spec in (("news: stored", NewsSpec()), ("news: scored and stored", NewsSpec(model="embedded"))):
        load_news([], spec=spec)  # the model is loaded once a process

        def load(spec: NewsSpec = spec) -> None:
            assert load_news(path, spec=spec).new == NEWS

        ours = theirs = float("inf")
        for _ in range(REPEATS):
            News.objects.all().delete()
            ours = min(ours, cpu_seconds(load, server))
            theirs = min(theirs, cpu_seconds(plain, server))
        rows.append(
            beside(
                ours, theirs, name=f"{name}, {engine}",
                target="-", peer="read_news + DataFrame.to_sql" if server is None else "read_news + executemany",
                agreement=f"{NEWS:,} items stored by both", note=f"{NEWS / ours:,.0f} items/s, each once",
            )
        )  # fmt: skip
    return rows


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_measure(sys.argv[1])))
    else:
        for entry in run():
            print(entry)
