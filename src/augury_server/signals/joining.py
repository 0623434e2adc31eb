"""Outcomes joined to signals once their horizon has passed, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from augury.market.timeframe import Timeframe
from augury.market.times import instant
from augury.operations.operation import Progress, Silent
from augury_server.ingest.models import Series
from augury_server.settings.current import current_settings
from augury_server.signals.known_bars import read_known_bars
from augury_server.signals.measuring import Measured, Terms, measure
from augury_server.signals.models import Outcome

__all__ = ["JoinReport", "join_outcomes"]

_AT_ONCE = 100_000
_DAY_NS = 86_400 * 10**9
_MEASURED = (
    "entry_at_ns", "exit_at_ns", "known_at_ns", "entry_price", "exit_price", "forward_return", "net_return", "hit",
    "max_favourable", "max_adverse",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReport:
    """What a join did: of the outcomes that were due, how many matured, are void, and still wait for bars."""

    due: int
    matured: int
    void: int
    waiting: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {"due": self.due, "matured": self.matured, "void": self.void, "waiting": self.waiting}


class _Due(NamedTuple):
    """A pending outcome with what its signal says, in the order of the query."""

    timeframe: str
    ticker: str
    id: int
    horizon_bars: int
    matures_at_ns: int
    signal_type: str
    timestamp_ns: int
    known_at_ns: int

    @property
    def signal(self) -> tuple[str, int, int]:
        """What `measure` asks for: type, close of the bar, known at."""
        return self.signal_type, self.timestamp_ns, self.known_at_ns


def join_outcomes(
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    dry_run: bool = False,
    progress: Progress | None = None,
) -> JoinReport:
    """Measure every pending outcome whose horizon has passed in the bars that are known now.

    A bar that comes late matures its outcomes late; one that was mended before its outcome matured counts with its
    values of now, and the outcome is known when the last of its bars was. A matured outcome is final: a later mend
    changes nothing, so what was reported stays what was known. When a symbol has had no
    bars for `signals.void_after_days` in which others had, its outcomes are void: they count as issued, never as
    matured. Safe to run twice at once.
    """
    at = now()
    at_ns = instant(at, what="now")
    counts = {"due": 0, "matured": 0, "void": 0}
    after: tuple[int, int] | None = None
    while due := _due(at_ns, after):
        after = max((one.matures_at_ns, one.id) for one in due)
        for some in (progress or Silent()).track(*_by_tickers(due)):
            results = list(_judged(some, at_ns))
            counts["due"] += len(some)
            counts["matured"] += sum(measured is not None for _, measured in results)
            counts["void"] += sum(measured is None for _, measured in results)
            if not dry_run:
                _record(results, at, at_ns)
    return JoinReport(**counts, waiting=counts["due"] - counts["matured"] - counts["void"])


def _due(at_ns: int, after: tuple[int, int] | None) -> list[_Due]:
    """The next pending outcomes that may have matured, by when they may; a hundred thousand at most."""
    rows = Outcome.objects.filter(state=Outcome.State.PENDING, matures_at_ns__lte=at_ns)
    if after is not None:
        rows = rows.filter(matures_at_ns__gte=after[0]).exclude(matures_at_ns=after[0], id__lte=after[1])
    named = rows.order_by("matures_at_ns", "id").values_list(
        "signal__timeframe", "signal__ticker", "id", "horizon_bars", "matures_at_ns", "signal__signal_type",
        "signal__timestamp_ns", "signal__known_at_ns",
    )  # fmt: skip
    return [_Due(*row) for row in named[:_AT_ONCE]]


def _by_tickers(due: Sequence[_Due]) -> tuple[list[list[_Due]], str, int]:
    """Outcomes of some tickers of one timeframe together, so that their bars are read at once."""
    parts: list[list[_Due]] = []
    size = current_settings().signals.symbols_at_once
    for _, group in groupby(sorted(due), key=lambda one: one.timeframe):
        by_ticker = [list(members) for _, members in groupby(group, key=lambda one: one.ticker)]
        starts = range(0, len(by_ticker), size)
        parts += [[*chain.from_iterable(by_ticker[start : start + size])] for start in starts]
    return parts, f"Joining {len(due):,} outcomes", len(parts)


def _judged(due: Sequence[_Due], at_ns: int) -> Iterator[tuple[_Due, Measured | None]]:
    """Those that matured with their figures, and those that are void without; the others are left out."""
    settings = current_settings().signals
    terms = Terms(
        timeframe=Timeframe.of(due[0].timeframe), cost_rate=settings.cost_rate, prompt_fraction=settings.prompt_fraction
    )
    tickers = sorted({one.ticker for one in due})
    start = min(one.timestamp_ns for one in due)
    known = read_known_bars(tickers, terms.timeframe, known_by_ns=at_ns, start_ns=start)
    newest = _newest_close(terms.timeframe, at_ns)
    patience = settings.void_after_days * _DAY_NS
    for one in due:
        bars = known.get(one.ticker)
        measured = None if bars is None else measure(bars, one.signal, one.horizon_bars, terms)
        last = one.timestamp_ns if bars is None else int(bars.bars.opened_at[-1]) + terms.timeframe.ns
        if measured is not None or newest - max(last, one.known_at_ns) > patience:
            yield one, measured


def _newest_close(timeframe: Timeframe, at_ns: int) -> int:
    """The close of the newest bar of any symbol: how far the market has come, whether or not loading is up to date."""
    closed = Series.objects.filter(timeframe=str(timeframe), last_opened_at_ns__lte=at_ns - timeframe.ns)
    newest: int | None = closed.aggregate(newest=Max("last_opened_at_ns"))["newest"]
    return 0 if newest is None else newest + timeframe.ns


def _record(results: Sequence[tuple[_Due, Measured | None]], at: datetime, at_ns: int) -> None:
    """Write what was found in one transaction; an outcome that another process has settled meanwhile stays as it is."""
    settings = current_settings().signals
    field = Outcome._meta.get_field("joined_at")
    joined_at = field.get_db_prep_save(at, connection)
    matured = [
        (*(getattr(found, name) for name in _MEASURED), settings.cost_rate, joined_at, one.id)
        for one, found in results
        if found is not None
    ]
    reason = f"no bars for {settings.void_after_days} days in which others had some"
    void = [(reason, at_ns, joined_at, one.id) for one, found in results if found is None]
    columns = [*("matures_at_ns" if name == "exit_at_ns" else name for name in _MEASURED), "cost_rate", "joined_at"]
    with transaction.atomic():
        _settle("matured", columns, matured)
        _settle("void", ["reason", "known_at_ns", "joined_at"], void)


def _settle(state: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    table = connection.ops.quote_name(Outcome._meta.db_table)
    values = ", ".join(f"{name} = %s" for name in columns)
    statement = f"UPDATE {table} SET state = '{state}', {values} WHERE id = %s AND state = 'pending'"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
