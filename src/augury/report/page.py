"""One self-contained page: markup, style and script in a single file that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from augury.report.sections.candles import candles_section
from augury.report.sections.closing import data_facts, findings_section, provenance_section, run_section
from augury.report.sections.contrast import (
    contrast_correlation,
    contrast_curves,
    contrast_findings,
    contrast_measures,
    contrast_verdicts,
)
from augury.report.sections.curves import curves_section
from augury.report.sections.distribution import chance_section, distribution_section
from augury.report.sections.headline import headline_section
from augury.report.sections.measures import measures_section
from augury.report.sections.months import months_section
from augury.report.sections.robustness import checks_section, costs_section, sensitivity_section
from augury.report.sections.rolling import rolling_section
from augury.report.sections.trading import trades_section
from augury.report.sections.verdict import verdict_section
from augury.report.story import Comparison, Story
from augury.report.wording import plain_words

__all__ = ["Head", "document", "page_html", "style_sheet"]

_ORDER = (
    verdict_section,
    headline_section,
    curves_section,
    candles_section,
    months_section,
    rolling_section,
    distribution_section,
    chance_section,
    trades_section,
    costs_section,
    sensitivity_section,
    checks_section,
    measures_section,
    findings_section,
    run_section,
    provenance_section,
)
# Signs that steer a terminal or turn the direction of text are shown, not obeyed.
_STEERING = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | dict.fromkeys(
    (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
_SCRIPTS = ("theme.js", "readout.js", "candles.js", "trades.js")
_NAMES = (
    ("verdict", "Verdict"),
    ("equity", "Equity"),
    ("candles", "Candles"),
    ("months", "Months"),
    ("rolling", "Rolling"),
    ("distribution", "Returns"),
    ("chance", "Chance"),
    ("trades", "Trades"),
    ("costs", "Costs"),
    ("sensitivity", "Sensitivity"),
    ("checks", "What if"),
    ("measures", "Measures"),
    ("correlation", "Correlation"),
    ("findings", "Findings"),
    ("run", "Run"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands around the sections: title, tags below it, the sections by id as links, and the page's own assets.

    `styles` are style sheets after the common one.
    """

    title: str
    subtitle: str
    chips: tuple[str, ...]
    names: tuple[tuple[str, str], ...] = _NAMES
    scripts: tuple[str, ...] = _SCRIPTS
    styles: tuple[str, ...] = ()


def page_html(subject: Story | Comparison) -> str:
    """The whole page as text. What the subject does not hold is left out; nothing written in it can act as markup.

    Long curves, bars and trades are thinned for the eye and the page says so; extremes are kept. The same subject gives
    the same bytes.
    """
    if isinstance(subject, Comparison):
        notes = "".join(f"<li>{escape(str(note))}</li>" for note in subject.notes)
        body = "".join(
            make(subject)
            for make in (contrast_verdicts, contrast_curves, contrast_measures, contrast_correlation, contrast_findings)
        ) + (f'<ul class="notes">{notes}</ul>' if notes else "")
        chips: tuple[str, ...] = (f"{len(subject.stories)} results",)
    else:
        body = "".join(make(subject) for make in _ORDER)
        chips = _chips(subject)
    return document(Head(title=subject.title, subtitle=subject.subtitle, chips=chips), body)


def _chips(story: Story) -> tuple[str, ...]:
    facts = data_facts(story)
    parameters = ", ".join(f"{name} {plain_words(value)}" for name, value in list(story.parameters.items())[:6])
    return tuple(
        text
        for text in (
            " ".join(part for part in (story.strategy, f"({parameters})" if parameters else "") if part),
            ", ".join(story.data.symbols[:6]) + (" ..." if len(story.data.symbols) > 6 else ""),
            story.data.timeframe,
            f"{facts['first']} to {facts['last']}",
            f"{facts['bars']} {'bar' if facts['bars'] == '1' else 'bars'}",
        )
        if text
    )


def document(head: Head, body: str) -> str:
    """The whole page around ready sections; only its own script may run in it, and nothing is asked of the network."""
    script, style = "\n".join(map(_asset, head.scripts)), "".join((style_sheet(), *map(_asset, head.styles)))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
    links = "".join(f'<a href="#{name}">{text}</a>' for name, text in head.names if f'<section id="{name}"' in body)
    tags = "".join(f"<li>{escape(chip)}</li>" for chip in head.chips)
    under = f'<p class="subtitle">{escape(head.subtitle)}</p>' if head.subtitle else ""
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{policy}"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><meta name="generator" content="Augury">'
        f'<link rel="icon" href="data:,"><title>{escape(head.title)}</title><style>{style}</style></head>'
        f'<body class="augury page"><a class="skip" href="#content">Skip to the content</a><header class="top"><div>'
        f'<h1>{escape(head.title)}</h1>{under}<ul class="chips">{tags}</ul></div></header>'
        f'<nav class="jump" aria-label="Sections"><div class="links">{links}</div>'
        f'<button type="button" class="theme" hidden aria-label="Change between light and dark">'
        f"\N{CIRCLE WITH RIGHT HALF BLACK}</button></nav>"
        f'<main id="content">{body}</main><footer><p>Made by Augury. One file; it asks the network for nothing.</p>'
        f"</footer>"
        f"<script>{script}</script></body></html>\n"
    )
    return text.translate(_STEERING)


def style_sheet() -> str:
    """The common style sheet; all of it applies below an element of class `augury` only."""
    return _asset("page.css")


@cache
def _asset(name: str) -> str:
    return files("augury.report.assets").joinpath(name).read_text(encoding="utf-8")
