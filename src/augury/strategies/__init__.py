"""What to hold: strategies as target positions, their parameters, the ones that ship, and a user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.strategies.accepting import as_strategy
    from augury.strategies.compiling import compiled_strategy
    from augury.strategies.failures import failure_of
    from augury.strategies.files import files_beside, load_function, load_strategy, names_in_file
    from augury.strategies.functions import StrategyLike, strategy_from_array, strategy_from_function
    from augury.strategies.registry import strategies, strategy_named, strategy_names
    from augury.strategies.strategy import CompiledForm, Parameter, PlainForm, Strategy

__all__ = [
    "CompiledForm",
    "Parameter",
    "PlainForm",
    "Strategy",
    "StrategyLike",
    "as_strategy",
    "compiled_strategy",
    "failure_of",
    "files_beside",
    "load_function",
    "load_strategy",
    "names_in_file",
    "strategies",
    "strategy_from_array",
    "strategy_from_function",
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
        "StrategyLike": "augury.strategies.functions",
        "as_strategy": "augury.strategies.accepting",
        "compiled_strategy": "augury.strategies.compiling",
        "failure_of": "augury.strategies.failures",
        "files_beside": "augury.strategies.files",
        "load_function": "augury.strategies.files",
        "load_strategy": "augury.strategies.files",
        "names_in_file": "augury.strategies.files",
        "strategies": "augury.strategies.registry",
        "strategy_from_array": "augury.strategies.functions",
        "strategy_from_function": "augury.strategies.functions",
        "strategy_named": "augury.strategies.registry",
        "strategy_names": "augury.strategies.registry",
    },
)
