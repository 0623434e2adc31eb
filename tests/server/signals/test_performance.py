"""Counts, hit rates and returns of groups, against pandas; refused where there is too little."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury.errors import InvalidInput
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.signals.generate import generate_universe
from augury_server.signals.joining import join_outcomes
from augury_server.signals.models import Outcome, StoredSignal
from augury_server.signals.performance import PerformanceQuery, performance
from augury_server.signals.requests import GenerateRequest


def measured(tools: Any, *, join: str = "2025-06-01") -> None:
    frames = {name: tools.bars(seed, 340) for seed, name in enumerate(("AA", "BB", "CC"))}
    tools.load(frames, tools.news(list(frames), frames["AA"]), options=tools.mood)
    generate_universe(GenerateRequest(universe="all", last=200))
    join_outcomes(now=tools.clock(join))


def slow(by: str, horizon: int) -> pd.DataFrame:
    """The same figures from one table of everything."""
    names = ("state", "forward_return", "net_return", "signal__signal_type", f"signal__{by}")
    rows = Outcome.objects.filter(horizon_bars=horizon).values_list(*names)
    table = pd.DataFrame(list(rows), columns=["state", "forward_return", "net_return", "kind", "group"])
    table["decided"] = (table["state"] == "matured") & (table["kind"] != "HOLD")
    table["hit"] = table["decided"] & (table["net_return"] > 0)
    grouped = table.groupby("group")
    found = pd.DataFrame({"issued": grouped.size()})
    for state in ("matured", "pending", "void"):
        found[state] = table[table["state"] == state].groupby("group").size()
    found = found.fillna(0).astype(int)
    found["decided"], found["hits"] = grouped["decided"].sum(), grouped["hit"].sum()
    found["net"] = table[table["decided"]].groupby("group")["net_return"].mean()
    found["forward"] = table[table["state"] == "matured"].groupby("group")["forward_return"].mean()
    return found


def test_figures_are_what_one_table_of_everything_says(platform: Any, tools: Any) -> None:
    measured(tools)
    told = refused = 0
    for by, column in (("rule", "rule_code"), ("ticker", "ticker"), ("risk", "risk_level"), ("type", "signal_type")):
        for horizon in (1, 5):
            found = performance(PerformanceQuery(by=by, horizon_bars=horizon))  # type: ignore[arg-type]
            expected = slow(column, horizon)
            assert {group.group for group in found.groups} == set(expected.index)
            for group in found.groups:
                row = expected.loc[group.group]
                for name in ("issued", "matured", "pending", "void", "decided", "hits"):
                    assert getattr(group, name) == row[name], (group.group, name)
                assert group.coverage == row["matured"] / row["issued"]
                share = row["hits"] / row["decided"] if row["decided"] else math.nan
                figures = (
                    (group.hit_rate, share),
                    (group.net_return, row["net"]),
                    (group.forward_return, row["forward"]),
                )
                for figure, value in figures:
                    if figure.reason is None:
                        told += 1
                        assert figure.estimate == pytest.approx(value, rel=1e-12)
                        assert figure.lower < value < figure.upper
                    else:
                        refused += 1
                        assert math.isnan(figure.estimate)
                        assert "at least 30" in figure.reason or "fewer than 5 blocks" in figure.reason
    assert told > 40
    assert refused > 0


def test_a_good_rule_is_told_from_a_useless_one(sqlite_platform: Any, tools: Any) -> None:
    measured(tools)
    rng = np.random.default_rng(3)
    planted = list(Outcome.objects.filter(horizon_bars=1, signal__rule_code="GOOD", state="matured"))
    for outcome in planted:
        outcome.net_return = 0.004 + rng.normal(0, 0.01)
    Outcome.objects.bulk_update(planted, ["net_return"])
    useless = list(Outcome.objects.filter(horizon_bars=1, signal__rule_code="BAD", state="matured"))
    for outcome in useless:
        outcome.net_return = rng.normal(0, 0.01)
    Outcome.objects.bulk_update(useless, ["net_return"])
    groups = {group.group: group for group in performance(PerformanceQuery(horizon_bars=1)).groups}
    assert groups["GOOD"].net_return.lower > 0
    assert groups["GOOD"].hit_rate.lower > 0.5
    assert groups["BAD"].net_return.lower < 0 < groups["BAD"].net_return.upper
    assert groups["BAD"].hit_rate.lower < 0.5 < groups["BAD"].hit_rate.upper


def test_a_span_and_what_was_known_by_then_bound_the_figures(platform: Any, tools: Any) -> None:
    measured(tools)
    start, end, known = tools.ns("2024-10-01"), tools.ns("2025-02-01"), tools.ns("2025-01-15")
    found = performance(PerformanceQuery(by="universe", start_ns=start, end_ns=end, known_by_ns=known))
    (group,) = found.groups
    chosen = Outcome.objects.filter(
        horizon_bars=5, signal__timestamp_ns__gte=start, signal__timestamp_ns__lt=end, signal__known_at_ns__lte=known
    )
    assert group.issued == chosen.count()
    assert group.matured == chosen.filter(known_at_ns__lte=known).count()
    assert group.pending == group.issued - group.matured > 0
    assert performance(PerformanceQuery(universe="another")).groups == ()


def test_what_was_said_then_does_not_depend_on_what_came_later(platform: Any, tools: Any) -> None:
    measured(tools, join="2025-02-03")
    known = tools.ns("2025-02-03")
    then = performance(PerformanceQuery(known_by_ns=known)).to_dict()
    join_outcomes(now=tools.clock("2026-01-01"))
    assert performance(PerformanceQuery()).to_dict() != then
    assert performance(PerformanceQuery(known_by_ns=known)).to_dict() == then


def test_revisions_are_not_counted(sqlite_platform: Any, tools: Any) -> None:
    bars = tools.bars(1, 200)
    tools.load({"AA": bars})
    generate_universe(GenerateRequest(universe="all", last=5))
    opened = int(bars.index.asi8[190])
    DatabaseBars().replace_range("AA", "1D", bars.iloc[[190]] * 1.01, opened, opened + 1)
    assert generate_universe(GenerateRequest(universe="all", last=5)).revisions == 5
    (group,) = performance(PerformanceQuery(by="ticker")).groups
    assert group.issued == 5
    assert StoredSignal.objects.count() == 10


def test_two_queries_whatever_the_number_of_groups(platform: Any, tools: Any) -> None:
    measured(tools)
    for by in ("ticker", "universe"):
        with CaptureQueriesContext(connection) as seen:
            performance(PerformanceQuery(by=by))  # type: ignore[arg-type]
        assert len(seen) == 2


def test_groupings_and_horizons_that_are_none_are_refused(sqlite_platform: Any) -> None:
    with pytest.raises(InvalidInput, match="did you mean 'rule'"):
        performance(PerformanceQuery(by="rules"))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="at least one bar"):
        performance(PerformanceQuery(horizon_bars=0))
