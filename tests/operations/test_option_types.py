"""Every option of every operation has a type that values can be checked against."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest

from augury.operations import operations


@pytest.mark.parametrize("name", sorted(operations()))
def test_values_of_every_option_can_be_checked(name: str) -> None:
    for hint in get_type_hints(operations()[name].spec_type, include_extras=True).values():
        msgspec.inspect.type_info(hint)
        msgspec.json.Decoder(hint)  # raises for a bound on what is no number
