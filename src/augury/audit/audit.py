"""Judging somebody else's backtest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from augury.audit.account import Account, account_of, cash_of, sized
from augury.audit.benchmark import HeldBenchmark, held_benchmark
from augury.audit.checks.case import Case
from augury.audit.claim import Claim, Remark
from augury.audit.concentration import Concentration, concentration_of
from augury.audit.cost_study import CostStudy, study_costs
from augury.audit.delay_study import DelayStudy, study_delays
from augury.audit.judgement import Proof, evidence_of, proof_of, verdict_of
from augury.audit.known_tries import tries_before
from augury.audit.plausibility import plausibility_of, skipped_checks
from augury.audit.prices import Prices, SymbolBars, match_prices, read_prices
from augury.audit.reading import ClaimSpec, read_claim
from augury.audit.recheck import Rechecked, disagreements, recheck
from augury.audit.remarks import account_remarks, concentration_remarks
from augury.audit.search_study import SearchStudy, search_remarks, study_search
from augury.audit.tries import CountedTries, LedgerTries, count_tries
from augury.errors import InvalidInput
from augury.ledger import Ledger
from augury.market.times import iso
from augury.metrics import Curve, Metrics, TradeOutcomes, measure
from augury.spec import Spec
from augury.validation import Evidence, Verdict

__all__ = ["Audit", "AuditSpec", "audit_claim", "audit_files"]

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSpec(Spec):
    """How to judge. `tries` counts every variant that was looked at before this one, itself included.

    `periods_per_year` None counts from the clock; `out_of_sample` says that no choice has seen these data. `stamp`
    tells whether bars are named by their open or close.
    """

    tries: Annotated[int, msgspec.Meta(ge=1)] | None = None
    periods_per_year: Annotated[float, msgspec.Meta(gt=0)] | None = None
    out_of_sample: bool | None = None
    stamp: Literal["open", "close"] = "open"
    replications: Annotated[int, msgspec.Meta(ge=199)] = 2000
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audit:
    """The judgement of a backtest: what it claims, what holds of it, and the verdict.

    `account` and what follows from it are None for a search whose returns were not kept. `remarks` are ranked, errors
    first; `skipped` pairs each check that could not be made with its reason. `exit_code` is 1 when the verdict is
    refuted.
    """

    claim: Claim
    spec: AuditSpec
    account: Account | None
    prices: Prices | None
    metrics: Metrics | None
    benchmark: HeldBenchmark | None
    tries: CountedTries
    proof: Proof | None
    costs: CostStudy | None
    delays: DelayStudy | None
    concentration: Concentration | None
    rechecked: tuple[Rechecked, ...]
    search: SearchStudy | None
    remarks: tuple[Remark, ...]
    skipped: tuple[tuple[str, str], ...]
    verdict: Verdict

    @property
    def exit_code(self) -> int:
        """1 when the verdict is refuted, else 0."""
        return 1 if self.verdict.level == "refuted" else 0

    def remark(self, rule: str) -> Remark | None:
        """The first remark of this rule, None when there is none."""
        return next((one for one in self.remarks if one.rule == rule), None)

    def to_dict(self) -> dict[str, Any]:
        """The whole judgement as plain JSON-ready values; what is undefined is None."""
        return {
            "sources": list(self.claim.sources),
            "tool": self.claim.tool,
            "parts": list(self.claim.parts),
            "name": self.claim.name,
            "account": None if self.account is None else _account_facts(self.account),
            "trades": None if self.claim.trades is None else len(self.claim.trades),
            "tries": self.tries.to_dict(),
            "verdict": self.verdict.to_dict(),
            "metrics": None if self.metrics is None else self.metrics.to_dict(),
            "intervals": [] if self.proof is None else [_interval(one) for one in self.proof.intervals],
            "costs": None if self.costs is None else self.costs.to_dict(),
            "delays": None if self.delays is None else self.delays.to_dict(),
            "concentration": None if self.concentration is None else self.concentration.to_dict(),
            "recheck": [one.to_dict() for one in self.rechecked],
            "search": None if self.search is None else self.search.to_dict(),
            "findings": [one.to_dict() for one in self.remarks],
            "skipped": [{"check": check, "reason": reason} for check, reason in self.skipped],
            "spec": self.spec.to_dict(),
        }


def _account_facts(account: Account) -> dict[str, Any]:
    return {
        "basis": account.basis,
        "periods": len(account.times),
        "first": iso(int(account.times[0])),
        "last": iso(int(account.times[-1])),
        "initial_cash": account.initial_cash,
        "final": float(account.equity[-1]),
        "periods_per_year": account.periods_per_year,
    }


def _interval(found: Any) -> dict[str, Any]:
    names = ("statistic", "estimate", "lower", "upper", "confidence", "method", "reason")
    return {name: _finite(getattr(found, name)) for name in names}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def audit_files(
    paths: str | Path | Sequence[str | Path],
    spec: AuditSpec | None = None,
    *,
    reading: ClaimSpec | None = None,
    bars: Sequence[str | Path] = (),
    benchmark: str | Path | None = None,
    ledger: Ledger | None = None,
) -> Audit:
    """Judge the backtest in one or several files; `bars` are the prices it traded on, `benchmark` what it should beat.

    With a `ledger` the tries on the same data that it knows of count; nothing is written to it (see `record_audit`).
    Raises what `read_claim` and `read_universe` raise. See `Audit` for what comes back.
    """
    spec, reading = spec or AuditSpec(), reading or ClaimSpec()
    claim = read_claim(paths, reading)
    if bars and claim.zoneless:
        raise InvalidInput(
            "the times of the trades have no time zone, so they cannot be laid beside bars; pass zone= (--zone) "
            "with an "
            "IANA name such as 'UTC' or 'America/New_York'"
        )
    universe = read_prices(list(bars), zone=reading.zone, stamp=spec.stamp) if bars else ()
    held = read_prices([benchmark], zone=reading.zone, stamp=spec.stamp) if benchmark is not None else ()
    known = None if ledger is None else tries_before(ledger, claim, universe)
    return audit_claim(claim, spec, universe=universe, benchmark=held[0] if held else None, known=known)


def audit_claim(
    claim: Claim,
    spec: AuditSpec | None = None,
    *,
    universe: Sequence[SymbolBars] = (),
    benchmark: SymbolBars | None = None,
    known: LedgerTries | None = None,
) -> Audit:
    """Judge a claim that was read (or built) already; `universe` are the bars of all symbols it may have traded.

    `known` is what a ledger knows of tries on the same data. With bars of one symbol and no benchmark, holding that
    symbol is the benchmark.
    """
    spec = spec or AuditSpec()
    if not _has_account(claim):
        return _search_only(claim, spec, known)
    cash, cash_known = cash_of(claim)
    trades = None if claim.trades is None else sized(claim.trades, cash)
    claim = claim.changed(trades=trades)
    prices = match_prices(trades, universe) if universe and trades is not None else None
    account = account_of(claim, prices, cash, spec.periods_per_year)
    case = Case(claim=claim, account=account, trades=trades, prices=prices, cash_known=cash_known)
    tries = count_tries(claim, spec.tries, known, len(account.times))
    if benchmark is None and prices is not None and len(prices.universe) == 1:
        benchmark = prices.universe[0]
    held = None if benchmark is None else held_benchmark(account, benchmark)
    metrics = _metrics(case, held)
    costs, delays = study_costs(account, trades), study_delays(claim, prices, account)
    concentration = concentration_of(account, trades)
    rechecked = recheck(claim, account, trades, metrics)
    search = study_search(claim.variants)
    proof = proof_of(case, held, spec.replications, spec.seed)
    remarks = _ranked(
        [
            *plausibility_of(case),
            *account_remarks(case),
            *disagreements(rechecked),
            *concentration_remarks(concentration, case),
            *search_remarks(search),
        ]
    )
    evidence = evidence_of(case, tries, (costs, delays), proof, remarks, (held, spec.out_of_sample))
    return Audit(
        claim=claim,
        spec=spec,
        account=account,
        prices=prices,
        metrics=metrics,
        benchmark=held,
        tries=tries,
        proof=proof,
        costs=costs,
        delays=delays,
        concentration=concentration,
        rechecked=rechecked,
        search=search,
        remarks=remarks,
        skipped=skipped_checks(case),
        verdict=verdict_of(evidence, remarks, account),
    )


def _has_account(claim: Claim) -> bool:
    if claim.trades is not None or claim.curve is not None:
        return True
    return claim.variants is not None and claim.variants.returns is not None and claim.variants.chosen is not None


def _search_only(claim: Claim, spec: AuditSpec, known: LedgerTries | None) -> Audit:
    """A search whose returns were not kept: its scores are all there is."""
    search = study_search(claim.variants)
    tries = count_tries(claim, spec.tries, known, 0)
    remarks = _ranked([*claim.remarks, *search_remarks(search)])
    evidence = Evidence(trials=tries.number, reasons=(("deflated_sharpe", "the trials kept no returns"),))
    return Audit(
        claim=claim, spec=spec, account=None, prices=None, metrics=None, benchmark=None, tries=tries, proof=None,
        costs=None, delays=None, concentration=None, rechecked=(), search=search, remarks=remarks,
        skipped=(("everything about returns", "the storage holds scores only"),),
        verdict=verdict_of(evidence, remarks, None),
    )  # fmt: skip


def _ranked(remarks: list[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda one: _ORDER[one.severity]))


def _metrics(case: Case, held: HeldBenchmark | None) -> Metrics:
    account, trades = case.account, case.trades
    curve = Curve(
        equity=account.equity,
        initial_cash=account.initial_cash,
        periods_per_year=account.periods_per_year,
        opened_at=account.times,
        gross_exposure=account.exposure,
        traded_notional=account.traded,
    )
    outcomes = None
    if trades is not None:
        known = np.isfinite(trades.profit)
        returns = trades.trade_return[known]
        held_for = None
        if account.entry_at is not None and account.exit_at is not None:
            held_for = (account.exit_at - account.entry_at).astype(np.float64)[known]
        outcomes = TradeOutcomes(
            pnl=np.ascontiguousarray(trades.profit[known]),
            is_open=trades.is_open[known],
            returns=returns if np.isfinite(returns).all() else None,
            holding_bars=held_for,
            costs=trades.costs[known] if np.isfinite(trades.costs[known]).all() else None,
        )
    return measure(curve, outcomes, None if held is None else held.returns)
