"""Shared material: the bundled sample, a part of its universe, an engine with a quick model."""

from __future__ import annotations

import pandas as pd
import pytest

from augury.sample import Sample, load_sample
from augury.sentiment import load_model
from augury.signals import SignalEngine


@pytest.fixture(scope="session")
def data() -> Sample:
    return load_sample()


@pytest.fixture(scope="session")
def universe(data: Sample) -> dict[str, pd.DataFrame]:
    return {ticker: data.bars[ticker].iloc[-420:] for ticker in ("AAPL", "IBM", "MSFT")}


@pytest.fixture
def engine(data: Sample) -> SignalEngine:
    return SignalEngine(model=load_model("lexicon"), sectors=data.sectors)
