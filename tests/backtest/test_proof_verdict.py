"""Which of two verdicts counts: in sample, or on the bars that no choice had seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augury.backtest import ProofSpec, prove, sweep
from augury.backtest.proof.proof_record import Proof
from augury.validation import Evidence, Verdict, judge
from augury.validation.evidence import Tests

STRONG = Evidence(
    sharpe=1.5, sharpe_lower=0.8, sharpe_upper=2.2, bars=2520, trades=7, trials=1, out_of_sample=False,
    net_of_costs=True, deflated_sharpe=0.97, permutation_p=0.01,
)  # fmt: skip


def proof(unseen: Verdict | None) -> Proof:
    return Proof(
        spec=ProofSpec(), tests=Tests(), in_sample=judge(STRONG), out_of_sample=unseen, intervals=(),
        benchmark=np.empty(0), tried=None, trials=1, sweep=None, walk_forward=None,
    )  # fmt: skip


def forward(sharpe: float, lower: float, upper: float) -> Verdict:
    return judge(replace(STRONG, sharpe=sharpe, sharpe_lower=lower, sharpe_upper=upper, out_of_sample=True))


def test_a_walk_forward_that_lost_beyond_its_error_bars_refutes() -> None:
    unseen = forward(-1.2, -2.0, -0.4)
    assert proof(unseen).verdict is unseen
    assert unseen.level == "refuted"


def test_a_walk_forward_that_lost_within_its_error_bars_leaves_the_verdict_in_sample() -> None:
    told = proof(forward(-0.2, -1.1, 0.7))
    assert told.verdict is told.in_sample
    assert told.verdict.level == "promising"


def test_an_unseen_loss_never_lets_a_result_be_promoted() -> None:
    assert proof(forward(-0.2, -1.1, 0.7)).verdict.level != "promote"
    assert proof(None).verdict.level == "promising"


@pytest.mark.parametrize("trades", [1, 7, 40])
def test_few_trades_do_not_undo_an_exact_test_but_are_told(trades: int) -> None:
    verdict = judge(replace(STRONG, trades=trades))
    assert verdict.level == "promising"
    named = {concern.name: concern.severity for concern in verdict.concerns}
    assert named.get("few_trades") == ("serious" if trades < 10 else None)
    assert ("trades" in {item.name for item in verdict.blocking}) == (trades < 30)


def test_the_walk_forward_of_a_search_is_told_beside_its_verdict(make_bars: Any) -> None:
    moves = np.random.default_rng(4).normal(0.0, 0.01, 700)
    closes = 100.0 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], closes[:-1]])
    bars = make_bars(closes, opens, np.full((2, 700), 0.002))
    found = sweep("sma_crossover", bars, {"fast": [3, 5, 8], "slow": [20, 40]})
    told = prove(found.result(found.best()), ProofSpec(permutations=0, replications=199), sweep=found).proof
    assert told is not None
    assert told.out_of_sample is not None
    unseen = told.out_of_sample.evidence.sharpe
    assert told.in_sample.evidence.walk_forward_sharpe == unseen
    lost = "lost_out_of_sample" in {concern.name for concern in told.in_sample.concerns}
    assert lost == (unseen is not None and unseen <= 0.0)
