"""vectorbt's numbers on the same real returns; alone in its file because vectorbt compiles for ten seconds."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest


@pytest.mark.skipif(importlib.util.find_spec("vectorbt") is None, reason="vectorbt is not installed")
def test_every_number_is_equal_or_its_convention_reproduces_it(compare_metrics: ModuleType) -> None:
    found = compare_metrics.compared(compare_metrics.real_case(), ("vectorbt",))
    assert len(found) == 16
    assert {cell.measure for cell in found if cell.note} == {"alpha", "information_ratio", "up_capture", "down_capture"}
