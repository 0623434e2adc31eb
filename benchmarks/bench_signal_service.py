"""The signal service, on SQLite and PostgreSQL: signals stored, a universe judged, outcomes joined, figures told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from cpu_spent import cpu_of
from platforms import bench_platform, on_each_engine
from timing import beside, shown, sized

HERE = Path(__file__).resolve().parent
SIGNALS = sized(20_000, 500)
SYMBOLS = sized(500, 6)
BARS = sized(2_520, 160)
HISTORY = sized(40, 5)
REPEATS = sized(3, 1)
HORIZONS = (1, 5)


def run() -> list[dict[str, Any]]:
    """Every engine in a process of its own, since Django has one database a process. CPU time, with the server."""
    return on_each_engine(__file__)


def _measure(engine: str) -> list[dict[str, Any]]:
    with bench_platform(engine) as (_, server):
        _Clock.server = server
        return [*_storing_rows(engine), *_universe_rows(engine)]


class _Clock:
    """CPU seconds of this process and of the database server's processes."""

    server: Any = None

    @classmethod
    def now(cls) -> float:
        return cpu_of(None if cls.server is None else psutil.Process(cls.server.process.pid))


def _best(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        before()
        best = min(best, _once(work))
    return best


def _once(work: Callable[[], object]) -> float:
    started = _Clock.now()
    work()
    return _Clock.now() - started


def _storing_rows(engine: str) -> list[dict[str, Any]]:
    """The same rows by the service and by Django's bulk_create; both answer for what is stored already."""
    from augury.market import Timeframe
    from augury_server.signals.measuring import earliest_maturity
    from augury_server.signals.models import Outcome, StoredSignal
    from augury_server.signals.rows import SIGNAL_COLUMNS, signal_row
    from augury_server.signals.storing import store_signals

    signals, day = _signals(SIGNALS), Timeframe.of("1D")
    now = datetime.now(UTC)

    def clear() -> None:
        Outcome.objects.all()._raw_delete("default")
        StoredSignal.objects.all()._raw_delete("default")

    def ours() -> None:
        store_signals(signals, run_id=None, horizons=HORIZONS, created_at=now)

    def django() -> None:
        rows = [
            StoredSignal(
                **dict(
                    zip(
                        SIGNAL_COLUMNS,
                        signal_row(new, data_id=new.data_id, run_id=None, revision=0, created_at=now),
                        strict=True,
                    )
                )
            )
            for new in signals
        ]
        StoredSignal.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        awaited = [
            Outcome(signal_id=row.pk, horizon_bars=bars, matures_at_ns=earliest_maturity(row.timestamp_ns, bars, day))
            for row in rows
            for bars in HORIZONS
        ]
        Outcome.objects.bulk_create(awaited, ignore_conflicts=True, batch_size=1000)

    times, wholes = {}, {}
    for name, work in {"django": django, "ours": ours}.items():
        times[name] = _best(work, clear)
        wholes[name] = (
            list(StoredSignal.objects.order_by("id").values_list()),
            list(Outcome.objects.order_by("signal_id", "horizon_bars").values_list("signal_id", "matures_at_ns")),
        )
    assert len(wholes["ours"][0]) == SIGNALS
    assert wholes["ours"] == wholes["django"]
    stored = beside(
        times["ours"], times["django"], name=f"store {SIGNALS:,} signals with {len(HORIZONS)} outcomes each, {engine}",
        peer="Django bulk_create", target="2", agreement="equal rows",
        note=f"{SIGNALS / times['ours']:,.0f} signals a second",
    )  # fmt: skip
    again = _best(ours)
    assert StoredSignal.objects.count() == SIGNALS
    clear()
    return [stored, _plain("store them again", again, engine, f"{SIGNALS / again:,.0f} signals a second, none stored")]


def _universe_rows(engine: str) -> list[dict[str, Any]]:
    """A universe end to end, beside the library on the same frames in memory."""
    from augury.signals import SignalEngine, SignalSpec
    from augury_server.ingest.database_bars import DatabaseBars
    from augury_server.signals.generate import generate_universe
    from augury_server.signals.joining import join_outcomes
    from augury_server.signals.models import Outcome, StoredSignal
    from augury_server.signals.performance import PerformanceQuery, performance
    from augury_server.signals.requests import GenerateRequest
    from augury_server.signals.rows import signal_of
    from augury_server.signals.universes import NewUniverse, add_universe

    frames = {f"S{number:04d}": _bars(number) for number in range(SYMBOLS)}
    store = DatabaseBars()
    for symbol, frame in frames.items():
        store.append(symbol, "1D", frame)
    add_universe(NewUniverse(name="all", timeframe="1D", symbols=tuple(frames), horizons=HORIZONS), by="bench")

    def clear() -> None:
        Outcome.objects.all()._raw_delete("default")
        StoredSignal.objects.all()._raw_delete("default")

    def library() -> Any:
        return SignalEngine(SignalSpec.for_timeframe("1D")).generate_signals_batch(frames)

    def ours() -> None:
        generate_universe(GenerateRequest(universe="all"))

    expected = {signal.ticker: signal for signal in library()}
    alone = _best(library)
    whole = _best(ours, clear)
    assert {row.ticker: signal_of(row) for row in StoredSignal.objects.all()} == expected
    judged = beside(
        whole, alone, name=f"judge {SYMBOLS} symbols x {BARS:,} bars, read, stored, {engine}",
        peer="the engine alone, bars in memory", target="", agreement="equal signals", note=_rate(SYMBOLS, whole),
    )  # fmt: skip
    rows = [judged]
    spent = _once(lambda: generate_universe(GenerateRequest(universe="all", last=HISTORY)))
    rows.append(_plain(f"judge the last {HISTORY} bars of each", spent, engine, _rate(SYMBOLS * HISTORY, spent)))
    spent = _once(join_outcomes)
    joined = Outcome.objects.filter(state="matured").count()
    rows.append(_plain(f"join {joined:,} outcomes", spent, engine, _rate(joined, spent)))
    spent = _once(lambda: performance(PerformanceQuery(by="rule")))
    rows.append(_plain(f"performance over {SYMBOLS * HISTORY:,} signals", spent, engine, ""))
    return rows


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f} a second"


def _plain(name: str, seconds: float, engine: str, note: str) -> dict[str, Any]:
    columns = dict.fromkeys(beside(1.0, 1.0, name="", peer="", target="", agreement="", note=""))
    return {**columns, "name": f"{name}, {engine}", "ours": shown(seconds), "note": note}


def _bars(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2014-01-01", periods=BARS, tz="UTC", name="timestamp").as_unit("ns")
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0002, 0.012, BARS)))
    opened = close * np.exp(rng.normal(0, 0.004, BARS))
    spread = np.abs(rng.normal(0, 0.005, BARS))
    high, low = np.maximum(opened, close) * (1 + spread), np.minimum(opened, close) * (1 - spread)
    volume = rng.integers(1_000, 9_000, BARS).astype(float)
    return pd.DataFrame({"open": opened, "high": high, "low": low, "close": close, "volume": volume}, index=index)


def _signals(count: int) -> list[Any]:
    """Signals of some tickers at many bars, each with data of its own."""
    from augury.signals import SignalEngine, SignalSpec
    from augury_server.signals.rows import NewSignal

    made = SignalEngine(SignalSpec.for_timeframe("1D")).signal_history("S", _bars(1))
    found = []
    for number in range(count):
        signal = made[number % len(made)]
        signal = replace(signal, ticker=f"S{number // len(made):04d}")
        found.append(NewSignal(signal=signal, universe="bench", timeframe="1D", known_at_ns=signal.timestamp_ns))
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(sys.argv[1])) + "\n")
