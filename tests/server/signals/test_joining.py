"""Outcomes are joined when their bars are known, never before, and never changed by what comes after."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury_server.ingest.database_bars import DatabaseBars
from augury_server.signals.generate import generate_universe
from augury_server.signals.joining import join_outcomes
from augury_server.signals.models import Outcome, StoredSignal
from augury_server.signals.performance import PerformanceQuery, performance
from augury_server.signals.requests import GenerateRequest

FIELDS = (
    "signal__ticker", "signal__timestamp_ns", "horizon_bars", "state", "matures_at_ns", "known_at_ns", "entry_at_ns",
    "entry_price", "exit_price", "forward_return", "net_return", "hit", "max_favourable", "max_adverse",
)  # fmt: skip
DAY_NS = 86_400 * 10**9


def table(**wanted: Any) -> pd.DataFrame:
    rows = Outcome.objects.filter(**wanted).order_by(*FIELDS[:3]).values_list(*FIELDS)
    return pd.DataFrame(list(rows), columns=[name.removeprefix("signal__") for name in FIELDS])


def slow_outcomes(frames: dict[str, pd.DataFrame], now: int, cost: float) -> pd.DataFrame:
    """The same from the signals and the bars that have closed by now, one signal after the other."""
    rows = []
    for signal in StoredSignal.objects.filter(revision=0).order_by("ticker", "timestamp_ns"):
        bars = frames[signal.ticker]
        bars = bars[bars.index + pd.Timedelta(days=1) <= pd.Timestamp(now, tz="UTC")]
        after = bars[bars.index >= pd.Timestamp(signal.timestamp_ns, tz="UTC")]
        for horizon in (1, 5):
            if len(after) < horizon:
                continue
            held = after.iloc[:horizon]
            entry, leave = held["open"].iloc[0], held["close"].iloc[-1]
            change = leave / entry - 1
            row = {"ticker": signal.ticker, "timestamp_ns": signal.timestamp_ns, "horizon_bars": horizon}
            row |= {"entry_price": entry, "exit_price": leave, "forward_return": change}
            if signal.signal_type != "HOLD":
                way = 1 if signal.signal_type == "BUY" else -1
                row["net_return"] = way * change - cost * (1 + leave / entry)
            rows.append(row)
    return pd.DataFrame(rows)


def some(tools: Any, **options: Any) -> dict[str, pd.DataFrame]:
    """Bars and news of three tickers with signals of the days before the last thirty."""
    frames = {name: tools.bars(seed, 260) for seed, name in enumerate(("AA", "BB", "CC"))}
    news = tools.news(list(frames), frames["AA"])
    tools.load({name: bars.iloc[:230] for name, bars in frames.items()}, news, options=tools.mood, **options)
    cut = int(frames["AA"].index.asi8[229]) + DAY_NS
    generate_universe(GenerateRequest(universe="all", last=90, at_ns=cut))
    assert set(StoredSignal.objects.values_list("signal_type", flat=True)) == {"BUY", "SELL", "HOLD"}
    return frames


def complete(frames: dict[str, pd.DataFrame]) -> None:
    for name, bars in frames.items():
        DatabaseBars().append(name, "1D", bars)


def test_outcomes_are_what_a_table_of_the_bars_says(platform: Any, tools: Any) -> None:
    frames = some(tools)
    complete(frames)
    now = "2024-12-18"
    report = join_outcomes(now=tools.clock(now))
    found = table(state="matured")
    expected = slow_outcomes(frames, tools.ns(now), platform.settings.signals.cost_rate)
    assert len(found) == len(expected) == report.matured
    merged = found.merge(expected, on=["ticker", "timestamp_ns", "horizon_bars"], suffixes=("", "_slow"))
    assert len(merged) == len(found)
    for name in ("entry_price", "exit_price", "forward_return", "net_return"):
        pd.testing.assert_series_equal(
            merged[name].astype(float), merged[f"{name}_slow"], check_names=False, rtol=1e-12, atol=1e-15
        )
    assert found["net_return"].notna().any()
    directed = found[found["net_return"].notna()]
    assert (directed["hit"].astype(bool) == (directed["net_return"] > 0)).all()
    held = found[found["net_return"].isna()]
    assert held["hit"].isna().all()
    assert (found["matures_at_ns"] == found["known_at_ns"]).all()  # bars known at their close


def test_nothing_after_the_moment_changes_what_was_joined_by_then(platform: Any, tools: Any) -> None:
    frames = some(tools)
    now = "2024-11-14"
    join_outcomes(now=tools.clock(now))
    before = table()
    assert set(before["state"]) == {"pending", "matured"}
    Outcome.objects.update(state="pending", known_at_ns=None)
    moment = tools.ns(now)
    for name, bars in frames.items():
        wild = bars[bars.index.asi8 >= moment] * 9.0
        DatabaseBars().replace_range(name, "1D", wild, moment, tools.ns("2026-01-01"), known_at=moment + 1)
    opened = int(frames["AA"].index.asi8[200])
    mended = frames["AA"].iloc[[200]] * 2.0
    DatabaseBars().replace_range("AA", "1D", mended, opened, opened + 1, known_at=moment + 1)
    join_outcomes(now=tools.clock(now))
    after = table()
    done = before["state"] == "matured"
    pd.testing.assert_frame_equal(after[done], before[done])
    assert (after["state"] == before["state"]).all()


def test_a_late_bar_matures_its_outcomes_late(platform: Any, tools: Any) -> None:
    bars = tools.bars(1, 200)
    tools.load({"AA": bars.iloc[:195]})
    generate_universe(GenerateRequest(universe="all"))
    late = int(bars.index.asi8[199]) + 4 * DAY_NS
    DatabaseBars().append("AA", "1D", bars, known_at=late)
    waiting = join_outcomes(now=tools.clock(str(pd.Timestamp(late - 1000))))
    assert (waiting.matured, waiting.waiting) == (0, 2)
    joined = join_outcomes(now=tools.clock(str(pd.Timestamp(late))))
    assert (joined.matured, joined.waiting) == (2, 0)
    found = table()
    assert (found["known_at_ns"] == late).all()
    assert list(found["matures_at_ns"]) == [int(bars.index.asi8[195]) + DAY_NS, int(bars.index.asi8[199]) + DAY_NS]


def test_a_mended_bar_counts_until_the_outcome_matured_and_not_after(platform: Any, tools: Any) -> None:
    bars = tools.bars(1, 200)
    tools.load({"AA": bars.iloc[:195]}, horizons=(1, 3))
    generate_universe(GenerateRequest(universe="all"))
    store = DatabaseBars()
    store.append("AA", "1D", bars.iloc[:196])
    opened, closed = int(bars.index.asi8[195]), int(bars.index.asi8[195]) + DAY_NS
    assert join_outcomes(now=tools.clock(str(pd.Timestamp(closed)))).matured == 1
    short = table(horizon_bars=1)
    mended = bars.iloc[[195]] * 1.5
    store.replace_range("AA", "1D", mended, opened, opened + 1, known_at=closed + 5)
    store.append("AA", "1D", bars.iloc[196:])
    assert join_outcomes(now=tools.clock("2025-06-01")).matured == 1
    pd.testing.assert_frame_equal(table(horizon_bars=1), short)
    long = table(horizon_bars=3).iloc[0]
    assert long["entry_price"] == float(mended["open"].iloc[0])
    read = store.read("AA", "1D", known_by=int(long["known_at_ns"]))
    assert float(read["open"].iloc[195]) == long["entry_price"]


def test_outcomes_of_a_symbol_that_stopped_trading_become_void(platform: Any, tools: Any) -> None:
    frames = {"DEAD": tools.bars(1, 200), "ALIVE": tools.bars(2, 200)}
    tools.load(frames)
    generate_universe(GenerateRequest(universe="all"))
    report = join_outcomes(now=tools.clock("2026-01-01"))
    assert (report.void, report.waiting) == (0, 4)  # nobody has bars: loading may be behind
    DatabaseBars().append("ALIVE", "1D", pd.concat([frames["ALIVE"], tools.bars(3, 40, start="2024-10-07")]))
    report = join_outcomes(now=tools.clock("2026-01-01"))
    assert (report.matured, report.void, report.waiting) == (2, 2, 0)
    void = Outcome.objects.filter(state="void")
    assert {one.signal.ticker for one in void} == {"DEAD"}
    assert all("no bars for 30 days" in one.reason for one in void)
    assert join_outcomes(now=tools.clock("2026-01-01")).due == 0
    for known_by, counted in (("2025-12-31", (0, 2)), ("2026-01-01", (2, 0))):
        query = PerformanceQuery(by="ticker", horizon_bars=1, known_by_ns=tools.ns(known_by))
        dead = next(group for group in performance(query).groups if group.group == "DEAD")
        assert (2 * dead.void, 2 * dead.pending) == counted


def test_a_long_horizon_is_not_void_while_bars_come(platform: Any, tools: Any) -> None:
    bars = tools.bars(1, 400)
    tools.load({"AA": bars.iloc[:150]}, horizons=(200,))
    generate_universe(GenerateRequest(universe="all"))
    DatabaseBars().append("AA", "1D", bars.iloc[:345])
    now = str(bars.index[345].tz_localize(None))
    report = join_outcomes(now=tools.clock(now))
    assert (report.due, report.waiting) == (1, 1)  # 200 weekdays take 280 days: due by the calendar, not by its bars


def test_joining_twice_or_by_two_processes_at_once_settles_each_outcome_once(platform: Any, tools: Any) -> None:
    frames = some(tools)
    complete(frames)
    code = (
        "from datetime import datetime, timezone\n"
        "from augury_server.signals.joining import join_outcomes\n"
        "print('ready', flush=True); input()\n"
        "join_outcomes(now=lambda: datetime(2025, 6, 1, tzinfo=timezone.utc))\n"
    )
    import subprocess

    children = [platform.python(code, stdin=subprocess.PIPE) for _ in range(2)]
    for child in children:
        assert child.stdout.readline().strip() == "ready"
    answers = [child.communicate("\n", timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0], answers
    both = table()
    assert set(both["state"]) == {"matured"}
    Outcome.objects.update(state="pending")
    join_outcomes(now=tools.clock("2025-06-01"))
    pd.testing.assert_frame_equal(table(), both)
    assert join_outcomes(now=tools.clock("2025-06-01")).due == 0


def test_a_dry_run_counts_and_changes_nothing(platform: Any, tools: Any) -> None:
    complete(some(tools))
    before = table()
    report = join_outcomes(now=tools.clock("2025-06-01"), dry_run=True)
    assert report.matured == len(before)
    pd.testing.assert_frame_equal(table(), before)


def test_the_number_of_queries_does_not_grow_with_outcomes(platform: Any, tools: Any) -> None:
    complete(some(tools))
    counts = []
    for now in ("2024-07-24", "2025-06-01"):
        with CaptureQueriesContext(connection) as seen:
            done = join_outcomes(now=tools.clock(now))
        counts.append((len(seen), done.matured))
    assert counts[1][1] > 5 * counts[0][1] > 0
    assert counts[0][0] == counts[1][0]


@pytest.mark.parametrize("kind", ["BUY", "SELL", "HOLD"])
def test_direction_follows_the_type_of_the_signal(sqlite_platform: Any, tools: Any, kind: str) -> None:
    bars = tools.bars(1, 200)
    tools.load({"AA": bars.iloc[:190]}, horizons=(5,))
    generate_universe(GenerateRequest(universe="all"))
    StoredSignal.objects.update(signal_type=kind)
    DatabaseBars().append("AA", "1D", bars)
    join_outcomes(now=tools.clock("2025-06-01"))
    found = Outcome.objects.get()
    change = float(bars["close"].iloc[194] / bars["open"].iloc[190] - 1)
    assert found.forward_return == pytest.approx(change)
    if kind == "HOLD":
        assert found.hit is None
        assert found.net_return is None
    else:
        cost = 0.0015 * (2 + change)
        assert found.net_return == pytest.approx((change if kind == "BUY" else -change) - cost)
        assert found.hit == (found.net_return > 0)
        assert found.max_favourable >= max(found.net_return, 0) - 1e-12
        assert found.max_adverse <= found.max_favourable
