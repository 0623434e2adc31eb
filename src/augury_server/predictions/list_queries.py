"""The lists of predictions, for the check of their plans."""

from __future__ import annotations

from functools import partial

from augury_server.database.list_queries import register_list_query
from augury_server.predictions.listing import PredictionFilter, list_predictions
from augury_server.predictions.outcomes import waiting_query

__all__: list[str] = []

_LISTS = {
    "newest": PredictionFilter(),
    "by_model": PredictionFilter(model_name="trend", model_version=3),
    "by_symbol": PredictionFilter(symbol="AAPL"),
    "by_experiment": PredictionFilter(experiment="ab", variant="challenger"),
    "by_request": PredictionFilter(request_id="r-1"),
}

for _name, _which in _LISTS.items():
    register_list_query(f"predictions.{_name}", partial(list_predictions, _which))
register_list_query("predictions.waiting", lambda: waiting_query("trend", 3, 2**62))
