"""How a model's page ends: the data, the limits with what to do about them, and how to make it again."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from augury.report.sections.closing import listed_findings
from augury.report.sections.markup import facts, section

if TYPE_CHECKING:
    from augury.report.model_story import ModelStory

__all__ = ["model_data", "model_findings", "model_provenance"]


def model_data(story: ModelStory) -> str:
    """Groups of facts side by side, and the features as they are written."""
    columns = "".join(
        f"<div><h3>{escape(title)}</h3>{facts(values)}</div>" for title, values in story.data.items() if values
    )
    body = f'<div class="columns">{columns}</div>' if columns else ""
    if story.features:
        items = "".join(f"<li>{escape(feature)}</li>" for feature in story.features)
        body += f'<h3 class="apart">Features</h3><ul class="codelist">{items}</ul>'
    return section("data", "Data and model", body)


def model_findings(story: ModelStory) -> str:
    """What must not be expected of the model, with remedies, then the notes."""
    findings = () if story.verdict is None else story.verdict.findings
    return section("findings", "Limits", listed_findings(findings, story.notes))


def model_provenance(story: ModelStory) -> str:
    """Model text, seed, fingerprint and versions; empty without any."""
    codes = facts(story.provenance).replace('class="facts"', 'class="facts codes"', 1)
    return section("provenance", "Reproducibility", codes)
