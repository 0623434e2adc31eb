"""Backtests to audit: made by the real libraries where they are installed, and tables written by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.audit import Audit, AuditSpec, ClaimSpec, audit_files

FREQTRADE = Path(__file__).parent / "freqtrade"


@pytest.fixture(scope="session")
def bars() -> pd.DataFrame:
    """400 daily bars of a random walk, named by their open, UTC."""
    rng = np.random.default_rng(11)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0005, 0.015, 400)))
    opening = np.r_[100.0, close[:-1]] * np.exp(rng.normal(0.0, 0.004, 400))
    high = np.maximum(opening, close) * (1.0 + np.abs(rng.normal(0.0, 0.004, 400)))
    low = np.minimum(opening, close) * (1.0 - np.abs(rng.normal(0.0, 0.004, 400)))
    index = pd.date_range("2020-01-01", periods=400, freq="D", tz="UTC", name="timestamp")
    values = {"open": opening, "high": high, "low": low, "close": close, "volume": np.full(400, 1e6)}
    return pd.DataFrame(values, index=index)


@pytest.fixture(scope="session")
def bar_file(bars: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bars") / "TEST.csv"
    bars.to_csv(path)
    return path


@pytest.fixture(scope="session")
def honest_trades(bars: pd.DataFrame) -> pd.DataFrame:
    """40 long trades at opens, 5 bars each, 10 basis points a side: nothing is wrong with them."""
    entry, leave = np.arange(2, 390, 9)[:40], np.arange(2, 390, 9)[:40] + 5
    units = np.full(40, 50.0)
    first, last = bars["open"].to_numpy()[entry], bars["open"].to_numpy()[leave]
    costs = 0.001 * units * (first + last)
    return pd.DataFrame(
        {
            "symbol": "TEST",
            "side": "long",
            "entry_time": bars.index[entry],
            "exit_time": bars.index[leave],
            "units": units,
            "entry_price": first,
            "exit_price": last,
            "costs": costs,
            "profit": units * (last - first) - costs,
            "exit_reason": "signal",
        }
    )


@pytest.fixture
def audit_table(tmp_path: Path) -> Callable[..., Audit]:
    """Write a table as CSV and audit it; what is not about reading goes to `audit_files`."""

    def run(table: pd.DataFrame, *more: Path, cash: float | None = 10_000.0, **given: object) -> Audit:
        path = tmp_path / "claim.csv"
        table.to_csv(path, index=False)
        spec = AuditSpec(**{"replications": 199, **given.pop("spec", {})})  # type: ignore[dict-item]
        reading = ClaimSpec(cash=cash, **given.pop("reading", {}))  # type: ignore[arg-type]
        return audit_files([path, *more], spec, reading=reading, **given)  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="session")
def backtesting_files(bars: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what backtesting.py gives of a moving-average crossing, long and short, with stops."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        backtesting = pytest.importorskip("backtesting")
        from backtesting.lib import crossover

        def average(values: np.ndarray, window: int) -> np.ndarray:
            return pd.Series(values).rolling(window).mean().to_numpy()

        class Crossing(backtesting.Strategy):
            def init(self) -> None:
                self.fast = self.I(average, self.data.Close, 5, name="fast")
                self.slow = self.I(average, self.data.Close, 20, name="slow")

            def next(self) -> None:
                if crossover(self.fast, self.slow):
                    self.position.close()
                    self.buy(size=0.9, sl=self.data.Close[-1] * 0.93)
                elif crossover(self.slow, self.fast):
                    self.position.close()
                    self.sell(size=0.9)

        frame = bars.tz_localize(None).rename(columns=str.capitalize)
        stats = backtesting.Backtest(frame, Crossing, cash=10_000, commission=0.001, finalize_trades=True).run()
    folder = tmp_path_factory.mktemp("backtesting")
    stats["_trades"].to_csv(folder / "trades.csv")
    stats["_trades"].to_parquet(folder / "trades.parquet")
    stats["_equity_curve"].to_csv(folder / "equity.csv")
    stats["_equity_curve"].to_parquet(folder / "equity.parquet")
    figures = stats.drop(["_strategy", "_equity_curve", "_trades"])
    figures.to_csv(folder / "stats.csv")
    figures.to_json(folder / "stats.json", default_handler=str)
    stats.to_json(folder / "full.json", default_handler=str)
    return folder


@pytest.fixture(scope="session")
def optuna_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage with a study of 40 noise trials that keep their returns, and another one of 5."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna = pytest.importorskip("optuna")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        path = tmp_path_factory.mktemp("optuna") / "search.db"
        rng = np.random.default_rng(5)

        def objective(trial: object) -> float:
            returns = rng.normal(0.0, 0.01, 300)
            trial.suggest_int("window", 2, 200)  # type: ignore[attr-defined]
            trial.set_user_attr("returns", returns.tolist())  # type: ignore[attr-defined]
            return float(returns.mean() / returns.std(ddof=1))

        sampler = optuna.samplers.RandomSampler(seed=1)
        for name, trials in (("noise", 40), ("other", 5)):
            study = optuna.create_study(
                study_name=name, storage=f"sqlite:///{path}", direction="maximize", sampler=sampler
            )
            study.optimize(objective, n_trials=trials)
    return path


@pytest.fixture(scope="session")
def freqtrade_folder() -> Path:
    """What `run_freqtrade.py` left: a real result of freqtrade 2026.9 (its archived configuration left out)."""
    return FREQTRADE / "result"
