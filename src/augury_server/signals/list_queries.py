"""The lists of signals, runs and outcomes, registered so that their plans can be checked."""

from __future__ import annotations

from uuid import UUID

from augury_server.database.list_queries import register_list_query
from augury_server.signals.listing import SignalFilter, runs, signals, signals_after
from augury_server.signals.models import Outcome, Universe

__all__: list[str] = []

_PAGE = 100
_LAST = UUID(int=1)

register_list_query("signals.newest", lambda: signals(SignalFilter())[:_PAGE])
register_list_query("signals.page", lambda: signals_after(SignalFilter(), 10**18, _LAST)[:_PAGE])
register_list_query("signals.page_of_ticker", lambda: signals_after(SignalFilter(ticker="AAPL"), 10**18, _LAST)[:_PAGE])
register_list_query("signals.of_universe", lambda: signals(SignalFilter(universe="all"))[:_PAGE])
register_list_query("signals.of_ticker", lambda: signals(SignalFilter(ticker="AAPL"))[:_PAGE])
register_list_query("signals.of_type", lambda: signals(SignalFilter(signal_type="SELL"))[:_PAGE])
register_list_query("signals.of_rule", lambda: signals(SignalFilter(rule="R1"))[:_PAGE])
register_list_query("signals.runs", lambda: runs()[:_PAGE])
register_list_query("signals.runs_of_universe", lambda: runs("all")[:_PAGE])
register_list_query("signals.universes", lambda: Universe.objects.order_by("name")[:_PAGE])
register_list_query("signals.outcomes", lambda: Outcome.objects.order_by("-matures_at_ns", "id")[:_PAGE])
register_list_query(
    "signals.outcomes_of_state",
    lambda: Outcome.objects.filter(state="void").order_by("-matures_at_ns", "id")[:_PAGE],
)
register_list_query(
    "signals.outcomes_due",
    lambda: Outcome.objects.filter(state="pending", matures_at_ns__lte=0).order_by("matures_at_ns", "id")[:_PAGE],
)
