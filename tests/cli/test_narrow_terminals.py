"""Results in a terminal of 80 columns: no figure and no heading is cut off."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from rich.console import Console

from augury.cli.render import features, quality, sentiment
from augury.features import compute
from augury.market import QualityReport
from augury.operations.features import FeaturesResult
from augury.operations.quality import QualityResult
from augury.operations.sentiment import SentimentResult, TextScore
from augury.testing import BarStyle, garch_bars


@dataclass(frozen=True)
class Screen:
    """A terminal of 80 columns that keeps what is printed."""

    console: Console

    @property
    def lines(self) -> list[str]:
        file = self.console.file
        assert isinstance(file, io.StringIO)
        return file.getvalue().splitlines()


@pytest.fixture
def screen() -> Screen:
    return Screen(Console(file=io.StringIO(), width=80, highlight=False))


def _sentiment(snapshots: dict[str, dict[str, float | None]]) -> SentimentResult:
    long = TextScore(text="A headline " * 30, positive=0.95, negative=0.01, neutral=0.04, score=0.94)
    return SentimentResult(model="m@1", scores=(long,), at="2018-02-07T21:00:00Z", window="1d", snapshots=snapshots)


def _snapshot(valid: float) -> dict[str, float | None]:
    fields = ("documents", "n_eff", "mean", "std", "entropy", "novelty", "momentum", "is_contrarian_market")
    return {"valid": valid, **dict.fromkeys(fields, 201.0 if valid else None)}


def test_minute_bars_show_the_whole_time_and_every_row_asked_for(screen: Screen) -> None:
    table = compute(garch_bars(400, style=BarStyle(frequency="1min"), seed=1), ["permutation_entropy", "hurst"])
    features.render(FeaturesResult(table=table, rows=5, written=None, catalogue=()), screen.console)
    assert max(map(len, screen.lines)) <= 80
    assert not any("…" in line for line in screen.lines)
    text = "\n".join(screen.lines)
    for moment in table.index[-5:]:
        assert f"{moment:%H:%M}" in text
    assert sum("permutation_entropy_predictable" in line for line in screen.lines) == 2


def test_the_score_of_a_long_text_stays_whole(screen: Screen) -> None:
    sentiment.render(_sentiment({}), screen.console)
    assert any("Score" in line and "Negative" in line for line in screen.lines)
    assert any("+0.94" in line and "…" in line for line in screen.lines)
    assert max(map(len, screen.lines)) <= 80


def test_snapshots_of_few_tickers_show_every_field(screen: Screen) -> None:
    sentiment.render(_sentiment({"AAPL": _snapshot(1.0), "MSFT": _snapshot(0.0)}), screen.console)
    assert any(line.startswith("is_contrarian_market") and "201" in line for line in screen.lines)


def test_snapshots_of_many_tickers_are_a_line_each_and_the_silent_ones_are_counted(screen: Screen) -> None:
    found = {f"T{number}": _snapshot(float(number < 3)) for number in range(20)}
    sentiment.render(_sentiment(found), screen.console)
    assert sum(line.startswith(("T0 ", "T1 ", "T2 ")) for line in screen.lines) == 3
    assert any("17 more tickers" in line for line in screen.lines)
    assert max(map(len, screen.lines)) <= 80


def test_many_sound_symbols_share_one_line(screen: Screen) -> None:
    reports = tuple(
        QualityReport(symbol=f"T{number}", rows=9, timeframe=None, score=100.0, findings=(), skipped=())
        for number in range(7)
    )
    quality.render(QualityResult(reports=reports, minimum=0.0), screen.console)
    assert screen.lines == ["7 symbols: nothing found, score 100.0."]
