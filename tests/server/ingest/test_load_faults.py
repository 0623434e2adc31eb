"""Loads that are killed, loads at once, a database that goes away: nothing lost, nothing doubled."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pandas as pd
from django.db import connection
from django.db.models import Count

from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.load_bars import load_bars
from augury_server.ingest.models import Bar, BarRevision, DeadLetter, Series, Watermark

SYMBOLS = [f"S{number}" for number in range(8)]
LOADER = """
import sys
from augury_server.ingest import load_bars as module
times = 0
def held(function):
    def called(*arguments, **options):
        global times
        result = function(*arguments, **options)
        times += 1
        if times == {at}:
            print("here", flush=True)
            sys.stdin.readline()
        return result
    return called
module.{stage} = held(module.{stage})
loaded = module.load_bars("file:{folder}", None, "1D")
print("done", loaded.total("new"), loaded.total("equal"), flush=True)
"""


def folder_of(path: Path, make_bars: Any) -> Path:
    folder = path / "universe"
    folder.mkdir()
    for seed, symbol in enumerate(SYMBOLS):
        bars = make_bars(400, start="2020-01-01", seed=seed)
        bars.iloc[7 + seed, 1] = 1.0
        bars.to_csv(folder / f"{symbol}.csv")
    return folder


def state() -> dict[str, Any]:
    names = ("series__instrument__symbol", "opened_at_ns", "open", "high", "low", "close", "volume")
    marks = ("subject", "last_opened_at_ns")
    return {
        "bars": list(Bar.objects.order_by(*names[:2]).values_list(*names)),
        "revisions": BarRevision.objects.count(),
        "series": list(
            Series.objects.order_by("instrument__symbol").values_list("instrument__symbol", "bars", "version")
        ),
        "marks": list(Watermark.objects.order_by("subject").values_list(*marks)),
        "letters": list(DeadLetter.objects.order_by("subject").values_list("subject", "rule", "fingerprint")),
    }


def test_a_load_that_is_killed_and_started_again_ends_like_one_that_was_not(
    platform: Any, make_bars: Any, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, make_bars)
    for stage, at in (("write_bars", 3), ("move_watermark", 4)):  # within a transaction, before and after its rows
        child = platform.python(LOADER.format(at=at, stage=stage, folder=folder), stdin=-1)
        assert child.stdout.readline() == "here\n", child.communicate()[1]
        child.send_signal(signal.SIGKILL)
        child.communicate()
        whole = Series.objects.filter(bars__gt=0).count()
        assert whole == Watermark.objects.count() == DeadLetter.objects.count(), (
            "a symbol is stored whole or not at all"
        )
        assert Bar.objects.count() == 399 * whole
    child = platform.python(LOADER.format(at=0, stage="write_bars", folder=folder), stdin=-1)
    out, err = child.communicate(timeout=120)
    assert out.startswith("done"), err
    killed = state()
    assert len(killed["bars"]) == 399 * len(SYMBOLS)
    assert not Bar.objects.values("series", "opened_at_ns").annotate(n=Count("id")).filter(n__gt=1).exists()
    for symbol in SYMBOLS:
        DatabaseBars().delete(symbol)
    Watermark.objects.all().delete()
    DeadLetter.objects.all().delete()
    load_bars(f"file:{folder}", None, "1D")
    assert state() == killed


def test_two_loaders_of_the_same_symbols_at_once_store_every_bar_once(
    platform: Any, make_bars: Any, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, make_bars)
    code = "import sys\nprint('ready', flush=True)\nsys.stdin.readline()\n" + LOADER.format(
        at=0, stage="write_bars", folder=folder
    )
    children = [platform.python(code, stdin=-1) for _ in range(2)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    told = []
    for child in children:
        out, err = child.communicate(timeout=120)
        assert out.startswith("done"), err
        told.append([int(word) for word in out.split()[1:]])
    total = 399 * len(SYMBOLS)
    assert sum(new for new, _ in told) == total
    assert all(new + equal == total for new, equal in told)
    assert Bar.objects.count() == total
    assert BarRevision.objects.count() == 0
    assert DeadLetter.objects.count() == len(SYMBOLS)
    assert all(series.bars == 399 for series in Series.objects.all())


def test_a_postgresql_that_is_killed_between_and_within_symbols_costs_retries_and_nothing_else(
    own_postgres: Any, platforms: Any, make_bars: Any, vendor: Any, clock: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    flags = {"ingest.retry_wait_seconds": 0.05, "ingest.retry_attempts": 9}
    running = platforms("postgresql", tmp_path, own_postgres, **flags)
    platform = next(running)
    held = {symbol: make_bars(300, start="2020-01-01", seed=seed) for seed, symbol in enumerate(SYMBOLS[:4])}
    source, fetch = vendor(held), type(vendor({})).fetch

    def fetched(self: Any, symbol: str, *arguments: Any, **options: Any) -> Any:
        if symbol == "S1":
            own_postgres.stop(signal.SIGQUIT)
            own_postgres.start()
        return fetch(self, symbol, *arguments, **options)

    monkeypatch.setattr(type(source), "fetch", fetched)
    from augury_server.ingest import load_bars as module

    moved, times = module.move_watermark, []

    def killed_once(*arguments: Any, **options: Any) -> None:
        moved(*arguments, **options)
        times.append(arguments[0].subject)
        if times.count("S2") == 1 and arguments[0].subject == "S2":  # rows are written, not committed
            own_postgres.stop(signal.SIGQUIT)
            own_postgres.start()

    monkeypatch.setattr(module, "move_watermark", killed_once)
    loaded = load_bars(source, SYMBOLS[:4], "1D", now=clock)
    assert [one.state for one in loaded.symbols] == ["loaded"] * 4, loaded.symbols
    assert times.count("S2") == 2
    for symbol, bars in held.items():
        pd.testing.assert_frame_equal(DatabaseBars().read(symbol, "1D"), bars, check_freq=False)
    assert platform.engine == "postgresql"
    next(running, None)


def test_a_full_disk_fails_the_symbol_with_the_reason_and_the_next_load_completes_it(
    sqlite_platform: Any, make_bars: Any, vendor: Any, clock: Any
) -> None:
    ingest = sqlite_platform.settings.ingest
    object.__setattr__(
        sqlite_platform.settings, "ingest", ingest.model_copy(update={"retry_wait_seconds": 0.0, "retry_attempts": 2})
    )
    source = vendor({"A": make_bars(60), "B": make_bars(3_000, start="2010-01-01", seed=2)})
    load_bars(source, ["A"], "1D", now=clock)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 8}")
        (failed,) = load_bars(source, ["B"], "1D", now=clock).symbols
        assert failed.state == "failed"
        assert "full" in failed.reason
        assert DatabaseBars().symbols() == ["A"]
        assert not Watermark.objects.filter(subject="B").exists()
        connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
    (done,) = load_bars(source, ["B"], "1D", now=clock).symbols
    assert (done.state, done.new) == ("loaded", len(DatabaseBars().read("B", "1D")))
