"""What the audit concludes: significance given the tries, errors that refute, and how often noise gets through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.audit import Audit, AuditSpec, Claim, ClaimedCurve, LedgerTries, Variants, audit_claim, audit_files
from augury.errors import NotEnoughData
from augury.validation import deflated_sharpe, probabilistic_sharpe, sharpe_moments

DAY_NS = 86_400 * 10**9
QUICK = AuditSpec(replications=199)


def claim_of(returns: np.ndarray, variants: Variants | None = None) -> Claim:
    times = np.arange(1, len(returns) + 1) * DAY_NS + 18_000 * DAY_NS
    curve = ClaimedCurve(times=times, equity=1000.0 * np.cumprod(1.0 + returns), initial_cash=1000.0)
    return Claim(tool="table", parts=("equity",), sources=("made.csv",), name="made", curve=curve, variants=variants)


def noise_claim(rng: np.random.Generator, trials: int, *, kept: bool) -> Claim:
    """The best of so many worthless rules."""
    matrix = rng.normal(0.0, 0.01, (trials, 750))
    best = int(np.argmax(matrix.mean(axis=1) / matrix.std(axis=1, ddof=1)))
    variants = Variants(count=trials, source="made", returns=matrix if kept else None, chosen=best if kept else None)
    return claim_of(matrix[best], variants)


def test_significance_is_the_deflated_sharpe_of_the_tries_stated() -> None:
    returns = np.random.default_rng(4).normal(0.0012, 0.01, 750)
    moments = sharpe_moments(returns)
    once = audit_claim(claim_of(returns), QUICK.replace(tries=1)).verdict.evidence
    many = audit_claim(claim_of(returns), QUICK.replace(tries=200)).verdict.evidence
    assert once.deflated_sharpe == pytest.approx(probabilistic_sharpe(moments))
    expected = deflated_sharpe(moments, variance=1.0 / 749.0, trials=200.0)
    assert many.deflated_sharpe == pytest.approx(expected, rel=1e-6)
    assert many.deflated_sharpe < once.deflated_sharpe


def test_tries_that_nobody_recorded_are_said_and_cannot_be_promoted() -> None:
    strong = np.random.default_rng(4).normal(0.003, 0.01, 1500)
    found = audit_claim(claim_of(strong), QUICK)
    assert found.tries.number is None
    assert "tries not recorded" in found.verdict.headline
    assert found.verdict.level not in ("promote", "promising")
    assert any(concern.name == "tries_not_recorded" for concern in found.verdict.concerns)
    assert {item.name: item.status for item in found.verdict.gate}["deflated_sharpe"] == "not tested"


def test_the_largest_number_of_tries_counts_wherever_it_comes_from() -> None:
    rng = np.random.default_rng(0)
    claim = noise_claim(rng, 20, kept=True)
    assert audit_claim(claim, QUICK).tries.number == 20
    assert audit_claim(claim, QUICK.replace(tries=5)).tries.number == 20
    assert audit_claim(claim, QUICK.replace(tries=500)).tries.source == "as stated"
    known = LedgerTries(number=90, effective=40.0, sharpe_variance=0.002)
    found = audit_claim(claim, QUICK, known=known)
    assert (found.tries.number, found.tries.source) == (90, "the ledger")


@pytest.mark.parametrize("kept", [True, False])
def test_the_best_of_fifty_noise_rules_seldom_passes_and_a_naive_reading_would_let_most_through(kept: bool) -> None:
    rng = np.random.default_rng(12)
    passed = naive = 0
    for _ in range(60):
        evidence = audit_claim(noise_claim(rng, 50, kept=kept), QUICK).verdict.evidence
        assert evidence.deflated_sharpe is not None
        assert evidence.probabilistic_sharpe is not None
        passed += evidence.deflated_sharpe >= 0.95
        naive += evidence.probabilistic_sharpe >= 0.95
    assert passed <= 6  # 5 % of 60 is 3; more than 6 has a chance of 2 % there
    assert naive >= 40


def test_a_true_sharpe_ratio_of_two_among_fifty_is_usually_found() -> None:
    rng = np.random.default_rng(7)
    passed = 0
    for _ in range(40):
        returns = rng.normal(2.0 / 252.0**0.5 * 0.01, 0.01, 252 * 6)
        evidence = audit_claim(claim_of(returns), QUICK.replace(tries=50, periods_per_year=252.0)).verdict.evidence
        assert evidence.deflated_sharpe is not None
        passed += evidence.deflated_sharpe >= 0.95
    assert passed >= 32


def test_a_losing_backtest_is_refuted_and_the_interval_holds_the_estimate() -> None:
    found = audit_claim(claim_of(np.random.default_rng(1).normal(-0.001, 0.01, 500)), QUICK.replace(tries=1))
    assert found.verdict.level == "refuted"
    assert found.exit_code == 1
    assert found.proof is not None
    for interval in found.proof.intervals:
        assert interval.lower <= interval.estimate <= interval.upper


def test_the_same_audit_twice_is_the_same_bit_for_bit(
    honest_trades: pd.DataFrame, audit_table: Callable[..., Audit], bar_file: Path
) -> None:
    first = audit_table(honest_trades, bars=[bar_file])
    second = audit_table(honest_trades, bars=[bar_file])
    assert first.to_dict() == second.to_dict()


def test_what_cannot_be_tested_carries_its_reason(
    honest_trades: pd.DataFrame, audit_table: Callable[..., Audit]
) -> None:
    gate = {item.name: item for item in audit_table(honest_trades, spec={"tries": 3}).verdict.gate}
    assert "augury validate" in gate["permutation_p"].why
    assert "--bars" in gate["sharpe_delay_1"].why
    assert "--benchmark" in gate["superiority_p"].why
    assert gate["sharpe_double_cost"].status in ("passed", "failed")
    assert gate["net_of_costs"].status == "passed"


def test_doubled_costs_are_only_judged_where_costs_were_charged(
    honest_trades: pd.DataFrame, audit_table: Callable[..., Audit]
) -> None:
    table = honest_trades.drop(columns="costs")
    table["profit"] = table["units"] * (table["exit_price"] - table["entry_price"])
    gate = {item.name: item for item in audit_table(table).verdict.gate}
    assert gate["sharpe_double_cost"].status == "not tested"
    assert gate["net_of_costs"].status == "not tested"


def test_holding_the_only_symbol_is_the_benchmark(
    honest_trades: pd.DataFrame, audit_table: Callable[..., Audit], bar_file: Path, bars: pd.DataFrame
) -> None:
    found = audit_table(honest_trades, bars=[bar_file])
    assert found.benchmark is not None
    assert found.account is not None
    last = bars["close"].loc[pd.Timestamp(int(found.account.times[-1]) - DAY_NS, tz="UTC")]
    first = bars["open"].iloc[2]
    assert found.benchmark.equity[-1] / found.account.initial_cash == pytest.approx(last / first)
    assert found.verdict.evidence.superiority_p is not None


def test_a_benchmark_that_does_not_cover_the_account_is_refused(bar_file: Path, tmp_path: Path) -> None:
    curve = pd.DataFrame({"time": pd.date_range("2010-01-01", periods=50), "equity": np.linspace(100.0, 130.0, 50)})
    path = tmp_path / "curve.csv"
    curve.to_csv(path, index=False)
    with pytest.raises(NotEnoughData, match="pass bars that cover it"):
        audit_files(path, QUICK, benchmark=bar_file)


def test_delays_take_the_edge_of_trades_that_know_the_next_bar(
    bars: pd.DataFrame, audit_table: Callable[..., Audit], bar_file: Path
) -> None:
    """Each trade holds the one bar that rises most among ten: foresight that a delay of one bar destroys."""
    opens = bars["open"].to_numpy()
    rise = opens[1:] / opens[:-1] - 1.0
    chosen = np.array([start + int(np.argmax(rise[start : start + 10])) for start in range(0, 380, 10)])
    units = np.full(len(chosen), 50.0)
    costs = 0.0005 * units * (opens[chosen] + opens[chosen + 1])
    table = pd.DataFrame(
        {
            "side": "long", "entry_time": bars.index[chosen], "exit_time": bars.index[chosen + 1], "units": units,
            "entry_price": opens[chosen], "exit_price": opens[chosen + 1], "costs": costs,
            "profit": units * (opens[chosen + 1] - opens[chosen]) - costs,
        }
    )  # fmt: skip
    found = audit_table(table, bars=[bar_file])
    assert found.delays is not None
    claimed, later = found.delays.rows[0], found.delays.rows[1]
    assert claimed[2] > 5.0
    assert later[2] < 0.3 * claimed[2]
    slow = np.sum(units * (opens[np.minimum(chosen + 2, 399)] - opens[chosen + 1]) - costs) / 10_000.0
    assert later[1] == pytest.approx(slow)
    assert found.remark("too_good") is not None
    assert any(concern.name == "delay" for concern in found.verdict.concerns)
