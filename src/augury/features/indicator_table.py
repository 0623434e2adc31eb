"""What a row of the indicator table says: a TA-Lib function, what it reads, its options and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Annotated, Any

import msgspec

from augury.features.feature import Output
from augury.features.flat_guard import FlatRule
from augury.spec import Spec

__all__ = ["Indicator", "Parameter", "indicator_label", "indicator_spec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One option of an indicator, under TA-Lib's own name; whole numbers when the default is one."""

    name: str
    default: float
    at_least: float = 2
    at_most: float = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A row of the table: a TA-Lib function, what it reads, its options and its outputs.

    `fixed` holds arguments that are not options. `exact_window` says that a value depends, to the last bit, on its
    look-back alone; elsewhere recursion or a running sum lets older bars reach at least the last bits. `reads` names
    the inputs that matter where TA-Lib asks for more than it uses.
    """

    name: str
    function: str
    meaning: str
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    parameters: tuple[Parameter, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    exact_window: bool = False
    flat: FlatRule | None = None
    reads: tuple[str, ...] | None = None


def indicator_spec(row: Indicator, module: str) -> type[Spec]:
    """The options record of a row, one checked field for each parameter; `module` is where it can be found by name."""
    made = make_dataclass(
        row.name.title().replace("_", "") + "Spec",
        [(p.name, _kind(p), field(default=p.default)) for p in row.parameters],
        bases=(Spec,),
        namespace={"__doc__": f"Options of {row.name} (TA-Lib {row.function})."},
        frozen=True,
        slots=True,
        kw_only=True,
    )
    made.__module__ = module
    return made


def _kind(parameter: Parameter) -> Any:
    kind = int if isinstance(parameter.default, int) else float
    return Annotated[kind, msgspec.Meta(ge=kind(parameter.at_least), le=kind(parameter.at_most))]


def indicator_label(row: Indicator, spec: Spec) -> str:
    """`sma_20` where the period is the only option; else the name, and the values where they are not the defaults."""
    values = [getattr(spec, option.name) for option in fields(spec)]
    defaults = [option.default for option in fields(spec)]
    if len(values) == 1 or values != defaults:
        return "_".join([row.name, *(f"{value:g}" if isinstance(value, float) else str(value) for value in values)])
    return row.name
