"""Signals look at nothing ahead: the causality suite crossed with the engine, and with engines that cheat."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from augury.errors import NotEnoughData
from augury.market import NewsItem
from augury.sample import Sample
from augury.sentiment import load_model
from augury.signals import SignalEngine
from augury.testing import CausalityPlan, check_causality

COLUMNS = """signal_type confidence sentiment_mean sentiment_std sentiment_entropy is_contrarian_market vsa_score
    hawkes_branching hurst_exponent is_trending perm_entropy risk_level suggested_position_size fingerprint""".split()  # noqa: SIM905
PLAN = CausalityPlan(random_cuts=6, early_cuts=2, event_cuts=3, shortest_prefix_bars=130)


def history(engine: SignalEngine, ticker: str, bars: pd.DataFrame, news: Sequence[NewsItem]) -> pd.DataFrame:
    """Everything a signal says at every bar, provenance included; nothing below the shortest history."""
    try:
        signals = engine.signal_history(ticker, bars, news)
    except NotEnoughData:
        return pd.DataFrame(index=bars.index, columns=COLUMNS, dtype=object)
    rows = [
        signal.to_dict() | {"fingerprint": signal.provenance.bars + str(signal.provenance.news)} for signal in signals
    ]
    frame = pd.DataFrame([[str(row[name]) for name in COLUMNS] for row in rows], columns=COLUMNS)
    frame.index = bars.index[-len(signals) :]
    return frame.reindex(bars.index)


@pytest.fixture(scope="module")
def inputs(data: Sample) -> tuple[pd.DataFrame, list[NewsItem]]:
    return data.bars["AAPL"].iloc[-360:], data.news[-220:]


def test_no_field_of_any_signal_depends_on_later_bars_or_news(
    data: Sample, inputs: tuple[pd.DataFrame, list[NewsItem]]
) -> None:
    engine = SignalEngine(model=load_model("lexicon"), sectors=data.sectors)

    def run(bars: pd.DataFrame, news: Sequence[NewsItem]) -> pd.DataFrame:
        return history(engine, "AAPL", bars, news)

    report = check_causality(run, *inputs, plan=PLAN)
    assert report.leaks == (), report
    assert report.trials > 50


def news_by_publication(items: Sequence[NewsItem]) -> list[NewsItem]:
    """The planted leak: an item counts from its publication, though it was only seen later."""
    return [
        NewsItem(
            ticker=item.ticker,
            text=item.text,
            source=item.source,
            published_at_ns=item.published_at_ns,
            known_at_ns=item.published_at_ns,
        )
        for item in items
    ]


def test_an_engine_that_joins_news_by_publication_time_is_caught(
    data: Sample, inputs: tuple[pd.DataFrame, list[NewsItem]]
) -> None:
    engine = SignalEngine(model=load_model("lexicon"), sectors=data.sectors)

    def run(bars: pd.DataFrame, news: Sequence[NewsItem]) -> pd.DataFrame:
        return history(engine, "AAPL", bars, news_by_publication(news))

    leaks = {leak.column for leak in check_causality(run, *inputs, plan=PLAN).leaks}
    assert "sentiment_mean" in leaks
    assert "hurst_exponent" not in leaks


def test_an_engine_fed_bars_scaled_by_their_whole_history_is_caught(
    data: Sample, inputs: tuple[pd.DataFrame, list[NewsItem]]
) -> None:
    engine = SignalEngine(model=load_model("lexicon"), sectors=data.sectors)

    def run(bars: pd.DataFrame, news: Sequence[NewsItem]) -> pd.DataFrame:
        scaled = bars.copy()
        scaled["volume"] /= scaled["volume"].max()
        return history(engine, "AAPL", scaled, news)

    leaks = {leak.column for leak in check_causality(run, *inputs, plan=PLAN).leaks}
    assert "fingerprint" in leaks
