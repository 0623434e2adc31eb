"""The verdict: what may be believed, in words, with the Sharpe ratio's interval drawn and every condition listed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from augury.report.conventions import title_of
from augury.report.evidence import GateLike
from augury.report.scales import linear_scale
from augury.report.sections.markup import section
from augury.report.wording import LEVEL_MARKS, compact, measured, percent, quantity, sentence, signed, tone_of_level

if TYPE_CHECKING:
    from augury.report.evidence import MeasureLike, NullTest
    from augury.report.story import Story

__all__ = [
    "Judged",
    "badge",
    "bound_words",
    "error_bar_words",
    "judged_section",
    "sharpe_interval",
    "tries_words",
    "verdict_section",
    "whisker",
]

_UNJUDGED = "No verdict was asked for: these are figures without their proof."
_GATE_WORDS = {
    True: ("good", "\N{CHECK MARK}", "passed"),
    False: ("poor", "\N{MULTIPLICATION X}", "missed"),
    None: ("none", "?", "not judged"),
}


def verdict_section(story: Story) -> str:
    """The first thing on the page; without a verdict it says that nothing was judged."""
    verdict = story.judgement
    return judged_section(
        Judged(
            level="not judged" if verdict is None else str(verdict.level),
            headline=story.unjudged or _UNJUDGED if verdict is None else str(verdict.headline),
            words=(*error_bar_words(story), tries_words(story)),
            gates=() if verdict is None else tuple(verdict.gates),
            drawn=_whisker(story),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the verdict's card holds: plain words, conditions, and the ready markup of what is `drawn` beside them."""

    level: str
    headline: str
    words: tuple[str, ...] = ()
    gates: tuple[GateLike, ...] = ()
    drawn: str = ""


def judged_section(judged: Judged) -> str:
    """The card: level, headline, how sure, and every condition."""
    gates = judged.gates
    words = "".join(f"<p>{escape(line)}</p>" for line in judged.words if line)
    passed = sum(gate.passed is True for gate in gates)
    summary = f'<p class="tally">{passed} of {len(gates)} conditions met</p>' if gates else ""
    items = "".join(_gate(gate) for gate in sorted(gates, key=_urgency))
    return section(
        "verdict",
        "Verdict",
        f'<div class="verdict {tone_of_level(judged.level)}"><div class="judgement"><div class="said">'
        f'{badge(judged.level)}<p class="headline">{escape(judged.headline)}</p>'
        f'<div class="words">{words}</div></div>{judged.drawn}</div>'
        + (f'<div class="conditions">{summary}<ul class="gates">{items}</ul></div>' if gates else "")
        + "</div>",
    )


def _urgency(gate: GateLike) -> int:
    """What is missed stands first, then what could not be judged."""
    return 1 if gate.passed is None else 2 * bool(gate.passed)


def badge(level: str) -> str:
    """The level as a mark, a colour and a word."""
    tone, words = tone_of_level(level), level.replace("_", " ")
    return (
        f'<span class="badge {tone}"><span aria-hidden="true">{LEVEL_MARKS[tone]}</span> '
        f"{escape(words[:1].upper() + words[1:])}</span>"
    )


def _gate(gate: GateLike) -> str:
    tone, mark, word = _GATE_WORDS[None if gate.passed is None else bool(gate.passed)]
    shown = "" if gate.value is None or not math.isfinite(gate.value) else compact(gate.value)
    held_to = bound_words(gate)
    if not held_to and gate.value in (0.0, 1.0):  # a yes or no, which the mark says already
        shown = ""
    against = f" <small>needs {escape(held_to)}</small>" if held_to else ""
    remedy = str(getattr(gate, "remedy", "") or "") if gate.passed is not True else ""
    return (
        f'<li class="{tone}"><span class="mark" aria-hidden="true">{mark}</span><div><div class="gate-name">'
        f'<span>{escape(title_of(gate))}<span class="sr">: {word}</span></span>'
        f'<span class="n">{escape(shown) if shown else word}{against}</span></div>'
        + (f"<p>{escape(sentence(str(gate.explanation)))}</p>" if gate.explanation else "")
        + (f'<p class="remedy">{escape(sentence(remedy))}</p>' if remedy else "")
        + "</div></li>"
    )


def bound_words(gate: GateLike) -> str:
    """What the condition asks for, empty when it does not say."""
    bound = getattr(gate, "bound", None)
    if bound is None:
        return ""
    words = compact(float(bound)) if isinstance(bound, float | int) else signed(str(bound))
    return words.replace(">=", "\N{GREATER-THAN OR EQUAL TO}").replace("<=", "\N{LESS-THAN OR EQUAL TO}")


def _sharpe(story: Story) -> MeasureLike | None:
    found = story.measure("sharpe") or story.measure("sharpe_ratio")
    return found if found is not None and found.value is not None and math.isfinite(found.value) else None


def sharpe_interval(story: Story) -> tuple[float, float, float, float] | None:
    """Value, low, high and level: the interval given, else 1.96 standard errors; None without either."""
    sharpe = _sharpe(story)
    if sharpe is None or sharpe.value is None:
        return None
    given = story.interval(sharpe.name)
    if given is not None and math.isfinite(given.low) and math.isfinite(given.high):
        return sharpe.value, given.low, given.high, given.level
    error = sharpe.standard_error
    if error is None or not math.isfinite(error):
        return None
    return sharpe.value, sharpe.value - 1.96 * error, sharpe.value + 1.96 * error, 0.95


def error_bar_words(story: Story) -> tuple[str, ...]:
    """The Sharpe ratio with its interval and what that means, and the first p-value, in plain sentences."""
    lines = []
    sharpe, interval = _sharpe(story), sharpe_interval(story)
    if sharpe is not None and interval is not None:
        _, low, high, level = interval
        where = (
            "includes zero: luck alone could give it"
            if low <= 0 <= high
            else ("lies above zero" if low > 0 else "lies below zero")
        )
        lines.append(
            f"{title_of(sharpe)} {measured(sharpe)}; its {percent(level, 0)} interval, {quantity(low)} to "
            f"{quantity(high)}, {where}."
        )
    elif sharpe is not None:
        lines.append(f"{title_of(sharpe)} {measured(sharpe)}, without an error bar.")
    return (*lines, *(_chance_words(test) for test in story.tests[:1] if _judged(test)))


def _judged(test: NullTest) -> bool:
    return test.p_value is not None and math.isfinite(test.p_value)


def _chance_words(test: NullTest) -> str:
    return (
        f"{test.name}: about {percent(test.p_value, 1)} of {len(test.null):,} histories without an edge did as well "
        f"(p = {test.p_value:.3g})."
    )


def tries_words(story: Story) -> str:
    """How many variants stand behind the one shown."""
    tries = story.tries
    if tries is None:
        return ""
    if tries.number <= 1:
        return "It is the only variant on record."
    independent = "" if tries.effective is None else f", about {quantity(tries.effective, 0)} of them independent"
    return f"Chosen among {tries.number:,} variants tried{independent}{f' ({tries.source})' if tries.source else ''}."


def _whisker(story: Story) -> str:
    interval = sharpe_interval(story)
    return "" if interval is None else whisker("Sharpe ratio", *interval)


def whisker(name: str, value: float, low: float, high: float, level: float, digits: int = 2) -> str:
    """A value and its interval on a line with zero."""
    scale = linear_scale(np.array([value, low, high]), include=(0.0,), count=4)
    spots = [100 * scale.at(place) for place in (low, high, value, 0.0)]
    ticks = "".join(f'<span style="left:{100 * tick.at:.2f}%">{escape(tick.label)}</span>' for tick in scale.ticks)
    label = (
        f"{name} {quantity(value, digits)}, {percent(level, 0)} interval {quantity(low, digits)} to "
        f"{quantity(high, digits)}"
    )
    return (
        f'<div class="whisker" role="img" aria-label="{escape(label)}">'
        f"<p>{escape(name)}, {percent(level, 0)} interval</p>"
        f'<div class="track"><i class="zero" style="left:{spots[3]:.2f}%"></i><i class="range" '
        f'style="left:{spots[0]:.2f}%;width:{spots[1] - spots[0]:.2f}%"></i>'
        f'<i class="point" style="left:{spots[2]:.2f}%">'
        f'</i></div><div class="marks" aria-hidden="true">{ticks}</div></div>'
    )
