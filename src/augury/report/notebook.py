"""A result in a notebook: the top of the page as a fragment, for `_repr_html_`."""

from __future__ import annotations

import re
from html import escape

from augury.report.page import style_sheet
from augury.report.sections.contrast import contrast_curves, contrast_verdicts
from augury.report.sections.curves import curves_section
from augury.report.sections.headline import headline_section
from augury.report.sections.verdict import verdict_section
from augury.report.story import Comparison, Story

__all__ = ["story_html"]


def story_html(subject: Story | Comparison) -> str:
    """Title, verdict, figures and curves as HTML with its own style, without script, ids or anything from outside.

    The style applies inside the fragment only, so that several may stand in one notebook.
    """
    if isinstance(subject, Comparison):
        body = contrast_verdicts(subject) + contrast_curves(subject)
    else:
        body = verdict_section(subject) + headline_section(subject) + curves_section(subject)
    body = re.sub(r'<section id="[a-z]+" aria-labelledby="[a-z-]+"', "<section", body)
    body = re.sub(r'<h2 id="[a-z-]+">', "<h2>", body)
    body = re.sub(r" data-hover='[^']*'", "", body)  # there is no script to read it
    title = f"<h1>{escape(subject.title)}</h1>"
    return f'<div class="augury fragment"><style>{style_sheet()}</style>{title}{body}</div>'
