"""A working folder of its own for every test: bars, a ledger that begins empty, strategy files, the command."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from augury.cli.main import app
from augury.operations import run
from augury.testing import garch_bars


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Path of the ledger that operations write to when nothing else is said."""
    path = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("AUGURY_LEDGER", str(path))
    return path


@pytest.fixture
def prices(tmp_path):
    """A CSV of 400 hourly bars."""
    path = tmp_path / "ACME.csv"
    garch_bars(400, seed=11).to_csv(path)
    return path


@pytest.fixture
def strategy_file(tmp_path):
    """Write a strategy file, dedented, and give its path as it would be typed."""

    def write(text, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def names():
    """Names in a folder, in order."""
    return lambda folder: sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def augury():
    """The command in a terminal of so many columns."""

    def invoke(*arguments, columns=80):
        runner = CliRunner()
        return runner.invoke(app, list(map(str, arguments)), terminal_width=columns, env={"COLUMNS": str(columns)})

    return invoke


@pytest.fixture
def saved(book, prices, tmp_path):
    """Run a backtest without permutations, recorded and saved; gives the path of its capsule."""

    def backtest(strategy="sma_crossover", file=None, name="run.json", **options):
        path = tmp_path / name
        file = str(file or prices)
        run("backtest", strategy=str(strategy), file=file, permutations=0, save=str(path), **options)
        return path

    return backtest


@pytest.fixture(scope="session")
def planted():
    """Daily bars, `n` of them, on which large moves are followed by rises and small ones by falls, as `strength` says.

    No linear model and no sign of the last return sees that; strength 0 is a random walk.
    """

    def make(n=700, *, seed=1, strength=0.01, frequency="D"):
        rng = np.random.default_rng(seed)
        moves, noise = np.zeros(n), rng.normal(0.0, 0.01, n)
        for bar in range(1, n):
            moves[bar] = strength * (1.0 if abs(moves[bar - 1]) > 0.01 else -1.0) + noise[bar]
        close = 100.0 * np.exp(np.cumsum(moves))
        opened = np.concatenate([[100.0], close[:-1]])
        return pd.DataFrame(
            {
                "open": opened,
                "high": np.maximum(opened, close) * 1.001,
                "low": np.minimum(opened, close) * 0.999,
                "close": close,
                "volume": rng.integers(100, 1000, n).astype(float),
            },
            index=pd.date_range("2015-01-01", periods=n, freq=frequency, tz="UTC", name="timestamp"),
        )

    return make


@pytest.fixture(scope="session")
def tiny():
    """Options of `train` that take about a second."""
    return {
        "model": "xgboost(rounds=25, max_depth=2, learning_rate=0.3)",
        "features": ("roc(timeperiod=1)", "rsi(timeperiod=5)"),
        "label": "direction(horizon_bars=1)",
        "folds": 3,
        "importance": False,
    }


@pytest.fixture(scope="session")
def shelf(tmp_path_factory, planted, tiny):
    """A folder with bars (EDGE.csv with a planted edge, NOISE.csv without one) and a model trained on EDGE, `edge`."""
    folder = tmp_path_factory.mktemp("shelf")
    planted().to_csv(folder / "EDGE.csv")
    planted(seed=2, strength=0.0).to_csv(folder / "NOISE.csv")
    run("train", files=(str(folder / "EDGE.csv"),), output=str(folder / "models" / "edge"), **tiny)
    return folder


@pytest.fixture
def train(shelf, tmp_path, tiny):
    """Train on EDGE.csv, or other files, with the tiny options and some others."""

    def go(files=("EDGE.csv",), output=tmp_path / "model", progress=None, **options):
        paths = tuple(file if file == "sample" else str(shelf / file) for file in files)
        return run("train", files=paths, output=str(output), progress=progress, **(tiny | options))

    return go
