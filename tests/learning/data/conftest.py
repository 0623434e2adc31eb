import numpy as np
import pytest

from augury.learning.data.inputs import Inputs
from augury.market.bars import BarArrays
from augury.testing import UniverseTruth, correlated_universe

DAY = 86_400 * 10**9


@pytest.fixture(scope="session")
def universe():
    return dict(correlated_universe(500, UniverseTruth(tickers=3), seed=4).bars)


def build_toy(ends, bars=None):
    """Inputs without features of interest; `ends[s][t]` is the last bar that label t of symbol s looks at."""
    count = bars or max(max(own) for own in ends) + 1
    times = np.arange(count) * DAY
    symbol = np.concatenate([np.full(len(own), at) for at, own in enumerate(ends)])
    bar = np.concatenate([np.arange(len(own)) for own in ends])
    order = np.lexsort((symbol, bar))
    label_end = times[np.concatenate([np.asarray(own) for own in ends])]
    prices = BarArrays(times, np.full((5, count), 10.0))
    return Inputs(
        tables=(np.zeros((count, 1)),) * len(ends),
        bars=(prices,) * len(ends),
        columns=("x",),
        symbol=symbol[order],
        bar=bar[order],
        opened_at=times[bar[order]],
        label_end=label_end[order],
    )


@pytest.fixture(scope="session")
def toy_inputs():
    return build_toy
