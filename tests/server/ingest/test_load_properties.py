"""Whatever order bars arrive in, the database says what a slow readable model says, now and at every moment before."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import NotFound
from augury.market.bars import bars_frame
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.load_bars import LoadSpec, load_bars
from augury_server.ingest.models import BarRevision, Series

DAY_NS = 86_400 * 10**9
FIRST = 19_700 * DAY_NS
BARS = 8
EVERY = LoadSpec(start="2020-01-01T00:00Z", minimum_quality=0.0)
_numbers = itertools.count()

Batch = list[tuple[int, int]]
"""Bars as (place in the series, version of its values)."""


def frame_of(batch: Batch) -> pd.DataFrame:
    """Bars whose close tells place and version."""
    batch = sorted(batch)
    closes = np.array([100.0 + place + version / 8 for place, version in batch])
    opened_at = np.array([FIRST + place * DAY_NS for place, _ in batch], dtype=np.int64)
    matrix = np.stack([np.full(len(batch), 100.0), closes + 10.0, np.full(len(batch), 90.0), closes, closes * 0 + 5.0])
    return bars_frame(opened_at, np.ascontiguousarray(matrix))


@dataclass
class SlowModel:
    """Each bar's versions as a list of (known_at, close), written down as one would on paper."""

    versions: dict[int, list[tuple[int, float]]] = field(default_factory=dict)

    def arrive(self, batch: Batch, now_ns: int) -> None:
        """What arrives now replaces what was there, if it differs."""
        for place, version in batch:
            close = 100.0 + place + version / 8
            closed_at = FIRST + (place + 1) * DAY_NS
            if closed_at > now_ns:
                continue
            known = self.versions.setdefault(place, [])
            if not known or known[-1][1] != close:
                known.append((now_ns, close))

    def observe(self, batch: Batch, known_at_ns: int) -> None:
        """What was known at some moment, told in any order."""
        for place, version in batch:
            known = self.versions.setdefault(place, [])
            known.append((known_at_ns, 100.0 + place + version / 8))
            known.sort()

    def read(self, known_by_ns: int) -> dict[int, float]:
        found = {}
        for place, known in self.versions.items():
            seen = [close for moment, close in known if moment <= known_by_ns]
            if seen:
                found[place] = seen[-1]
        return found


def stored(symbol: str, known_by_ns: int | None = None) -> dict[int, float]:
    try:
        bars = DatabaseBars().read(symbol, "1D", known_by=known_by_ns)
    except NotFound:
        return {}
    return {int((at - FIRST) // DAY_NS): float(close) for at, close in zip(bars.index.asi8, bars["close"], strict=True)}


def check_against(model: SlowModel, symbol: str, moments: list[int]) -> None:
    last = max(moments) + DAY_NS
    assert stored(symbol) == model.read(last)
    for moment in moments:
        for near in (moment - 1, moment):
            assert stored(symbol, near) == model.read(near), (near, moments)
    for series in Series.objects.filter(instrument__symbol=symbol):
        assert series.bars == len(model.read(last))


places = st.integers(0, BARS - 1)
batches = st.lists(
    st.dictionaries(places, st.integers(0, 2), min_size=1).map(lambda one: list(one.items())), min_size=1, max_size=6
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(arrivals=batches, again=st.booleans())
def test_any_sequence_of_arrivals_reads_like_the_slow_model_at_every_moment(
    platform: Any, vendor: Any, clock: Any, arrivals: list[Batch], again: bool
) -> None:
    symbol, model, moments = f"S{next(_numbers)}", SlowModel(), []
    clock.moment = pd.Timestamp(FIRST + BARS * DAY_NS // 2, tz="UTC").to_pydatetime()
    for batch in arrivals:
        clock.forward(days=1, seconds=1)
        for _ in range(1 + again):  # told twice is told once
            load_bars(vendor({symbol: frame_of(batch)}), [symbol], "1D", spec=EVERY, now=clock)
        model.arrive(batch, clock.ns)
        moments.append(clock.ns)
    check_against(model, symbol, moments)


@st.composite
def observations(draw: st.DrawFn) -> list[tuple[int, Batch]]:
    """A series that is restated at some moments, seen in parts at others, told in any order."""
    restated_at = {place: draw(st.lists(st.integers(1, 20), max_size=3, unique=True)) for place in range(BARS)}
    seen_at = draw(st.lists(st.integers(0, 20), min_size=1, max_size=6, unique=True))
    told = []
    for moment in seen_at:
        part = draw(st.sets(places, min_size=1))
        told.append((moment, [(place, sum(at <= moment for at in restated_at[place])) for place in sorted(part)]))
    return draw(st.permutations(told))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(told=observations())
def test_any_order_of_telling_when_things_were_known_gives_the_same_history(
    platform: Any, vendor: Any, clock: Any, told: list[tuple[int, Batch]]
) -> None:
    symbol, model, moments = f"S{next(_numbers)}", SlowModel(), []
    base = FIRST + 2 * BARS * DAY_NS
    clock.moment = pd.Timestamp(base + 100 * DAY_NS, tz="UTC").to_pydatetime()
    for moment, batch in told:
        known_at = base + moment * DAY_NS
        spec = EVERY.replace(known_at=pd.Timestamp(known_at, tz="UTC").isoformat())
        loaded = load_bars(vendor({symbol: frame_of(batch)}), [symbol], "1D", spec=spec, now=clock)
        assert loaded.total("refused") == 0
        model.observe(batch, known_at)
        moments.append(known_at)
    check_against(model, symbol, moments)
    in_order = f"S{next(_numbers)}"
    for moment, batch in sorted(told):
        spec = EVERY.replace(known_at=pd.Timestamp(base + moment * DAY_NS, tz="UTC").isoformat())
        load_bars(vendor({in_order: frame_of(batch)}), [in_order], "1D", spec=spec, now=clock)
    assert rows(symbol) == rows(in_order), "the same rows, whatever the order"


def rows(symbol: str) -> list[tuple[Any, ...]]:
    chosen = BarRevision.objects.filter(series__instrument__symbol=symbol)
    return sorted(chosen.values_list("opened_at_ns", "known_at_ns", "replaced_at_ns", "close"))
