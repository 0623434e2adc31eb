"""How the page ends: ranked findings with remedies, what was run on what, and the marks by which it can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from augury.report.sections.markup import facts, section
from augury.report.series import session_times
from augury.report.wording import day, moment, sentence, tone_of_severity

if TYPE_CHECKING:
    from augury.report.evidence import FindingLike
    from augury.report.story import Story

__all__ = ["data_facts", "findings_section", "listed_findings", "provenance_section", "run_section"]


def findings_section(story: Story) -> str:
    """The verdict's findings in its order, then the notes; empty without either."""
    verdict = story.judgement
    return section("findings", "Findings", listed_findings(() if verdict is None else verdict.findings, story.notes))


def listed_findings(findings: Sequence[FindingLike], notes: Sequence[str]) -> str:
    """Findings with what to do about each, and the notes below them; nothing without either."""
    items = "".join(_finding(finding) for finding in findings)
    below = "".join(f"<li>{escape(str(note))}</li>" for note in notes)
    return (f'<ol class="findings">{items}</ol>' if items else "") + (
        f'<h3>Notes</h3><ul class="notes">{below}</ul>' if below else ""
    )


def _finding(finding: FindingLike) -> str:
    tone = tone_of_severity(str(finding.severity))
    remedy = f'<p class="remedy">{escape(sentence(str(finding.remedy)))}</p>' if finding.remedy else ""
    return (
        f'<li class="{tone}"><span class="badge {tone}">{escape(str(finding.severity).capitalize())}</span>'
        f"<div><p>{escape(sentence(str(finding.text)))}</p>{remedy}</div></li>"
    )


def data_facts(story: Story) -> dict[str, object]:
    """What is known of the data, for people."""
    data = story.data
    closes = session_times(story)
    first = int(closes[0]) if data.first_ns is None else data.first_ns
    last = int(closes[-1]) if data.last_ns is None else data.last_ns
    written = day if np.array_equal(closes, story.times - 1) else moment
    known: dict[str, object] = {
        "symbols": data.symbols,
        "timeframe": data.timeframe,
        "bars": f"{len(story) if data.bars is None else data.bars:,}",
        "first": written(first),
        "last": written(last),
        "fingerprint": data.fingerprint,
    }
    return {name: value for name, value in known.items() if value not in ("", ())}


def run_section(story: Story) -> str:
    """Strategy and parameters, settings and data, side by side."""
    groups = (
        ("Strategy", {**({"name": story.strategy} if story.strategy else {}), **story.parameters}),
        ("Settings", {"initial_cash": float(story.initial_cash), **story.settings}),
        ("Data", data_facts(story)),
    )
    columns = "".join(f"<div><h3>{title}</h3>{facts(values)}</div>" for title, values in groups if values)
    return section("run", "What was run", f'<div class="columns">{columns}</div>')


def provenance_section(story: Story) -> str:
    """Ids, hashes, seed and versions; empty without any."""
    return section(
        "provenance", "Provenance", facts(story.provenance).replace('class="facts"', 'class="facts codes"', 1)
    )
