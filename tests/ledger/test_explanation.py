"""An entry in plain words."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from augury.ledger import DataKey, Entry, Ledger

Make = Callable[..., Entry]


def test_the_first_entry_says_what_ran_on_what_and_that_nothing_was_before(ledger: Ledger, make_entry: Make) -> None:
    ledger.append(make_entry(note="a hunch", headline={"sharpe": 0.51234567, "calmar": math.nan}))
    facts = ledger.explain(1).facts
    assert facts == (
        "#1, 2023-11-14T22:13:21Z: backtest of sma_crossover on SPX 1D, 100 bars 1970-01-01 to 1970-04-10 (1 trial).",
        "Parameters: fast = 10, slow = 50.",
        "Outcome: calmar = undefined, sharpe = 0.512346.",
        "Note: a hunch",
        "Nothing had been tried on this data before.",
        "It is the first of this kind and strategy on this data.",
    )


def test_what_changed_since_the_last_similar_run_is_named(
    ledger: Ledger, make_entry: Make, make_data: Callable[..., DataKey]
) -> None:
    ledger.append(make_entry(1))
    ledger.append(make_entry(1, subject="other"))
    ledger.append(make_entry(1, data=make_data("AAPL", "zz")))
    changed = make_entry(
        2,
        strategy_id="beef",
        parameters={"fast": 2, "stop": 0.1},
        spec={"commission_rate": 0.002},
        versions={"augury": "0.2.0"},
        data=make_data("SPX", "b2", bars=101),
        seed=8,
    )
    ledger.append(changed)
    found = ledger.explain(4)
    assert found.previous is not None
    assert found.previous.sequence == 1
    assert [str(change) for change in found.changes] == [
        "code of the strategy: c0de -> beef",
        "fast: 1 -> 2",
        "slow: 50 -> undefined",
        "stop: undefined -> 0.1",
        "option commission_rate: 0.001 -> 0.002",
        "version of augury: 0.1.0 -> 0.2.0",
        "data: SPX 1D, 100 bars 1970-01-01 to 1970-04-10 -> SPX 1D, 101 bars 1970-01-01 to 1970-04-11",
        "seed: 7 -> 8",
    ]
    assert found.before.sequences == (1, 2)
    assert "Before it, 2 trials in 2 entries had been made on this data: 1 distinct, worth 1 independent ones." in str(
        found
    )


def test_a_repeat_is_told_with_whether_it_gave_the_same_figures(ledger: Ledger, make_entry: Make) -> None:
    ledger.append(make_entry(1))
    ledger.append(make_entry(2))
    ledger.append(make_entry(1))
    ledger.append(make_entry(1, headline={"sharpe": 9.0}))
    assert "It repeats #1, the identical run, with the same figures; it is not a new trial." in ledger.explain(3).facts
    assert ledger.explain(3).same_figures is True
    last = ledger.explain(4)
    assert (last.identical, last.same_figures) == (3, False)
    assert "with OTHER figures: it does not reproduce" in str(last)
    assert "Nothing changed since #3, the last of this kind." in last.facts
    assert ledger.explain(2).identical is None


def test_a_sweep_before_counts_with_all_its_trials(ledger: Ledger, make_entry: Make) -> None:
    blocks = np.random.default_rng(1).normal(size=(30, 64))
    ledger.append(
        make_entry(kind="sweep", trials=30, returns=None, sharpes=np.zeros(30), block_returns=blocks, parameters={})
    )
    ledger.append(make_entry(5))
    before = ledger.explain(2).before
    assert (before.trials, before.distinct) == (30, 30)
    assert 15 < before.effective <= 30
