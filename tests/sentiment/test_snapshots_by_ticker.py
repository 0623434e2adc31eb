"""Where every ticker stands at one moment."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augury.errors import InvalidInput, NotEnoughData
from augury.market import NewsItem
from augury.sentiment import prepare, ticker_snapshots
from augury.sentiment.panel import PANEL_COLUMNS
from augury.sentiment.snapshot import snapshot

HOUR_NS = 3_600 * 10**9
START = 1_700_000_000 * 10**9


def corpus(seed: int, count: int = 60) -> tuple[list[NewsItem], np.ndarray]:
    rng = np.random.default_rng(seed)
    items, rows = [], []
    for number in range(count):
        at = START + int(rng.integers(0, 20 * 24)) * HOUR_NS
        ticker = ("AAA", "BBB", "CCC")[int(rng.integers(3))]
        text = f"story {number} {rng.integers(10**9)}"
        items.append(NewsItem(ticker=ticker, text=text, published_at_ns=at, known_at_ns=at + HOUR_NS, source="wire"))
        rows.append(rng.dirichlet((1.0, 1.0, 1.0)))
    return items, np.array(rows)


def test_every_ticker_has_every_field_and_they_equal_the_direct_snapshot() -> None:
    items, rows = corpus(1)
    now = max(item.known_at_ns for item in items)
    found = ticker_snapshots(items, rows)
    assert sorted(found) == ["AAA", "BBB", "CCC"]
    prepared = prepare(items, rows)
    for ticker, values in found.items():
        assert tuple(values) == PANEL_COLUMNS
        direct = snapshot(prepared, ticker, now)
        for name in ("mean", "std", "entropy", "novelty", "momentum", "n_eff", "sharpe_like", "disagreement"):
            assert values[name] == pytest.approx(getattr(direct, name), rel=1e-9, abs=1e-12, nan_ok=True)


def test_news_known_later_changes_nothing() -> None:
    items, rows = corpus(2)
    at = sorted(item.known_at_ns for item in items)[30]
    known = [number for number, item in enumerate(items) if item.known_at_ns <= at]
    early = ticker_snapshots([items[number] for number in known], rows[known], at_ns=at)
    late = ticker_snapshots(items, rows, at_ns=at)
    assert {ticker: repr(late[ticker]) for ticker in early} == {
        ticker: repr(values) for ticker, values in early.items()
    }


def test_old_news_is_unknown_and_not_neutral() -> None:
    items, rows = corpus(3)
    values = ticker_snapshots(items, rows, at_ns=START + 400 * 24 * HOUR_NS)["AAA"]
    assert values["valid"] == 0.0
    assert math.isnan(values["mean"])


def test_windows_fade_at_their_own_speed() -> None:
    items, rows = corpus(4)
    weights = [ticker_snapshots(items, rows, window=window)["AAA"]["n_eff"] for window in ("1h", "1d")]
    assert math.isnan(weights[0]) or weights[0] < weights[1]


def test_an_unknown_window_and_no_news_are_refused() -> None:
    items, rows = corpus(5, 3)
    with pytest.raises(InvalidInput, match="window"):
        ticker_snapshots(items, rows, window="2d")  # type: ignore[arg-type]
    with pytest.raises(NotEnoughData, match="at least one"):
        ticker_snapshots([], np.empty((0, 3)))
