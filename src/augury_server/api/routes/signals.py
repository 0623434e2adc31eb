"""Stored signals: a history, newest first, and the latest of each ticker of a universe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from augury.market.times import instant
from augury_server.api.pagination import PageQuery, PlainText, cursor_of, next_link, place_of_cursor
from augury_server.api.problem_responses import problem_responses
from augury_server.api.security import require_role
from augury_server.api.work_threads import in_database
from augury_server.database.explaining import explained
from augury_server.signals.listing import SignalFilter, latest_signals, signals, signals_after
from augury_server.signals.models import StoredSignal
from augury_server.signals.universes import find_universe

__all__ = ["router"]

router = APIRouter(prefix="/signals", tags=["signals"])

_LARGEST_NS = 2**63 - 1
Kind = Literal["BUY", "SELL", "HOLD"]


class SignalView(BaseModel):
    """One decision about one ticker at one bar's close."""

    id: UUID
    universe: str
    ticker: str
    timeframe: str
    timestamp: datetime = Field(description="Close of the bar.")
    known_at: datetime = Field(description="When the decision could first be made.")
    signal_type: Kind
    confidence: float
    risk_level: Literal["LOW", "MEDIUM", "HIGH"]
    is_high_conviction: bool
    suggested_position_size: float | None
    p_up: float | None
    close: float
    rule_code: str
    model_id: str
    revision: int
    reasons: list[Any]


class SignalPage(BaseModel):
    """Signals, newest first; `next` is the cursor of the page after this one."""

    signals: list[SignalView]
    next: str | None


class UniverseSignals(BaseModel):
    """The latest signal of each ticker of a universe, by ticker."""

    universe: str
    timeframe: str
    signals: list[SignalView]


class SignalQuery(PageQuery):
    """Which signals to list."""

    universe: PlainText | None = Field(None, max_length=100, description="Only of this universe.")
    ticker: PlainText | None = Field(None, max_length=200, description="Only of this ticker.")
    type: Kind | None = Field(None, description="Only of this type.")
    since: PlainText | None = Field(
        None, max_length=64, description="Bars that closed then or later: ISO 8601 with an offset."
    )


@router.get("", response_model=SignalPage, responses=problem_responses(), summary="Stored signals, newest first")
async def list_signals(request: Request, response: Response, query: Annotated[SignalQuery, Query()]) -> SignalPage:
    """A page of signals; the header Link names the next one."""
    require_role(request.scope, "viewer")
    page = await in_database(_page, query)
    response.headers.update(next_link(request.url, page.next))
    return page


@router.get(
    "/{universe}",
    response_model=UniverseSignals,
    responses=problem_responses("not-found"),
    summary="The latest signal of each ticker",
)
async def show_universe(
    universe: Annotated[str, Path(max_length=100, description="Name of the universe.")], request: Request
) -> UniverseSignals:
    """The signal at the newest bar of each ticker of a universe, on its newest data."""
    require_role(request.scope, "viewer")
    return await in_database(_latest, universe)


def _page(query: SignalQuery) -> SignalPage:
    limit = query.limit
    chosen = SignalFilter(
        universe=query.universe or "",
        ticker=query.ticker or "",
        signal_type=query.type or "",
        start_ns=None if query.since is None else instant(query.since, what="since"),
    )
    last = place_of_cursor(query.cursor, lambda parts: (_bounded(parts[0]), UUID(parts[1])))
    with explained("list signals"):
        rows = list((signals(chosen) if last is None else signals_after(chosen, *last))[: limit + 1])
    following = None
    if len(rows) > limit:
        rows.pop()
        following = cursor_of(rows[-1].timestamp_ns, rows[-1].pk.hex)
    return SignalPage(signals=[_view(row) for row in rows], next=following)


def _bounded(value: Any) -> int:
    if not isinstance(value, int) or abs(value) > _LARGEST_NS:
        raise ValueError("no time in ns")
    return value


def _latest(name: str) -> UniverseSignals:
    with explained("show the latest signals"):
        universe = find_universe(name.replace("\0", ""))
        rows = latest_signals(universe.name, universe.timeframe)
    return UniverseSignals(universe=universe.name, timeframe=universe.timeframe, signals=[_view(row) for row in rows])


def _view(row: StoredSignal) -> SignalView:
    return SignalView(
        id=row.pk,
        universe=row.universe,
        ticker=row.ticker,
        timeframe=row.timeframe,
        timestamp=_moment(row.timestamp_ns),
        known_at=_moment(row.known_at_ns),
        signal_type=row.signal_type,
        confidence=row.confidence,
        risk_level=row.risk_level,
        is_high_conviction=row.is_high_conviction,
        suggested_position_size=row.suggested_position_size,
        p_up=row.p_up,
        close=row.close,
        rule_code=row.rule_code,
        model_id=row.model_id,
        revision=row.revision,
        reasons=row.reasons,
    )


def _moment(ns: int) -> datetime:
    seconds, rest = divmod(ns, 10**9)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
