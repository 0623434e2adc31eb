"""How signals have done, by rule, model, ticker or risk, each figure with its evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from django.db.models import Count, Q, QuerySet

from augury.errors import InvalidInput, nearest
from augury_server.signals.evidence import EvidenceTerms, Figure, mean_figure, share_figure
from augury_server.signals.measuring import DIRECTIONS
from augury_server.signals.models import Outcome

__all__ = ["By", "GroupPerformance", "Performance", "PerformanceQuery", "performance"]

By: TypeAlias = Literal["rule", "model", "ticker", "risk", "type", "universe", "conviction", "spec"]
_FIELDS: dict[str, str] = {
    "rule": "signal__rule_code",
    "model": "signal__model_id",
    "ticker": "signal__ticker",
    "risk": "signal__risk_level",
    "type": "signal__signal_type",
    "universe": "signal__universe",
    "conviction": "signal__is_high_conviction",
    "spec": "signal__spec_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceQuery:
    """Which outcomes: of a horizon, of signals at bar closes in [start_ns, end_ns), known by `known_by_ns`.

    Empty and None mean all. `least` outcomes are asked for before anything is estimated.
    """

    by: By = "rule"
    horizon_bars: int = 5
    universe: str = ""
    timeframe: str = ""
    start_ns: int | None = None
    end_ns: int | None = None
    known_by_ns: int | None = None
    least: int = 30
    confidence: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPerformance:
    """One group: how many signals were issued and what came of them.

    `coverage` is matured over issued, and `void` says how many can never be measured: what is left out is not random.
    `hit_rate` and `net_return` (after costs, in the signal's direction) are of the BUY and SELL signals;
    `forward_return` (of the price alone) is of all, HOLD included, to compare with.
    """

    group: str
    issued: int
    matured: int
    pending: int
    void: int
    coverage: float
    decided: int
    hits: int
    hit_rate: Figure
    net_return: Figure
    forward_return: Figure

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        counts = {name: getattr(self, name) for name in ("group", "issued", "matured", "pending", "void")}
        counts |= {"coverage": self.coverage, "decided": self.decided, "hits": self.hits}
        figures = {name: getattr(self, name).to_dict() for name in ("hit_rate", "net_return", "forward_return")}
        return counts | figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """The groups, largest first, and what was asked; every interval holds at its confidence by itself, not jointly."""

    query: PerformanceQuery
    groups: tuple[GroupPerformance, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        query = {name: getattr(self.query, name) for name in self.query.__dataclass_fields__}
        return {"query": query, "groups": [group.to_dict() for group in self.groups]}


def performance(query: PerformanceQuery) -> Performance:
    """Counts, hit rate and mean return of each group, with intervals that respect overlapping outcomes.

    Only the decision that was issued first for a bar counts, not its revisions on mended data. Two queries whatever the
    number of groups. A figure with too few outcomes is refused with the reason, never given as a neutral number.
    Raises InvalidInput for a grouping that is none and a horizon below one bar.
    """
    if query.by not in get_args(By):
        raise InvalidInput(f"signals are grouped by {', '.join(get_args(By))}, got {query.by!r}; {_hint(query.by)}")
    if query.horizon_bars < 1:
        raise InvalidInput(f"a horizon is at least one bar, got {query.horizon_bars}")
    field = _FIELDS[query.by]
    issued: dict[str, Counter[str]] = {}
    known = Q(known_at_ns__lte=query.known_by_ns) if query.known_by_ns is not None else Q()
    counted = (
        _selected(query)
        .order_by()
        .values_list(field, "state")
        .annotate(number=Count("pk"), known=Count("pk", filter=known))
    )
    for group, state, number, by_then in counted:
        counts = issued.setdefault(str(group), Counter())
        counts["issued"] += number
        settled = by_then if state != Outcome.State.PENDING else 0
        counts[state] += settled
        counts["pending"] += number - settled
    matured = _matured(_selected(query).filter(known, state=Outcome.State.MATURED), field)
    terms = EvidenceTerms(horizon_bars=query.horizon_bars, least=query.least, confidence=query.confidence)
    nothing = _Column(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0, np.int8))
    groups = [_judged(group, counts, matured.get(group, nothing), terms) for group, counts in issued.items()]
    return Performance(query=query, groups=tuple(sorted(groups, key=lambda found: (-found.issued, found.group))))


@dataclass(frozen=True, slots=True)
class _Column:
    """Matured outcomes of a group: signal times, forward and net returns (NaN for HOLD), directions."""

    times: np.ndarray[Any, np.dtype[np.int64]]
    forward: np.ndarray[Any, np.dtype[np.float64]]
    net: np.ndarray[Any, np.dtype[np.float64]]
    direction: np.ndarray[Any, np.dtype[np.int8]]


def _selected(query: PerformanceQuery) -> QuerySet[Outcome]:
    chosen = Outcome.objects.filter(horizon_bars=query.horizon_bars, signal__revision=0)
    wanted = {
        "signal__universe": query.universe or None,
        "signal__timeframe": query.timeframe or None,
        "signal__timestamp_ns__gte": query.start_ns,
        "signal__timestamp_ns__lt": query.end_ns,
        "signal__known_at_ns__lte": query.known_by_ns,
    }
    return chosen.filter(**{name: value for name, value in wanted.items() if value is not None})


def _matured(outcomes: QuerySet[Outcome], field: str) -> dict[str, _Column]:
    """The matured outcomes of each group, ordered by time and ticker so that resampling is repeatable."""
    rows = outcomes.order_by("signal__timestamp_ns", "signal__ticker", "signal_id").values_list(
        field, "signal__timestamp_ns", "forward_return", "net_return", "signal__signal_type"
    )
    groups: dict[str, list[tuple[int, float, float, int]]] = {}
    for group, time, forward, net, kind in rows.iterator(chunk_size=10_000):
        row = (time, forward, float("nan") if net is None else net, DIRECTIONS[kind])
        groups.setdefault(str(group), []).append(row)
    found = {}
    for group, members in groups.items():
        times, forward, net, direction = zip(*members, strict=True)
        found[group] = _Column(
            np.array(times, dtype=np.int64),
            np.array(forward, dtype=np.float64),
            np.array(net, dtype=np.float64),
            np.array(direction, dtype=np.int8),
        )
    return found


def _judged(group: str, counts: Counter[str], column: _Column, terms: EvidenceTerms) -> GroupPerformance:
    decided = column.direction != 0
    times, net = column.times[decided], column.net[decided]
    hits = net > 0.0
    return GroupPerformance(
        group=group,
        issued=counts["issued"],
        matured=counts["matured"],
        pending=counts["pending"],
        void=counts["void"],
        coverage=counts["matured"] / counts["issued"],
        decided=int(decided.sum()),
        hits=int(hits.sum()),
        hit_rate=share_figure(hits, times, terms),
        net_return=mean_figure(net, times, terms),
        forward_return=mean_figure(column.forward, column.times, terms),
    )


def _hint(name: str) -> str:
    return nearest(name, get_args(By))
