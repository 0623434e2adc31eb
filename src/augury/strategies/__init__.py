"""What to hold: strategies as target positions, their parameters, the ones that ship, and a user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.strategies.registry import strategies, strategy_named, strategy_names
    from augury.strategies.strategy import CompiledForm, Parameter, PlainForm, Strategy

__all__ = [
    "CompiledForm",
    "Parameter",
    "PlainForm",
    "Strategy",
    "strategies",
    "strategy_named",
    "strategy_names",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "CompiledForm": "augury.strategies.strategy",
        "Parameter": "augury.strategies.strategy",
        "PlainForm": "augury.strategies.strategy",
        "Strategy": "augury.strategies.strategy",
        "strategies": "augury.strategies.registry",
        "strategy_named": "augury.strategies.registry",
        "strategy_names": "augury.strategies.registry",
    },
)
