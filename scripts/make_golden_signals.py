"""Write the golden signals that the tests compare with. Run it only when signals are meant to change, and say why.

Complete signals of the bundled sample: two BUYs, some held back, holds with and without news.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from augury.sample import load_sample
from augury.signals import SignalEngine

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "signals" / "golden_signals.json"
CASES = (
    ("AAPL", "2012-10-26"),
    ("AAPL", "2012-12-26"),
    ("AAPL", "2013-02-28"),
    ("FB", "2012-12-28"),
    ("GOOG", "2012-04-16"),
    ("IBM", "2009-03-18"),
    ("IBM", "2013-02-06"),
    ("MSFT", "2008-09-15"),
)
"""Ticker and day of the last bar; bars from the 1250th before the end on, and all of the news, are given."""


def golden_signals() -> list[dict[str, Any]]:
    """What the engine says today, ids of options and versions left out: fingerprints of the data stay."""
    sample = load_sample()
    engine = SignalEngine(sectors=sample.sectors)
    news = engine.prepare_news(sample.news)
    found = []
    for ticker, day in CASES:
        signal = engine.generate_signal(ticker, sample.bars[ticker].iloc[-1250:].loc[:day], news).to_dict()
        signal["versions"] = {name: signal["versions"][name] for name in ("bars", "news", "sectors")}
        found.append(signal)
    return found


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden_signals(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(f"wrote {GOLDEN}")
