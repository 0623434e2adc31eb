"""A result in a terminal: the verdict first, in 80 columns of plain text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

import numpy as np

from augury.arrays import FloatVector
from augury.report.conventions import title_of
from augury.report.evidence import GateLike, VerdictItem
from augury.report.sections.closing import data_facts
from augury.report.sections.headline import headline_measures
from augury.report.sections.verdict import bound_words, error_bar_words, tries_words
from augury.report.series import drawdown_curve
from augury.report.story import Comparison, Story
from augury.report.wording import (
    MINUS,
    UNDEFINED,
    compact,
    measured,
    percent,
    plain_value,
    plain_words,
    quantity,
    sentence,
)

__all__ = ["comparison_text", "sparkline", "story_text"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = str.maketrans({MINUS: "-", UNDEFINED: "-", "±": "+/-", "≥": ">=", "≤": "<=", "\N{NO-BREAK SPACE}": " "})
_FEW = 6
_MARKS = {True: "pass", False: "MISS", None: "  ? "}


def story_text(story: Story, width: int = 80, *, plain: bool = False) -> str:
    """The story in lines of at most `width` characters (40 at least); `plain` keeps to ASCII, without the small curve.

    Verdict with its error bars, conditions, headline figures, the curve, findings with remedies, provenance.
    """
    width = max(40, width)
    blocks = [
        _title(story, width),
        _judgement(story, width),
        _figures(story, width),
        [] if plain else _curve(story, width),
        _findings(story.judgement, width),
        _wrapped("Notes: " + " ".join(map(str, story.notes)), width) if story.notes else [],
        _wrapped(", ".join(f"{name} {plain_words(value)}" for name, value in story.provenance.items()), width),
    ]
    return _joined(blocks, plain)


def comparison_text(comparison: Comparison, width: int = 80, *, plain: bool = False) -> str:
    """A block per story, then their headline measures side by side (as many as fit; the rest below)."""
    width = max(40, width)
    head = _headed(comparison.title, width) + _wrapped(comparison.subtitle, width)
    judged = [[*_wrapped(story.title, width), *_judgement(story, width, gates=False)] for story in comparison.stories]
    return _joined([head, *judged, _side_by_side(comparison, width)], plain)


def sparkline(values: FloatVector, width: int) -> str:
    """The curve in one line of blocks, each the mean of its share; blanks where nothing is known."""
    places = np.array_split(values, min(width, len(values)))
    heights = np.array([np.nan if np.isnan(part).all() else float(np.nanmean(part)) for part in places])
    if not np.isfinite(heights).any():
        return ""
    low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
    span = high - low or 1.0
    return "".join(
        _BLOCKS[min(7, int(8 * (height - low) / span))] if math.isfinite(height) else " " for height in heights.tolist()
    )


def _joined(blocks: Iterable[Sequence[str]], plain: bool) -> str:
    text = "\n\n".join("\n".join(_printable(line).rstrip() for line in block) for block in blocks if block)
    return text.translate(_ASCII) if plain else text


def _wrapped(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    return textwrap.wrap(
        _printable(text), width, initial_indent=indent, subsequent_indent=indent if hanging is None else hanging
    )


def _printable(text: str) -> str:
    """Nothing that a terminal would obey."""
    return "".join(letter if letter.isprintable() or letter == "\N{NO-BREAK SPACE}" else " " for letter in text)


def _headed(title: str, width: int) -> list[str]:
    lines = _wrapped(title, width)
    return [*lines, "=" * max(map(len, lines), default=1)]


def _title(story: Story, width: int) -> list[str]:
    known = data_facts(story)
    parameters = ", ".join(f"{name} {plain_words(value)}" for name, value in story.parameters.items())
    parts = (
        " ".join(part for part in (story.strategy, f"({parameters})" if parameters else "") if part),
        " ".join([*story.data.symbols[:5], story.data.timeframe]).strip(),
        f"{known['first']} to {known['last']}",
        f"{known['bars']} bars",
    )
    return _headed(story.title, width) + _wrapped(" | ".join(filter(None, parts)), width)


def _judgement(story: Story, width: int, *, gates: bool = True) -> list[str]:
    verdict = story.judgement
    if verdict is None:
        lines = _wrapped(f"NOT JUDGED: {story.unjudged or 'these are figures without their proof.'}", width)
    else:
        lines = _wrapped(f"{str(verdict.level).replace('_', ' ').upper()}: {verdict.headline}", width)
    for words in (*error_bar_words(story), tries_words(story)):
        lines += _wrapped(words, width, "  ")
    if verdict is not None and verdict.gates and gates:
        passed = sum(gate.passed is True for gate in verdict.gates)
        lines += ["", f"{passed} of {len(verdict.gates)} conditions met"]
        lines += [line for gate in verdict.gates for line in _gate(gate, width)]
    return lines


def _gate(gate: GateLike, width: int) -> list[str]:
    mark = _MARKS[None if gate.passed is None else bool(gate.passed)]
    value = "" if gate.value is None or not math.isfinite(gate.value) else compact(gate.value)
    needs = bound_words(gate)
    if not needs and gate.value in (0.0, 1.0):
        value = ""
    name = title_of(gate)
    room = max(12, width - 34)
    shown = name if len(name) <= room else name[: room - 3] + "..."
    return [
        f"  {mark}  {shown:<{room}} {value:>9}" + (f"  needs {needs}" if needs else "")[: max(0, width - room - 18)]
    ]


def _figures(story: Story, width: int) -> list[str]:
    measures = headline_measures(story)
    names = [title_of(measure) for measure in measures]
    room = max(map(len, names), default=0) + 2
    lines = []
    for measure, name in zip(measures, names, strict=True):
        line = f"  {name:<{room}}{measured(measure):>20}"
        if measure.name == "total_return" and story.benchmark is not None:
            last = float(story.benchmark.equity[-1]) / story.initial_cash - 1.0
            line += f"   {story.benchmark.name} {percent(last)}"
        if measure.reason and plain_value(measure.value, measure.unit) == UNDEFINED:
            line += f"   {measure.reason}"
        lines.append(line[:width])
    return lines


def _curve(story: Story, width: int) -> list[str]:
    if len(story) < 2:
        return []
    falls = drawdown_curve(story.equity, story.initial_cash)
    rows = (("equity", sparkline(story.equity, width - 12)), ("drawdown", sparkline(falls, width - 12)))
    ends = f"  {quantity(story.initial_cash, 0)} became {quantity(float(story.equity[-1]), 0)}"
    return [f"  {name:<9} {shape}" for name, shape in rows if shape] + [ends]


def _findings(verdict: VerdictItem | None, width: int) -> list[str]:
    if verdict is None or not verdict.findings:
        return []
    lines = ["Findings"]
    for place, finding in enumerate(verdict.findings, start=1):
        lead = f"  {place}. "
        lines += _wrapped(f"[{finding.severity}] {sentence(str(finding.text))}", width, lead, " " * len(lead))
        if finding.remedy:
            lines += _wrapped(f"-> {sentence(str(finding.remedy))}", width, " " * len(lead), " " * (len(lead) + 3))
    return lines


def _side_by_side(comparison: Comparison, width: int) -> list[str]:
    names = list(dict.fromkeys(item.name for story in comparison.stories for item in headline_measures(story)))
    if not names:
        return []
    across = max(1, min(_FEW, (width - 18) // 16))
    lines: list[str] = []
    for start in range(0, len(comparison.stories), across):
        group = comparison.stories[start : start + across]
        lines += ([""] if lines else []) + [" " * 18 + "".join(f"{story.title[:14]:>16}" for story in group)]
        for name in names:
            found = [story.measure(name) for story in group]
            title = next((title_of(measure) for measure in found if measure is not None), name)
            lines.append(
                f"{title[:18]:<18}" + "".join(f"{UNDEFINED if item is None else measured(item):>16}" for item in found)
            )
    return lines
