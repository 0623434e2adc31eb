"""A working folder of its own for every test: bars, a ledger that begins empty, strategy files, the command."""

from __future__ import annotations

import textwrap

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
