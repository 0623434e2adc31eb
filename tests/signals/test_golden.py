"""Complete signals of the bundled sample as they were: a change of any value, however it came about, is noticed."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

GOLDEN = json.loads((Path(__file__).parent / "golden_signals.json").read_text(encoding="utf-8"))
SCRIPT = Path(__file__).parents[2] / "scripts" / "make_golden_signals.py"


@pytest.fixture(scope="module")
def today() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = runpy.run_path(str(SCRIPT))["golden_signals"]()
    return found


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Where two plain values differ: numbers by more than 1e-6 of their size, anything else at all."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = dict.fromkeys([*old, *new])
        return [
            found
            for name in names
            for found in differences(old.get(name, "absent"), new.get(name, "absent"), f"{path}.{name}")
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            found for at, pair in enumerate(zip(old, new, strict=True)) for found in differences(*pair, f"{path}[{at}]")
        ]
    if type(old) is float and type(new) is float:
        return [] if new == pytest.approx(old, rel=1e-6, abs=1e-12) else [f"{path}: {old} became {new}"]
    return [] if old == new and type(old) is type(new) else [f"{path}: {old!r} became {new!r}"]


def test_signals_of_the_sample_are_what_they_were(today: list[dict[str, Any]]) -> None:
    """When a change is meant, `python scripts/make_golden_signals.py` records the new values."""
    assert differences(GOLDEN, today) == []


def test_the_golden_signals_show_every_kind_of_answer() -> None:
    kinds = {reason["kind"] for signal in GOLDEN for reason in signal["reasons"]}
    assert kinds == {"fired", "adjusted", "limited", "unmet", "unknown"}
    assert {signal["signal_type"] for signal in GOLDEN} == {"BUY", "HOLD"}
    assert {signal["sentiment_mean"] is None for signal in GOLDEN} == {True, False}


@pytest.mark.parametrize("field", [name for name, value in GOLDEN[0].items() if type(value) is float])
def test_a_changed_number_would_be_noticed(field: str) -> None:
    changed = [GOLDEN[0] | {field: GOLDEN[0][field] * 1.00001}, *GOLDEN[1:]]
    assert [found.split(":")[0] for found in differences(GOLDEN, changed)] == [f"[0].{field}"]
