"""A story with everything in it: an SMA crossover on real bars, made with a few lines of NumPy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from augury.market import bar_arrays
from augury.report import (
    Benchmark,
    CheckTable,
    DataFacts,
    Estimate,
    FeatureItem,
    FeatureTable,
    FindingItem,
    FoldItem,
    FoldSpan,
    Forecasts,
    GateItem,
    Grid,
    Interval,
    MeasureItem,
    ModelStory,
    NullTest,
    ReliabilityBins,
    ScoreItem,
    Story,
    Tries,
    VerdictItem,
)
from augury.sample import load_sample

DAY = 86_400 * 10**9


def crossover(opens: np.ndarray, closes: np.ndarray, fast: int, slow: int, cost: float = 0.001) -> SimpleNamespace:
    """Long above, short below; decided at the close, filled at the next open, costs as a fraction of what is traded."""
    mean = lambda window: pd.Series(closes).rolling(window).mean().to_numpy()  # noqa: E731
    wanted = np.nan_to_num(np.sign(mean(fast) - mean(slow)))
    held = np.concatenate(([0.0], wanted[:-1]))
    before = np.concatenate(([0.0], held[:-1]))
    close_before = np.concatenate(([opens[0]], closes[:-1]))
    growth = (
        (1 + before * (opens / close_before - 1))
        * (1 + held * (closes / opens - 1))
        * (1 - cost * np.abs(held - before))
    )
    equity = 100_000.0 * np.cumprod(growth)
    return SimpleNamespace(equity=equity, held=held)


def trades_of(opened_at: np.ndarray, matrix: np.ndarray, held: np.ndarray) -> pd.DataFrame:
    opens = matrix[0]
    changes = np.flatnonzero(np.diff(np.concatenate(([0.0], held))))
    rows = []
    for at, start in enumerate(changes):
        if held[start] == 0:
            continue
        is_open = at + 1 == len(changes)
        end = len(held) - 1 if is_open else int(changes[at + 1])
        side = held[start]
        leave = matrix[3, end] if is_open else opens[end]
        units = 100_000.0 / opens[start]
        gained = side * (leave / opens[start] - 1)
        inside = matrix[:, start : end + 1]
        best = (inside[1].max() if side > 0 else inside[2].min()) / opens[start] - 1
        worst = (inside[2].min() if side > 0 else inside[1].max()) / opens[start] - 1
        rows.append(
            {
                "side": "long" if side > 0 else "short",
                "entry_time": pd.Timestamp(opened_at[start], tz="UTC"),
                "exit_time": pd.NaT if is_open else pd.Timestamp(opened_at[end], tz="UTC"),
                "entry_price": opens[start],
                "exit_price": np.nan if is_open else leave,
                "units": units,
                "profit_and_loss": 100_000.0 * (gained - 0.002),
                "return": gained - 0.002,
                "costs": 200.0,
                "maximum_favourable_excursion": side * best,
                "maximum_adverse_excursion": side * worst,
                "holding_bars": end - start,
                "exit_reason": "end of data" if is_open else "signal reversed",
                "is_open": is_open,
            }
        )
    return pd.DataFrame(rows)


def measures_of(equity: np.ndarray, trades: pd.DataFrame) -> tuple[MeasureItem, ...]:
    x = np.diff(np.concatenate(([100_000.0], equity))) / np.concatenate(([100_000.0], equity[:-1]))
    n, per_bar = len(x), x.mean() / x.std(ddof=1)
    peak = np.maximum.accumulate(np.concatenate(([100_000.0], equity)))[1:]
    deepest = float((equity / peak - 1).min())
    cagr = float((equity[-1] / 100_000.0) ** (252 / n) - 1)
    closed = trades[~trades["is_open"]]
    return (
        MeasureItem(name="total_return", value=float(equity[-1] / 100_000 - 1), unit="fraction"),
        MeasureItem(name="cagr", value=cagr, unit="fraction", standard_error=float(x.std() * 252 / n**0.5)),
        MeasureItem(
            name="sharpe",
            value=float(per_bar * 252**0.5),
            standard_error=float(((1 + per_bar**2 / 2) / (n - 1)) ** 0.5 * 252**0.5),
        ),
        MeasureItem(name="maximum_drawdown", value=deepest, unit="fraction"),
        MeasureItem(name="volatility", value=float(x.std(ddof=1) * 252**0.5), unit="fraction", standard_error=0.004),
        MeasureItem(name="trade_count", value=float(len(trades)), unit="count"),
        MeasureItem(
            name="win_rate", value=float((closed["profit_and_loss"] > 0).mean()), unit="fraction", standard_error=0.06
        ),
        MeasureItem(name="sortino", value=0.63, standard_error=0.4),
        MeasureItem(name="calmar", value=cagr / abs(deepest)),
        MeasureItem(name="drawdown_duration", value=812.0, unit="bars", flags=("not_recovered",)),
        MeasureItem(name="value_at_risk", value=float(np.quantile(x, 0.05)), unit="fraction"),
        MeasureItem(name="kurtosis", value=9.31),
        MeasureItem(
            name="expectancy", value=float(closed["profit_and_loss"].mean()), unit="money", standard_error=1830.2
        ),
        MeasureItem(name="profit_factor", value=None, reason="no losing trade"),
        MeasureItem(name="alpha", value=0.031, unit="fraction", standard_error=0.088),
        MeasureItem(name="beta", value=0.12, standard_error=0.03),
    )


def verdict() -> VerdictItem:
    return VerdictItem(
        level="unproven",
        headline="Better than chance on these bars, but not after the number of variants tried.",
        gates=(
            GateItem(
                name="deflated_sharpe",
                value=0.71,
                bound=">= 0.95",
                passed=False,
                explanation="Probability that the true Sharpe ratio exceeds the best of 231 lucky ones.",
                remedy="Test the chosen pair on symbols that played no part in choosing it.",
            ),
            GateItem(
                name="permutation, in sample",
                value=0.038,
                bound="<= 0.05",
                passed=True,
                explanation="1,000 permuted histories, each searched over the same grid.",
            ),
            GateItem(
                name="one bar later",
                value=0.41,
                bound="> 0",
                passed=True,
                explanation="Sharpe ratio filled a bar later.",
            ),
            GateItem(
                name="twice the costs",
                value=0.29,
                bound="> 0",
                passed=True,
                explanation="Sharpe ratio at double costs.",
            ),
            GateItem(
                name="track record",
                value=2148,
                bound=">= 5210",
                passed=False,
                explanation="Bars needed for 95 % confidence that the ratio is above zero.",
            ),
            GateItem(
                name="walk forward",
                value=None,
                bound="<= 0.05",
                passed=None,
                explanation="Not run: no training window was given.",
            ),
        ),
        findings=(
            FindingItem(
                severity="error",
                text="After 231 variants a Sharpe ratio of 0.6 is what luck gives one time in four.",
                remedy="Hold back data that no variant has seen, and evaluate once.",
            ),
            FindingItem(
                severity="warning",
                text="Half of the profit comes from 3 of 41 trades.",
                remedy="Read the result without them; size positions so that no trade decides.",
            ),
            FindingItem(
                severity="info",
                text="Prices are not adjusted for the splits of 2000 and 2005.",
                remedy="Use adjusted bars.",
            ),
        ),
    )


def full_story(title: str = "Crossover of two averages on Apple", fast: int = 20, slow: int = 80) -> Story:
    sample = load_sample()
    arrays = bar_arrays(sample.bars["AAPL"])
    run = crossover(arrays.matrix[0], arrays.matrix[3], fast, slow)
    trades = trades_of(arrays.opened_at, arrays.matrix, run.held)
    rng = np.random.default_rng(7)
    grid = rng.normal(0.4, 0.1, (8, 9)).cumsum(axis=1) / 3 - 0.2
    return Story(
        title=title,
        subtitle="Long above, short below, decided at the close and filled at the next open",
        strategy="sma_crossover",
        parameters={"fast": fast, "slow": slow},
        settings={"commission_rate": 0.0005, "slippage_rate": 0.0005, "fill": "next open", "allow_short": True},
        data=DataFacts(symbols=("AAPL",), timeframe="1D", fingerprint="9b1c6d5e0f7a2b34"),
        times=arrays.opened_at + DAY,
        equity=run.equity,
        initial_cash=100_000.0,
        bars_per_year=252.0,
        benchmark=Benchmark(name="Buy and hold", equity=100_000.0 * arrays.matrix[3] / arrays.matrix[0, 0]),
        exposure=np.abs(run.held),
        bars=arrays,
        trades=trades,
        measures=measures_of(run.equity, trades),
        cost_totals={"commission": 4_100.0, "slippage": 4_100.0, "borrow": 812.5, "half_spread": 0.0},
        tests=(
            NullTest(
                name="Permuted bars",
                null=rng.normal(0.31, 0.18, 1000),
                observed=0.64,
                p_value=0.038,
                statistic="best Sharpe ratio",
                explanation="Each permuted history was searched over the whole grid.",
            ),
        ),
        intervals=(
            Interval(name="sharpe", low=-0.06, high=1.27, method="stationary bootstrap, 2,000 resamples"),
            Interval(name="cagr", low=-0.05, high=0.38),
            Interval(name="maximum_drawdown", low=-0.71, high=-0.29),
        ),
        sensitivity=Grid(
            x_name="fast",
            x_values=tuple(range(5, 50, 5)),
            y_name="slow",
            y_values=tuple(range(60, 140, 10)),
            values=grid,
            chosen=(3, 2),
        ),
        checks=(
            CheckTable(
                title="Fills later",
                columns=("delay", "Sharpe ratio", "total return"),
                units=("", "ratio", "fraction"),
                rows=(("none", 0.62, 1.9), ("1 bar", 0.41, 0.8), ("2 bars", 0.35, 0.6), ("5 bars", -0.08, -0.2)),
            ),
            CheckTable(
                title="Dearer costs",
                columns=("costs", "Sharpe ratio", "total return"),
                units=("", "ratio", "fraction"),
                rows=(("as set", 0.62, 1.9), ("twice", 0.51, 1.3), ("break-even at 9.4 times", 0.0, 0.0)),
                note="Break-even is where the total return reaches zero.",
            ),
        ),
        verdict=verdict(),
        tries=Tries(number=231, effective=37.2, source="ledger"),
        notes=("Dividends are not in the sample's prices.",),
        provenance={
            "run": "c0ffee12a90b4d77",
            "data": "9b1c6d5e0f7a2b34",
            "spec": "5f0e2d1c8b7a6954",
            "seed": 7,
            "augury": "0.3.0",
        },
    )


def bare_story(values: np.ndarray, spacing_ns: int = DAY, **changes: object) -> Story:
    times = np.datetime64("2020-01-02", "ns").astype(np.int64) + np.arange(1, len(values) + 1) * spacing_ns
    return Story(title="Bare", times=times, equity=values, initial_cash=100.0, **changes)  # type: ignore[arg-type]


def forecasts(rows: int = 900) -> Forecasts:
    rng = np.random.default_rng(3)
    said = rng.uniform(0.35, 0.65, rows)
    came = (rng.uniform(size=rows) < said).astype(np.int64)
    cells = np.array_split(np.argsort(said), 6)
    observed = np.array([came[cell].mean() for cell in cells])
    error = 1.96 * np.sqrt(observed * (1 - observed) / (rows / 6))
    bins = ReliabilityBins(
        predicted=np.array([said[cell].mean() for cell in cells]),
        observed=observed,
        low=observed - error,
        high=observed + error,
        rows=np.array([len(cell) for cell in cells]),
    )
    return Forecasts(
        title="P(up) by outcome", event="P(up)", predicted=said, group=came, groups=("down", "up"), bins=bins,
        note="Independent rows are assumed",
    )  # fmt: skip


def full_model_story() -> ModelStory:
    start = np.datetime64("2015-01-02", "ns").astype(np.int64)
    returns = np.random.default_rng(5).normal(0.0004, 0.01, 300)
    times = start + np.arange(1500, 1801)[1:] * DAY
    account = Story(
        title="Account",
        times=times,
        equity=10_000 * np.cumprod(1 + returns),
        initial_cash=10_000.0,
        benchmark=Benchmark(name="Holding", equity=10_000 * np.cumprod(1 + returns[::-1])),
    )
    gain = Estimate(value=0.0123, low=0.0021, high=0.0234)
    refused = Estimate(value=0.031, reason="12 distinct times; at least 20 are needed")
    score = ScoreItem(
        title="log-loss", validated=Estimate(value=0.6911, low=0.6871, high=0.6951), held_out=refused, better="lower",
        detail="mean negative logarithm", decisive=True,
    )  # fmt: skip
    earned = ScoreItem(title="Growth a year", held_out=Estimate(value=0.104, low=-0.042, high=0.251, unit="fraction"))
    features = tuple(
        FeatureItem(feature=f"feature_{at}", estimate=Estimate(value=0.01 / (at + 1), low=-0.002, high=0.02), share=0.1)
        for at in range(30)
    )
    edges = [start + at * 300 * DAY for at in range(6)]
    spans = (
        FoldSpan(kind="trained", first_ns=edges[0], last_ns=edges[1]),
        FoldSpan(kind="purged", first_ns=edges[1], last_ns=edges[1] + 5 * DAY),
        FoldSpan(kind="tested", first_ns=edges[1] + 5 * DAY, last_ns=edges[2]),
        FoldSpan(kind="embargoed", first_ns=edges[2], last_ns=edges[2] + 15 * DAY),
        FoldSpan(kind="trained", first_ns=edges[2] + 15 * DAY, last_ns=edges[4]),
    )
    held = (FoldSpan(kind="held out", first_ns=edges[4], last_ns=edges[5]),)
    return ModelStory(
        title="linear on AAPL",
        subtitle="Predicts direction(horizon_bars=5)",
        chips=("linear-0123", "900 rows"),
        verdict=VerdictItem(
            level="better than its baselines",
            headline="linear is better than each of its 4 baselines on 300 held-out rows.",
            gates=(GateItem(name="Beats every baseline", value=None, bound=None, passed=True, explanation="Gain."),),
            findings=(FindingItem(severity="serious", text="One symbol only", remedy="Take several"),),
        ),
        words=("Log-loss 0.6911 against 0.7034.",),
        gain=gain,
        figures=(score, earned),
        gains=(ScoreItem(title="ar1", held_out=gain, validated=refused, detail="a regression", note="In log-loss"),),
        scores=(score,),
        forecasts=(forecasts(),),
        account=account,
        account_note="Held out, net of costs.",
        earnings=(earned,),
        symbols=(ScoreItem(title="AAPL", held_out=Estimate(value=0.4, low=-0.7, high=1.4)),),
        importance=(FeatureTable(title="Permutation importance", items=features, explanation="By shuffling."),),
        folds=(
            FoldItem(name="Fold 1", spans=spans, trained=700, tested=180, dropped=20),
            FoldItem(name="Delivered", spans=held, trained=900, tested=300, dropped=0),
        ),
        data={"Data": {"symbols": ("AAPL",), "rows": "900"}},
        features=("roc(timeperiod=5)", "rsi"),
        notes=("Positions are flat elsewhere.",),
        provenance={"seed": 0, "fingerprint": "9b1c6d5e0f7a2b34"},
    )


@pytest.fixture(scope="session")
def model_story() -> ModelStory:
    return full_model_story()


@pytest.fixture(scope="session")
def story() -> Story:
    return full_story()


@pytest.fixture(scope="session")
def make_story() -> object:
    return full_story


@pytest.fixture(scope="session")
def make_bare() -> object:
    return bare_story
