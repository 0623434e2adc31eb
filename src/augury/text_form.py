"""A name with options written as a call, `direction(horizon_bars=5)`, read without running anything."""

from __future__ import annotations

import ast
from typing import Any

from augury.errors import InvalidInput

__all__ = ["name_and_options"]


def name_and_options(text: str, expected: str) -> tuple[str, dict[str, Any]]:
    """The name and the keyword options, literal values only, of a text such as `direction(horizon_bars=5)`.

    Raises InvalidInput, which says what was `expected`, for text of another form.

    >>> name_and_options("direction(horizon_bars=5)", "a label")
    ('direction', {'horizon_bars': 5})
    """
    message = f"expected {expected}, options as keywords with literal values; got {text!r:.80}"
    if not isinstance(text, str):
        raise InvalidInput(message)
    try:
        call = ast.parse(text.strip(), mode="eval").body
        if isinstance(call, ast.Name):
            return call.id, {}
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and not call.args:
            options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
            if len(options) == len(call.keywords):
                return call.func.id, options
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError) as error:
        raise InvalidInput(message) from error
    raise InvalidInput(message)
