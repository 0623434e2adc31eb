"""The folds on a time axis: what was trained on, purged, embargoed, tested and held out."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from augury.report.scales import Scale, time_scale
from augury.report.sections.intervals import track_lines
from augury.report.sections.markup import absent, chart, legend, section
from augury.report.wording import day

if TYPE_CHECKING:
    from augury.report.model_story import FoldItem, ModelStory

__all__ = ["folds_section"]

_STYLES = {"trained": "f1", "tested": "f2", "purged": "f3", "embargoed": "f4", "held out": "f5"}
_MOST = 40


def folds_section(story: ModelStory) -> str:
    """A line a fit, the last the delivered one; at most 40 of them."""
    if "folds" in story.missing:
        return section("folds", "Folds", absent("folds", story.missing["folds"]))
    folds = [fold for fold in story.folds if fold.spans]
    if not folds:
        return ""
    kept = folds if len(folds) <= _MOST else [*folds[: _MOST - 1], folds[-1]]
    ends = [end for fold in folds for span in fold.spans for end in (span.first_ns, span.last_ns)]
    scale = time_scale(np.array([min(ends), max(ends)], dtype=np.int64), most=6)
    rows = [(_named(fold), "band", _spans(fold, scale), _told(fold)) for fold in kept]
    used = {span.kind for fold in folds for span in fold.spans}
    key = legend([(style, kind) for kind, style in _STYLES.items() if kind in used])
    note = "" if len(kept) == len(folds) else f"{len(folds) - len(kept)} more folds are not drawn."
    plot = track_lines(rows, scale.ticks, label="Folds on a time axis")
    intro = (
        "Rows whose labels reach into a tested stretch are purged, those shortly after it embargoed: no model was "
        "tested on what it had learnt from."
    )
    return section("folds", "Folds", chart("Use of time, fit by fit", plot, key=key, note=note), intro)


def _named(fold: FoldItem) -> str:
    detail = f"<small>{escape(fold.detail)}</small>" if fold.detail else ""
    return f"<span>{escape(fold.name)}</span>{detail}"


def _spans(fold: FoldItem, scale: Scale) -> str:
    parts = []
    for span in fold.spans:
        low, high = 100 * scale.at(float(span.first_ns)), 100 * scale.at(float(span.last_ns))
        words = f"{span.kind}, {day(int(span.first_ns))} to {day(int(span.last_ns))}"
        parts.append(
            f'<i class="{_STYLES[span.kind]}" style="left:{low:.2f}%;width:{max(high - low, 0.0):.2f}%" '
            f'title="{escape(words)}"></i>'
        )
    return "".join(parts)


def _told(fold: FoldItem) -> str:
    dropped = f" \N{MIDDLE DOT} {fold.dropped:,} dropped" if fold.dropped else ""
    return (
        f'<span class="figure">{fold.trained:,} trained \N{MIDDLE DOT} {fold.tested:,} tested'
        f"<small>{dropped}</small></span>"
    )
