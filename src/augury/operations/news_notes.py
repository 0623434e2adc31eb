"""What is said when news was given, or not, in a way that leaves the sentiment of tickers unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from augury import market

if TYPE_CHECKING:
    import pandas as pd

    from augury.market import NewsItem

__all__ = ["news_notes"]

_DAY_NS = 86_400 * 10**9
_FADED_NS = 7 * _DAY_NS


def news_notes(universe: Mapping[str, pd.DataFrame], items: Sequence[NewsItem]) -> tuple[str, ...]:
    """Sentences for people: no news, none about these tickers or about some only, too late or long faded."""
    if not items:
        return ("No news was given: every rule reads sentiment, so nothing but HOLD can come out; see --news.",)
    about = {item.ticker for item in items}
    covered = about.intersection(universe)
    if not covered:
        named = ", ".join(sorted(about)[:6])
        return (f"None of the {len(items):,} news items is about a ticker judged here; they are about {named}.",)
    notes = []
    if len(covered) < len(universe):
        notes.append(
            f"There is news about {len(covered):,} of the {len(universe):,} tickers; the others have no sentiment, and "
            "can only be HOLD."
        )
    last = max(int(universe[ticker].index[-1].value) for ticker in covered)
    known = [item.known_at_ns for item in items if item.ticker in covered]
    if min(known) > last + _DAY_NS:
        notes.append(f"The news about them begins {_day(min(known))}, after their last bar of {_day(last)}.")
    elif max(known) < last - _FADED_NS:
        notes.append(
            f"The news about them ends {_day(max(known))}, their bars {_day(last)}: by then it has faded, and "
            "sentiment is unknown."
        )
    return tuple(notes)


def _day(moment_ns: int) -> str:
    return market.iso(moment_ns)[:10]
