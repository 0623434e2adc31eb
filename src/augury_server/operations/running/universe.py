"""What the verbs of universes do."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import OuterRef, Subquery
from structlog.contextvars import get_contextvars

from augury.errors import InvalidInput
from augury.market.times import instant, iso
from augury.operations.operation import Progress
from augury.signals import RuleSpec
from augury_server.accounts.actor import current_actor
from augury_server.operations.table import Table, counted
from augury_server.operations.universe import (
    AddOptions,
    GenerateOptions,
    ListOptions,
    OutcomesOptions,
    PerformanceOptions,
    RemoveOptions,
    RunsOptions,
    SignalsOptions,
)
from augury_server.settings.current import current_settings
from augury_server.signals.evidence import Figure
from augury_server.signals.generate import generate_universe
from augury_server.signals.joining import join_outcomes
from augury_server.signals.listing import SignalFilter, latest_signals, runs, signals
from augury_server.signals.models import SignalRun, StoredSignal, Universe
from augury_server.signals.performance import PerformanceQuery, performance
from augury_server.signals.requests import GenerateRequest
from augury_server.signals.sharing import share_universe
from augury_server.signals.universes import NewUniverse, add_universe, find_universe, remove_universe

__all__ = [
    "add",
    "generate",
    "list_runs",
    "list_signals",
    "list_universes",
    "outcomes",
    "remove",
    "show_performance",
]

_SIGNAL_COLUMNS = (
    "ticker", "closed", "signal", "confidence", "p_up", "size", "risk", "rule", "close", "revision", "why"
)  # fmt: skip


def add(spec: AddOptions, _: Progress) -> Table:
    """Add or replace a universe."""
    name, _at, alias = spec.model.partition("@")
    new = NewUniverse(
        name=spec.name,
        timeframe=spec.timeframe or current_settings().signals.timeframe,
        symbols=spec.symbols or current_settings().signals.symbols,
        context=spec.context,
        sectors=_sectors(spec.sectors),
        options=_engine(spec),
        sentiment_model=spec.sentiment,
        model_name=name,
        model_alias=alias,
        horizons=spec.horizons,
        enabled=not spec.disabled,
    )
    made = add_universe(new, by=current_actor(), replace=spec.overwrite, dry_run=spec.dry_run)
    done = "would be added" if spec.dry_run else "is there"
    return Table(title=f"{made.name} {done}", facts=_facts(made))


def remove(spec: RemoveOptions, _: Progress) -> Table:
    """Forget a universe."""
    gone = remove_universe(spec.name, dry_run=spec.dry_run)
    done = "would be forgotten" if spec.dry_run else "is forgotten; its signals stay"
    return Table(title=f"{gone.name} {done}", facts=_facts(gone))


def list_universes(spec: ListOptions, _: Progress) -> Table:
    """Universes with their last run."""
    last = SignalRun.objects.filter(universe=OuterRef("name")).order_by("-started_at")
    rows = Universe.objects.filter(**({"enabled": True} if spec.enabled else {})).order_by("name")
    rows = rows.annotate(
        last_started=Subquery(last.values("started_at")[:1]), last_state=Subquery(last.values("state")[:1])
    )
    listed = tuple(
        (
            each.name,
            each.timeframe,
            len(each.symbols) or "all",
            f"{each.model_name}@{each.model_alias}" if each.model_name else "",
            each.enabled,
            f"{each.last_started:%Y-%m-%d %H:%M}" if each.last_started else "",
            each.last_state or "",
        )
        for each in rows
    )
    columns = ("name", "timeframe", "symbols", "model", "enabled", "last run", "state")
    return Table(title=counted(len(listed), "universe"), columns=columns, rows=listed)


def generate(spec: GenerateOptions, progress: Progress) -> Table:
    """Judge a universe here, or share it between jobs; exit code 1 when every symbol was refused."""
    request = GenerateRequest(
        universe=spec.name,
        only=spec.only,
        at_ns=_instant(spec.at, "at"),
        last=spec.last,
        model=spec.model,
        part=spec.part,
        job_id=str(get_contextvars().get("job", "")),  # a worker names the job that it runs to the log
        dry_run=spec.dry_run,
    )
    if spec.jobs > 1:
        return _shared(request, spec.jobs)
    report = generate_universe(request, by=current_actor(), progress=progress)
    facts = report.to_dict()
    refused = facts.pop("refused")
    return Table(
        title=f"{counted(report.signals, 'signal')} of {report.universe}, {report.stored:,} of them new",
        columns=("refused", "why") if refused else (),
        rows=tuple(sorted(refused.items())),
        facts=facts,
        notes=("Nothing was stored: this was a dry run.",) if spec.dry_run else (),
        exit_code=1 if refused and len(refused) == report.symbols else 0,
    )


def list_signals(spec: SignalsOptions, _: Progress) -> Table:
    """Signals: the latest of each ticker of a universe, or a history."""
    chosen = SignalFilter(
        universe=spec.name,
        ticker=spec.ticker,
        signal_type=spec.type,
        rule=spec.rule,
        start_ns=_instant(spec.since, "since"),
        end_ns=_instant(spec.until, "until"),
        known_by_ns=_instant(spec.known_by, "known_by"),
        revisions=spec.revisions,
    )
    history = spec.history or not spec.name or bool(spec.since or spec.until or spec.known_by or spec.revisions)
    rows = list(signals(chosen)[: spec.limit]) if history else _latest(chosen)[: spec.limit]
    title = counted(len(rows), "signal" if history else "latest signal")
    title += ", newest first" if history else " by ticker"
    return Table(title=title, columns=_SIGNAL_COLUMNS, rows=tuple(_signal_cells(row) for row in rows))


def outcomes(spec: OutcomesOptions, progress: Progress) -> Table:
    """Join outcomes."""
    report = join_outcomes(dry_run=spec.dry_run, progress=progress)
    done = "would mature" if spec.dry_run else "matured"
    return Table(title=f"{report.matured:,} of {report.due:,} outcomes {done}", facts=report.to_dict())


def show_performance(spec: PerformanceOptions, _: Progress) -> Table:
    """Figures of each group with their evidence."""
    if spec.name:
        find_universe(spec.name)
    found = performance(
        PerformanceQuery(
            by=spec.by,
            horizon_bars=spec.horizon,
            universe=spec.name,
            timeframe=spec.timeframe,
            start_ns=_instant(spec.since, "since"),
            end_ns=_instant(spec.until, "until"),
            known_by_ns=_instant(spec.known_by, "known_by"),
            least=current_settings().signals.least_outcomes if spec.least is None else spec.least,
            confidence=spec.confidence,
        )
    )
    columns = [spec.by, "issued", "matured", "void", "coverage", "decided", "hits"]
    for name in ("hit_rate", "net_return", "forward_return"):
        columns += [name, f"{name}_from", f"{name}_to"]
    rows = tuple(
        (
            group.group, group.issued, group.matured, group.void, group.coverage, group.decided, group.hits,
            *_cells(group.hit_rate), *_cells(group.net_return), *_cells(group.forward_return),
        )
        for group in found.groups
    )  # fmt: skip
    reasons = [
        f"{group.group}: no {name.replace('_', ' ')}: {figure.reason}"
        for group in found.groups
        for name in ("hit_rate", "forward_return")
        if (figure := getattr(group, name)).reason is not None
    ]
    confidence = f"Each interval holds at {100 * spec.confidence:.4g} % by itself, not all of them together."
    title = f"Signals after {counted(spec.horizon, 'bar')}, by {spec.by}"
    notes = (confidence, *reasons) if rows else ("No signal is stored that this asks for: augury universe generate.",)
    return Table(title=title, columns=tuple(columns), rows=rows, notes=notes)


def list_runs(spec: RunsOptions, _: Progress) -> Table:
    """Runs, newest first."""
    rows = tuple(
        (
            f"{run.started_at:%Y-%m-%d %H:%M:%S}", run.universe, run.part, run.state, run.symbols, run.signals,
            run.stored, len(run.refused), run.model_id, iso(run.at_ns), run.by, run.error,
        )
        for run in runs(spec.name)[: spec.limit]
    )  # fmt: skip
    columns = (
        "started", "universe", "part", "state", "symbols", "signals", "stored", "refused", "model", "as of", "by",
        "error",
    )  # fmt: skip
    return Table(title=f"{counted(len(rows), 'run')}, newest first", columns=columns, rows=rows)


def _shared(request: GenerateRequest, jobs: int) -> Table:
    submitted = share_universe(request, jobs, by=current_actor())
    rows = tuple((part.part, len(part.symbols), part.job_id) for part in submitted)
    notes = ("Nothing was submitted: this was a dry run.",) if request.dry_run else ()
    title = f"{request.universe} is shared between {counted(len(rows), 'job')}"
    return Table(title=title, columns=("part", "symbols", "job"), rows=rows, notes=notes)


def _latest(chosen: SignalFilter) -> list[StoredSignal]:
    rows = latest_signals(chosen.universe, find_universe(chosen.universe).timeframe)
    wanted = {"ticker": chosen.ticker, "signal_type": chosen.signal_type, "rule_code": chosen.rule}
    asked = {name: value for name, value in wanted.items() if value}
    return [row for row in rows if all(getattr(row, name) == value for name, value in asked.items())]


def _signal_cells(row: StoredSignal) -> tuple[Any, ...]:
    return (
        row.ticker, iso(row.timestamp_ns), row.signal_type, row.confidence, row.p_up, row.suggested_position_size,
        row.risk_level, row.rule_code, row.close, row.revision, row.reasons[0]["text"],
    )  # fmt: skip


def _cells(figure: Figure) -> tuple[Any, ...]:
    values = figure.to_dict()
    return values["estimate"], values["lower"], values["upper"]


def _facts(universe: Universe) -> dict[str, Any]:
    return {
        "name": universe.name,
        "timeframe": universe.timeframe,
        "symbols": ", ".join(universe.symbols) or "every one with bars",
        "context": ", ".join(universe.context),
        "model": f"{universe.model_name}@{universe.model_alias}" if universe.model_name else "",
        "sentiment model": universe.sentiment_model,
        "horizons": ", ".join(map(str, universe.horizons)),
        "enabled": universe.enabled,
    }


def _sectors(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        ticker, equals, sector = pair.partition("=")
        if not (equals and ticker.strip() and sector.strip()):
            raise InvalidInput(f"expected TICKER=sector, got {pair!r}, for instance AAPL=Technology")
        found[ticker.strip()] = sector.strip()
    return found


def _engine(spec: AddOptions) -> dict[str, Any]:
    try:
        options = json.loads(spec.engine)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"engine: expected a JSON object of options, got {spec.engine!r:.80} ({error})") from error
    if not isinstance(options, dict):
        raise InvalidInput(f"engine: expected a JSON object of options, got {spec.engine!r:.80}")
    if spec.thresholds == "absolute":
        if "rules" in options:
            raise InvalidInput("thresholds: the engine's options bring rules of their own; leave one of the two out")
        options["rules"] = RuleSpec.absolute().to_dict()
    return options


def _instant(text: str | None, what: str) -> int | None:
    return None if text is None else instant(text, what=what)
