"""Options of the operations on strategies that cannot be: usage errors are 2, the rest is 3; nothing is left behind."""

from __future__ import annotations

import json

import numpy as np
import pytest

RUN = ("backtest", "sma_crossover", "FILE", "--permutations", "0")
SEARCH = ("validate", "sma_crossover", "FILE", "--permutations", "0")
BOTH = ("compare", "FILE", "sma_crossover", "ema_crossover", "--permutations", "0")

USAGE = [
    ((*RUN, "--cash", "0"), "--cash 0.0: expected float > 0.0"),
    ((*RUN, "--cash", "-5"), "--cash -5.0"),
    ((*RUN, "--cash", "nan"), "--cash nan"),
    ((*RUN, "--cash", "1e308"), "--cash 1e+308: expected float <= 1e+18"),
    ((*RUN, "--commission", "10"), "--commission 10.0: expected float <= 1.0"),
    ((*RUN, "--commission", "-0.1"), "--commission -0.1: expected float >= 0.0"),
    ((*RUN, "--slippage", "inf"), "--slippage inf"),
    ((*RUN, "--fill", "yesterday"), "'next_open'"),
    ((*RUN, "--seed", "-1"), "--seed -1"),
    ((*RUN, "--seed", str(2**63)), f"--seed {2**63}: expected int <="),
    (("backtest", "sma_crossover", "FILE", "--permutations", "-1"), "--permutations -1"),
    ((*SEARCH, "--block-bars", "0"), "--block-bars 0"),
    (("compare", "FILE"), "Missing argument"),
    (("report", "1", "-o", "x.html", "--permutations", "-1"), "0 or more permutations"),
    (("ledger", "explain"), "explain takes the number of an entry"),
    (("ledger", "verify", "1"), "verify takes no entry"),
    (("ledger", "export"), "export takes --output"),
    (("ledger", "--limit", "-1"), "--limit -1"),
    (("audit", "FILE", "--tries", "0"), "--tries 0: expected at least 1"),
    (("leaks", "rsi", "FILE", "--bars", "-1"), "--bars -1"),
]

INPUT = [
    ((*RUN, "--commission", "0.6", "--slippage", "0.5"), "should be below 1 (they are fractions"),
    ((*RUN, "--stop-loss", "5"), "stop_loss = 5.0: expected float < 1.0"),
    ((*RUN, "--take-profit", "0"), "take_profit = 0.0: expected float > 0.0"),
    ((*RUN, "-p", "fast=0"), "'fast' should be a whole number in 1..1000"),
    ((*RUN, "-p", "fast=2.5"), "'fast' should be a whole number"),
    ((*RUN, "-p", "fast=200"), "fast should be below slow"),
    ((*RUN, "-p", "fst=10"), "did you mean 'fast'"),
    ((*RUN, "-p", "fast"), "expected a parameter as name=value"),
    ((*RUN, "-p", "fast=nan"), "expected a finite number for fast"),
    ((*RUN, "-p", "fast=3", "-p", "fast=4"), "'fast' is given twice"),
    ((*RUN, "-s", "leverage"), "such as leverage=2; got 'leverage'"),
    ((*RUN, "-s", "leverag=2"), "did you mean 'leverage'"),
    ((*RUN, "-s", "leverage=nan"), "leverage = nan"),
    ((*RUN, "-s", "costs=3"), "costs = 3: expected object"),
    ((*RUN, "-s", "costs.borow=1"), "did you mean 'borrow_rate'"),
    ((*RUN, "-s", "periods_per_year=1e300"), "periods_per_year = 1e+300"),
    ((*RUN, "-s", "delay_bars=-1"), "delay_bars = -1: expected int >= 0"),
    ((*RUN, "--splits", "nowhere.csv"), "no table of corporate actions at nowhere.csv"),
    ((*RUN, "--splits", "FILE"), "missing at, kind, value"),
    ((*RUN, "--report", "x.txt"), "ending in .html, .htm"),
    ((*RUN, "--report", "nowhere/x.html"), "nowhere does not exist"),
    ((*RUN, "--save", "x.html"), "ending in .json"),
    ((*RUN, "--ledger", " "), "'off' to record nothing"),
    ((*RUN, "--ledger", "x" * 300), "choose another name"),
    ((*RUN, "--ledger", "."), "is a folder"),
    (("backtest", "nope", "FILE"), "no strategy is named 'nope'; known names:"),
    (("backtest", "nope.py", "FILE"), "there is no file nope.py"),
    (("backtest", "sma_crossover", "nope.csv"), "nope.csv: no such file"),
    ((*SEARCH, "-g", "fast=5:1"), "first:last or first:last:step"),
    ((*SEARCH, "-g", "fast=5:10:0"), "first:last or first:last:step"),
    ((*SEARCH, "-g", "fast=0:1e9:0.0001"), "more than 100,000 values; take a coarser step"),
    ((*SEARCH, "-g", "fast=1e300:1e308:1e-300"), "more than 100,000 values"),
    ((*SEARCH, "-g", "fast=1:900", "-g", "slow=1000:5000"), "3,600,900 combinations"),
    ((*SEARCH, "-g", "fast="), "such as fast=5:60:5; got 'fast='"),
    ((*SEARCH, "-g", "fst=5"), "did you mean 'fast'"),
    ((*SEARCH, "-g", "fast=100", "-g", "slow=50"), "none of 1 combinations is allowed: fast should be below slow"),
    ((*SEARCH, "-g", "fast=5", "-p", "fast=6"), "both searched and fixed"),
    ((*SEARCH, "--train-bars", "1"), "train_bars = 1: expected int >= 20"),
    (("validate", "buy_and_hold", "FILE"), "no parameter to search; use backtest"),
    (("compare", "FILE", "sma_crossover"), "two strategies or more"),
    (("compare", "FILE", "sma_crossover", "sma_crossover"), "named twice"),
    (("compare", "FILE", "a=sma_crossover", "b=sma_crossover"), "the same strategy with the same parameters"),
    (("compare", "FILE", "sma_crossover", "buy_and_hold"), "leave it out"),
    ((*BOTH, "-p", "x=1"), "none of these strategies has a parameter 'x'"),
    (("leaks", "rsy", "FILE"), "did you mean 'rsi'"),
    (("verify", "nope.json"), "expected a run capsule or the number of an entry"),
    (("report", "nope.json", "-o", "x.html"), "expected a run capsule"),
    (("ledger", "explain", "1"), "there is no ledger at"),
    (("ledger", "--ledger", "off"), "the ledger is off"),
    (("ledger", "--since", "yesterday"), "such as 2025-01-31; got 'yesterday'"),
    (("audit", "FILE", "--report", "nowhere/x.html"), "nowhere does not exist"),
    (("audit", "nope.csv"), "nope.csv: no such file"),
]


@pytest.fixture
def aapl(good, write, monkeypatch, tmp_path):
    monkeypatch.setenv("AUGURY_LEDGER", str(tmp_path / "ledger.sqlite"))
    return write("AAPL.csv", good.text())


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [(2, *case) for case in USAGE] + [(3, *case) for case in INPUT],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_an_option_that_cannot_be_is_refused_and_nothing_is_recorded(code, arguments, words, aapl, fails):
    message = fails(code, *(aapl if word == "FILE" else word for word in arguments))
    assert words in message
    assert sorted(entry.name for entry in aapl.parent.iterdir()) == ["AAPL.csv"]


def prices(closes, *, days=None):
    """A table of daily bars that open at the close before."""
    closes = np.asarray(closes, dtype=float)
    opens = np.r_[closes[0], closes[:-1]]
    starts = np.datetime64("2012-01-02") + np.arange(len(closes)) if days is None else days
    rows = [
        f"{day},{o!r},{max(o, c)!r},{min(o, c)!r},{c!r},1.0"
        for day, o, c in zip(starts.astype(str), opens.tolist(), closes.tolist(), strict=True)
    ]
    return "\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n"


WALK = 100.0 * np.exp(np.cumsum(np.random.default_rng(0).normal(0.0, 0.01, 400)))

TOO_LITTLE = {
    "one bar": (WALK[:1], "how many bars make a year cannot be told from these 1"),
    "two bars": (WALK[:2], "cannot be told from these 2"),
    "an account beyond all numbers": (np.r_[WALK * 1e-300, WALK * 1e300], "the account is worth inf at bar 400"),
}


@pytest.mark.parametrize("case", TOO_LITTLE)
@pytest.mark.parametrize("operation", ["backtest", "compare"])
def test_bars_that_give_no_result_leave_no_entry_and_no_page(case, operation, write, fails, tmp_path, monkeypatch):
    monkeypatch.setenv("AUGURY_LEDGER", str(tmp_path / "ledger.sqlite"))
    closes, words = TOO_LITTLE[case]
    path = write("X.csv", prices(closes))
    subject = ("buy_and_hold", path) if operation == "backtest" else (path, "donchian_breakout", "momentum")
    if len(closes) < 10 or operation == "backtest":
        message = fails(3, operation, *subject, "--permutations", "0", "--report", tmp_path / "r.html")
        assert words in message
        assert [entry.name for entry in tmp_path.iterdir()] == ["X.csv"]


def test_times_further_apart_than_an_integer_can_count_are_refused(write, fails):
    days = np.r_[np.datetime64("1900-01-01") + np.arange(200), np.datetime64("2200-01-01") + np.arange(200)]
    path = write("X.csv", prices(WALK, days=days))
    assert "less than 292 years" in fails(3, "backtest", "buy_and_hold", path, "--permutations", "0", "--ledger", "off")


STRANGE = {
    "ten bars": WALK[:10],
    "constant prices": np.full(400, 100.0),
    "two levels": np.where(np.arange(400) % 2, 100.0, 101.0),
    "prices near zero": WALK * 1e-300,
    "prices near the largest number": WALK * 1e300,
    "a crash": np.r_[WALK[:200], WALK[:200] * 1e-10],
    "a rise beyond belief": np.cumprod(np.full(400, 5.0)) * 1e-100,
}


@pytest.mark.parametrize("case", STRANGE)
@pytest.mark.filterwarnings("error")
def test_strange_prices_give_a_result_in_strict_json(case, write, augury, tmp_path):
    path = write("X.csv", prices(STRANGE[case]))
    for strategy in ("buy_and_hold", "sma_crossover"):
        page = tmp_path / "r.html"
        result = augury(
            "backtest", strategy, path, "--permutations", "9", "--ledger", "off", "--report", page, "--json"
        )  # fmt: skip
        assert result.exit_code == 0, result.stderr
        json.loads(result.stdout, parse_constant=lambda word: pytest.fail(f"{case}: {word} is no JSON"))
        assert page.read_text(encoding="utf-8").endswith("</html>\n")
        assert result.stderr == ""


@pytest.mark.parametrize(
    "options",
    [
        ("--commission", "0.4"),
        ("--commission", "0.49", "--slippage", "0.5"),
        ("-s", "costs.minimum_commission=1e18"),
        ("-s", "costs.commission_per_unit=1e18"),
        ("-s", "periods_per_year=1e12"),
        ("-s", "periods_per_year=0.001"),
        ("-s", "delay_bars=1000000"),
        ("-s", "volume_limit=1e-12"),
        ("--cash", "1e18"),
        ("--cash", "1e-300"),
        ("--seed", str(2**63 - 1)),
    ],
    ids=" ".join,
)
@pytest.mark.filterwarnings("error")
def test_options_at_the_edge_of_what_is_allowed_give_strict_json(options, aapl, augury):
    result = augury(*(aapl if word == "FILE" else word for word in RUN[:3]), "--permutations", "9", "--json", *options)
    assert result.exit_code == 0, result.stderr
    json.loads(result.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert result.stderr == ""
