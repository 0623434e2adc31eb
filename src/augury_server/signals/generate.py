"""Judge a universe and store its signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction

from augury.errors import AuguryError, InvalidInput, NotEnoughData, NotFound, WrongState, nearest
from augury.market.times import instant
from augury.operations.operation import Progress, Silent
from augury.version import __version__
from augury_server.ingest.stored_news import stored_news
from augury_server.settings.current import current_settings
from augury_server.signals.judging import Judges, engine_of
from augury_server.signals.known_bars import known_symbols, read_known_bars
from augury_server.signals.models import SignalRun, Universe
from augury_server.signals.price_model import artefact_of
from augury_server.signals.requests import GenerateRequest, RunReport
from augury_server.signals.storing import store_signals
from augury_server.signals.universes import find_universe

__all__ = ["generate_universe", "symbols_of"]


@dataclass(slots=True)
class _Tally:
    """What a run has done so far."""

    signals: int = 0
    stored: int = 0
    revisions: int = 0
    watermark_ns: int | None = None
    refused: dict[str, str] = field(default_factory=dict)


def generate_universe(
    request: GenerateRequest,
    *,
    by: str = "",
    progress: Progress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> RunReport:
    """Judge the symbols of a universe on the bars and news that are known, and store the signals.

    The signals are those of `augury.signals.SignalEngine` on the same bars and news, bit for bit. With `at_ns` in the
    past only what was known by then is used: bars that came later or were mended later are as they were; the symbols
    are those that the universe has now. A symbol that cannot be judged is listed with its reason and stops nobody else.
    Signals are stored some symbols at a time, so a run that was killed has stored whole signals with their outcomes,
    and a new one adds what is missing and nothing twice. Raises NotFound for a universe, symbol or model that does not
    exist, InvalidInput for options that are none, NotEnoughData when there is nothing to judge, and WrongState for a
    universe that is disabled.
    """
    if request.last < 1:
        raise InvalidInput(f"at least the last bar is judged, got last = {request.last}")
    universe = find_universe(request.universe)
    if not universe.enabled:
        raise WrongState(
            f"{universe.name} is disabled; enable it with `augury universe add {universe.name} --overwrite`"
        )
    started = now()
    at_ns = instant(started, what="now") if request.at_ns is None else request.at_ns
    symbols = _judged_symbols(universe, request.only)
    judges = _judges(universe, request, at_ns)
    run = _new_run(universe, judges, request, at_ns)
    run.symbols, run.by, run.started_at = len(symbols), by, started
    if not request.dry_run:
        _start(run)
    tally = _Tally()
    run.state = SignalRun.State.INTERRUPTED
    try:
        for some in _chunks(symbols, progress or Silent()):
            _judge_some(some, judges, run, universe, tally, dry_run=request.dry_run)
        run.state = SignalRun.State.FINISHED
    except AuguryError as error:
        run.state, run.error = SignalRun.State.FAILED, str(error)
        raise
    finally:
        if not request.dry_run:
            _finish(run, tally, now())
    return _report(run, tally)


def _judges(universe: Universe, request: GenerateRequest, at_ns: int) -> Judges:
    named = f"{universe.model_name}@{universe.model_alias}" if universe.model_name else ""
    artefact = artefact_of(named if request.model is None else request.model, at_ns)
    tickers = {*symbols_of(universe), *universe.context}
    news = stored_news(sorted(tickers), known_by_ns=at_ns)
    engine, prepared = engine_of(universe, news, artefact)
    return Judges(
        engine=engine,
        news=prepared,
        universe=universe.name,
        last=request.last,
        model_id="" if artefact is None else artefact.model_id,
    )


def _new_run(universe: Universe, judges: Judges, request: GenerateRequest, at_ns: int) -> SignalRun:
    spec = judges.engine.spec
    return SignalRun(
        universe=universe.name,
        timeframe=universe.timeframe,
        part=request.part,
        at_ns=at_ns,
        augury=__version__,
        spec_id=spec.id,
        rules_id=spec.rules.id,
        spec=spec.to_dict(),
        sentiment_model=universe.sentiment_model,
        model_id=judges.model_id,
        job_id=request.job_id,
    )


def symbols_of(universe: Universe) -> list[str]:
    """The universe's symbols: those it names, or every one with bars of its timeframe."""
    return list(universe.symbols) or known_symbols(universe.timeframe)


def _judged_symbols(universe: Universe, only: Sequence[str]) -> list[str]:
    known = symbols_of(universe)
    if not known:
        raise NotEnoughData(
            f"{universe.name} has nothing to judge: no symbol has {universe.timeframe} bars; load some with "
            "`augury ingest bars`"
        )
    if not only:
        return known
    for symbol in only:
        if symbol not in known:
            raise NotFound(f"{symbol!r} is no symbol of {universe.name}; {nearest(symbol, known)}")
    return list(only)


def _chunks(symbols: Sequence[str], progress: Progress) -> Iterator[Sequence[str]]:
    size = current_settings().signals.symbols_at_once
    chunks = [symbols[start : start + size] for start in range(0, len(symbols), size)]
    yield from progress.track(chunks, f"Judging {len(symbols):,} symbols", len(chunks))


def _judge_some(
    symbols: Sequence[str], judges: Judges, run: SignalRun, universe: Universe, tally: _Tally, *, dry_run: bool
) -> None:
    """Judge some symbols and store their signals in one transaction."""
    bars = read_known_bars(symbols, universe.timeframe, known_by_ns=run.at_ns)
    judged = judges.judge(symbols, bars)
    tally.refused |= judged.refused
    tally.signals += len(judged.signals)
    if judged.signals:
        newest = max(new.signal.timestamp_ns for new in judged.signals)
        tally.watermark_ns = max(newest, tally.watermark_ns or newest)
    if not dry_run:
        stored = store_signals(judged.signals, run_id=run.pk, horizons=universe.horizons, created_at=datetime.now(UTC))
        tally.stored += stored.new
        tally.revisions += stored.revisions


def _start(run: SignalRun) -> None:
    """Store the run; one of the same universe and part that still says that it is running was killed."""
    same = SignalRun.objects.filter(universe=run.universe, part=run.part, state=SignalRun.State.RUNNING)
    with transaction.atomic():
        same.update(state=SignalRun.State.INTERRUPTED, ended_at=run.started_at)
        run.save(force_insert=True)


def _finish(run: SignalRun, tally: _Tally, ended: datetime) -> None:
    run.ended_at = ended
    run.signals, run.stored, run.watermark_ns, run.refused = (
        tally.signals, tally.stored, tally.watermark_ns, tally.refused,
    )  # fmt: skip
    run.save(update_fields=["state", "ended_at", "error", "signals", "stored", "watermark_ns", "refused"])


def _report(run: SignalRun, tally: _Tally) -> RunReport:
    return RunReport(
        run_id=run.pk,
        universe=run.universe,
        timeframe=run.timeframe,
        at_ns=run.at_ns,
        watermark_ns=tally.watermark_ns,
        symbols=run.symbols,
        signals=tally.signals,
        stored=tally.stored,
        revisions=tally.revisions,
        spec_id=run.spec_id,
        model_id=run.model_id,
        refused=dict(tally.refused),
    )
