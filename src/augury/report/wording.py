"""Numbers, times and levels in words: fractions become percent here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from augury.report.evidence import MeasureLike

__all__ = [
    "LEVEL_MARKS",
    "MINUS",
    "UNDEFINED",
    "compact",
    "day",
    "error_of",
    "measured",
    "moment",
    "percent",
    "plain_value",
    "plain_words",
    "quantity",
    "sentence",
    "signed",
    "tone_of_level",
    "tone_of_severity",
]

MINUS: Final = "\N{MINUS SIGN}"
_SPACE: Final = "\N{NO-BREAK SPACE}"
_PLUS_MINUS: Final = "\N{PLUS-MINUS SIGN}"
UNDEFINED: Final = "\N{EN DASH}"

_TONES: Final = {
    "good": (
        *("convincing", "strong", "pass", "passed", "accept", "accepted", "promote", "proven", "supported"),
        "better_than_its_baselines",
    ),
    "near": ("promising", "plausible", "suggestive", "moderate"),
    "fair": ("unproven", "mixed", "weak", "caution", "warning", "inconclusive", "no_better_than_its_baseline"),
    "poor": (
        *("fail", "failed", "reject", "rejected", "refuted", "noise", "unconvincing", "overfit", "invalid"),
        "worse_than_its_baseline",
    ),
}
LEVEL_MARKS: Final = {
    "good": "\N{CHECK MARK}",
    "near": "\N{NORTH EAST ARROW}",
    "fair": "\N{ALMOST EQUAL TO}",
    "poor": "\N{MULTIPLICATION X}",
    "none": "?",
}


def tone_of_level(level: str) -> str:
    """good, near, fair, poor, or none for a level that is not known or says that nothing could be judged."""
    word = level.strip().lower().replace(" ", "_").replace("-", "_")
    return next((tone for tone, words in _TONES.items() if word in words), "none")


def tone_of_severity(severity: str) -> str:
    """poor, fair or none for the severity of a finding."""
    word = severity.strip().lower()
    if word in ("error", "critical", "high", "fatal"):
        return "poor"
    return "fair" if word in ("warning", "warn", "serious", "medium", "moderate") else "none"


def signed(text: str) -> str:
    """The same number with a typographic minus."""
    return text.replace("-", MINUS)


def percent(value: float | None, digits: int | None = None) -> str:
    """A fraction as percent: 0.1234 is 12.3 %; more digits for small ones."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    shown = 100.0 * value
    if digits is None:
        digits = _percent_digits(shown)
    return signed(f"{_unsigned_zero(shown, digits):,.{digits}f}") + f"{_SPACE}%"


def _percent_digits(shown: float) -> int:
    return 0 if abs(shown) >= 1000 else 1 if abs(shown) >= 0.95 or shown == 0 else 2


def quantity(value: float | None, digits: int = 2) -> str:
    """A number with thousands separated."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    return signed(f"{_unsigned_zero(value, digits):,.{digits}f}")


def compact(value: float) -> str:
    """A short number for axes: 1,200 is 1.2k, 3.4e6 is 3.4M; four significant digits."""
    if not math.isfinite(value):
        return UNDEFINED
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scale = 1e3 if letter == "k" else size
            return signed(f"{value / scale:.4g}{letter}")
    return signed(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}")


def plain_value(value: float | None, unit: str) -> str:
    """A value with its unit."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    if unit == "fraction":
        return percent(value)
    if unit in ("count", "bars"):
        text = quantity(value, 0 if value == round(value) else 1)
        return text if unit == "count" else f"{text} bars"
    if unit == "days":
        return f"{quantity(value, 0 if abs(value) >= 10 else 1)} days"
    if unit == "money":
        return quantity(value, 2 if abs(value) < 100_000 else 0)
    return quantity(value, _ratio_digits(value))


def measured(measure: MeasureLike) -> str:
    """A measure's value with its standard error: 0.62 +/- 0.31."""
    value, error = measure.value, measure.standard_error
    text = plain_value(value, measure.unit)
    if text == UNDEFINED or error is None or not math.isfinite(error):
        return text
    shared = f"{_SPACE}%" if measure.unit == "fraction" else ""
    return f"{text.removesuffix(shared)}{_SPACE}{error_of(measure)}"


def error_of(measure: MeasureLike) -> str:
    """The standard error alone, written as finely as the value: +/- 0.31; nothing when it is not known."""
    value, error = measure.value, measure.standard_error
    if value is None or error is None or not (math.isfinite(value) and math.isfinite(error)):
        return ""
    text = percent(error, _percent_digits(100.0 * value)) if measure.unit == "fraction" else None
    return f"{_PLUS_MINUS}{_SPACE}{text or plain_value(error, measure.unit)}"


def sentence(text: str) -> str:
    """The same words with a capital and a full stop."""
    words = text.strip()
    return words[:1].upper() + words[1:] + ("" if not words or words[-1] in ".!?:;" else ".")


def plain_words(value: object) -> str:
    """A value of a parameter, a setting or a fact: numbers without idle digits, yes and no, lists with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:.6g}"
        return signed(text if "e" not in text and abs(value) < 10_000 else f"{value:,.10g}")
    if isinstance(value, list | tuple):
        return ", ".join(plain_words(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {plain_words(item)}" for key, item in value.items())
    return str(value)


def day(nanoseconds: int) -> str:
    """The UTC date of an instant, 2020-01-31."""
    return str(np.datetime64(nanoseconds, "ns").astype("datetime64[D]"))


def moment(nanoseconds: int) -> str:
    """The UTC date, with hours and minutes when the instant is not midnight."""
    text = str(np.datetime64(nanoseconds, "ns").astype("datetime64[m]"))
    return text.removesuffix("T00:00").replace("T", " ")


def _ratio_digits(value: float) -> int:
    size = abs(value)
    if size == 0 or size >= 0.005:
        return 2 if size < 1000 else 0
    return 3 if size >= 0.0005 else 4


def _unsigned_zero(value: float, digits: int) -> float:
    return 0.0 if abs(value) < 0.5 * 10.0**-digits else value
