"""Every kind of signal can come out of bars and news, not only out of made-up rule inputs."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from augury.market import NewsItem, validate_bars
from augury.sentiment import load_model
from augury.signals import SignalEngine

DAY = 86_400 * 10**9
BARS = 700


def nervous_bars(rng: np.random.Generator) -> pd.DataFrame:
    """Prices that always come back, with large moves in bursts: mean reverting and clustered by construction."""
    excitement, level = 0.0, np.zeros(BARS)
    for t in range(BARS):
        large = rng.random() < min(0.9, 0.02 + excitement)
        excitement = 0.6 * excitement + (0.35 if large else 0.0)
        level[t] = (0.08 if large else 0.01) * rng.standard_normal()
    close = 100.0 * np.exp(level)
    opened = np.concatenate(([100.0], close[:-1]))
    return validate_bars(
        pd.DataFrame(
            {
                "open": opened,
                "high": np.maximum(opened, close),
                "low": np.minimum(opened, close),
                "close": close,
                "volume": rng.uniform(5e5, 2e6, BARS),
            },
            index=pd.date_range("2015-01-01", periods=BARS, freq="D", tz="UTC", name="timestamp"),
        )
    )


def mixed_news(rng: np.random.Generator, bars: pd.DataFrame) -> list[NewsItem]:
    """Two items a day, good or bad with even odds."""
    items = []
    for opened_at in np.repeat(bars.index.as_unit("ns").asi8, 2):
        at = int(opened_at + rng.integers(DAY))
        text = "Profit rises and beats estimates" if rng.random() < 0.5 else "Shares fall on loss and fraud"
        story = f"{text} {rng.integers(10**6)}"
        items.append(NewsItem(ticker="X", text=story, published_at_ns=at, known_at_ns=at, source="wire"))
    return items


def test_news_worse_than_usual_about_a_nervous_price_that_always_comes_back_gives_sell_signals() -> None:
    rng = np.random.default_rng(0)
    bars = nervous_bars(rng)
    signals = SignalEngine(model=load_model("lexicon")).signal_history("X", bars, mixed_news(rng, bars))
    kinds = Counter(signal.signal_type for signal in signals)
    assert kinds["SELL"] > 10
    assert kinds["HOLD"] > kinds["SELL"]
    for signal in signals:
        if signal.signal_type == "SELL":
            assert signal.reasons[0].code == "R4"
            assert signal.sentiment_mean < dict(signal.reasons[0].values)["sentiment_q15"]
            assert signal.suggested_position_size == 0.0
            assert [reason.code for reason in signal.reasons if reason.kind == "limited"] == ["S0"]
