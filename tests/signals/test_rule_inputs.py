"""From bars and sentiment to rule inputs: which side a climax has, how long no supply counts, what fails aloud."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from augury.arrays import FloatMatrix
from augury.market.bars import BarArrays
from augury.sample import Sample
from augury.sentiment.panel import PANEL_COLUMNS
from augury.signals import SignalEngine, SignalSpec, TradingSignal
from augury.signals.assemble import RECENT_BARS, BarFacts, assemble
from augury.signals.signal import Provenance
from augury.signals.technical import TECHNICAL_COLUMNS, Technical

DAY = 86_400 * 10**9
SPEC = SignalSpec()
PROVENANCE = Provenance(
    augury="", spec="", rules="", features=(), sentiment_model=None, bars="", news=None, sectors=None
)


def mood(**known: float) -> np.ndarray:
    """A column of sentiment in which only the named fields are known."""
    column = np.full(len(PANEL_COLUMNS), np.nan)
    for name, value in known.items():
        column[PANEL_COLUMNS.index(name)] = value
    return column


def signal_of(technical: FloatMatrix, sentiment: np.ndarray) -> TradingSignal:
    facts = BarFacts("X", 0, 100.0, technical, sentiment, 0.01)
    return assemble(facts, SPEC, PROVENANCE)


def after_steady_bars(*last: tuple[float, float, float, float, float]) -> FloatMatrix:
    """The technical columns at the last three bars, when 200 steady ones of spread 2 end with the given ones."""
    matrix = np.tile([[100.0], [101.0], [99.0], [100.0], [1000.0]], 200)
    matrix[:, 200 - len(last) :] = np.array(last).T
    bars = BarArrays(np.arange(200, dtype=np.int64) * DAY, np.ascontiguousarray(matrix))
    return Technical(SPEC).latest(bars, RECENT_BARS)


def test_bad_news_is_bought_at_a_selling_climax_and_never_at_a_buying_climax() -> None:
    bad = mood(mean=-0.5, mean_q15=-0.3, mean_q30=-0.2, mean_q70=0.1, mean_q85=0.2)
    selling = signal_of(after_steady_bars((100.0, 100.2, 95.0, 96.0, 3000.0)), bad)
    buying = signal_of(after_steady_bars((100.0, 105.0, 99.8, 104.0, 3000.0)), bad)
    assert (selling.signal_type, selling.reasons[0].code) == ("BUY", "R5")
    assert buying.signal_type == "HOLD"


def test_a_down_bar_without_supply_counts_for_three_bars_and_a_quiet_up_bar_never() -> None:
    contrarian = mood(mean=0.5, sharpe_like=2.0, is_contrarian_market=1.0)
    quiet_down, quiet_up = (100.0, 100.1, 99.1, 99.6, 600.0), (100.0, 100.9, 99.9, 100.4, 600.0)
    steady = (100.0, 101.0, 99.0, 100.0, 1000.0)
    for later in (0, 1, 2):
        signal = signal_of(after_steady_bars(quiet_down, *[steady] * later), contrarian)
        assert (signal.signal_type, signal.reasons[0].code) == ("BUY", "R3"), later
    assert signal_of(after_steady_bars(quiet_down, *[steady] * 3), contrarian).signal_type == "HOLD"
    assert signal_of(after_steady_bars(quiet_up), contrarian).signal_type == "HOLD"


def test_no_supply_among_unknown_bars_is_unknown_unless_seen() -> None:
    contrarian = mood(mean=0.5, sharpe_like=2.0, is_contrarian_market=1.0)
    technical = np.full((len(TECHNICAL_COLUMNS), RECENT_BARS), np.nan)
    row = TECHNICAL_COLUMNS.index("vsa.no_supply")
    technical[row] = np.nan, 0.0, 0.0
    unknown = signal_of(technical, contrarian)
    assert unknown.signal_type == "HOLD"
    assert "R3" in [reason.code for reason in unknown.reasons if reason.kind == "unknown"]
    technical[row, 2] = 1.0
    assert signal_of(technical, contrarian).reasons[0].code == "R3"


class FailingModel:
    """A model whose scoring breaks."""

    name = "failing"
    version = "1"
    training_cutoff = None

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        raise RuntimeError(f"no score for {len(texts)} texts")


def test_a_failure_inside_is_raised_and_never_answered_with_a_neutral_signal(data: Sample) -> None:
    engine = SignalEngine(model=FailingModel())
    bars: pd.DataFrame = data.bars["AAPL"].iloc[-300:]
    with pytest.raises(RuntimeError, match="no score for"):
        engine.generate_signal("AAPL", bars, data.news)


def test_a_batch_that_collects_refusals_does_not_hide_a_failure(
    engine: SignalEngine, data: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> FloatMatrix:
        raise RuntimeError("no columns")

    monkeypatch.setattr(Technical, "latest", broken)
    with pytest.raises(RuntimeError, match="no columns"):
        engine.generate_signals_batch({"AAPL": data.bars["AAPL"].iloc[-300:]}, on_error="collect")
