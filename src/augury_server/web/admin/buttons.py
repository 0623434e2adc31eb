"""Buttons: how a page offers an operation for its rows, or for no row in particular."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Button", "Variant"]

Variant = Literal["default", "primary", "success", "warning", "danger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """An operation on a page.

    `options` makes the operation's options from a row (from None for a page's own button); `ask` names those that the
    person fills in; `offered` says for which rows it makes sense. `rows` is False for a button of the whole page, whose
    result has a page; `shows` gives one to the results for rows too, for what is told once.
    """

    operation: str
    label: str
    options: Callable[[Any], Mapping[str, Any]] = lambda _: {}
    ask: tuple[str, ...] = ()
    offered: Callable[[Any], bool] = lambda _: True
    icon: str = "play_arrow"
    variant: Variant = "default"
    rows: bool = True
    shows: bool = False

    @property
    def name(self) -> str:
        """The button's name in addresses and forms."""
        return self.operation.replace(".", "-")
