"""The registry of labels and `label`, which binds one to its options by name or by text."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from augury.errors import Conflict, NotFound, nearest
from augury.learning.labels.label import Label
from augury.spec import Spec
from augury.text_form import name_and_options

__all__ = ["LabelDefinition", "label", "label_definition", "label_definitions", "register_label"]

_CATALOGUE = "augury.learning.labels.catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDefinition:
    """A label before its options are bound: its name, what it means, its source and how to build it."""

    name: str
    summary: str
    source: str
    spec_type: type[Spec]
    build: Callable[[Any], Label]


_definitions: dict[str, LabelDefinition] = {}


def register_label(entry: LabelDefinition) -> LabelDefinition:
    """Add a definition. Raises Conflict when the name is taken by another one."""
    known = _definitions.get(entry.name)
    if known is not None and known is not entry:
        raise Conflict(f"a label named {entry.name!r} is registered already; choose another name")
    _definitions[entry.name] = entry
    return entry


def label_definitions() -> dict[str, LabelDefinition]:
    """Every registered definition by name, those that ship included."""
    package = importlib.import_module(_CATALOGUE)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{_CATALOGUE}.{module.name}")
    return dict(sorted(_definitions.items()))


def label_definition(name: str) -> LabelDefinition:
    """The definition of that name; NotFound, with the nearest names, when there is none."""
    known = label_definitions()
    if name not in known:
        raise NotFound(f"no label is named {name!r}; {nearest(name, known)}")
    return known[name]


def label(text: str, **options: Any) -> Label:
    """The label that a text names, options as keywords in the text or beside it (these count when both are given).

    Raises InvalidInput for text of another form or options out of bounds, NotFound for an unknown name.

    >>> label("triple_barrier(horizon_bars=10)").classes
    ('down', 'flat', 'up')
    """
    name, written = name_and_options(text, "a label such as 'direction' or 'triple_barrier(horizon_bars=10)'")
    entry = label_definition(name)
    return entry.build(entry.spec_type.from_dict(written | options))
