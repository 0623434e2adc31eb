"""Pieces of markup that several sections use; everything that a user may have written is escaped here or there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from augury.report.wording import plain_words

__all__ = ["absent", "chart", "facts", "legend", "scale_buttons", "section", "table", "told"]


def section(name: str, title: str, body: str, intro: str = "") -> str:
    """A section of the page with its anchor; nothing when the body is empty. `title` and `intro` are plain text."""
    if not body:
        return ""
    lead = f'<p class="intro">{escape(intro)}</p>' if intro else ""
    heading = f'<h2 id="{name}-title">{escape(title)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title" class="sec-{name}">{heading}{lead}{body}</section>'


def chart(title: str, plot: str, *, note: str = "", key: str = "", tools: str = "") -> str:
    """A figure: heading, legend and tools in one line, the plot, and what it takes to read it."""
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    caption = f"<strong>{escape(title)}</strong>{key}{tools}"
    return f'<figure class="chart"><figcaption>{caption}</figcaption>{plot}{below}</figure>'


def absent(what: str, reason: str) -> str:
    """A line that says what is not shown, and why not."""
    words = f"No {what}: {reason.strip().rstrip('.')}."
    return f'<p class="note">{escape(words)}</p>'


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """Names with a sample of their line; entries are (style, name)."""
    items = "".join(f'<li><i class="{style}"></i>{escape(name)}</li>' for style, name in entries)
    return f'<ul class="legend">{items}</ul>'


def scale_buttons() -> str:
    """Buttons that change a figure between its linear and its logarithmic plot."""
    return (
        '<span class="tools" role="group" aria-label="Scale"><button type="button" data-scale="linear" '
        'aria-pressed="true">linear</button><button type="button" data-scale="log" aria-pressed="false">log</button>'
        "</span>"
    )


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    numeric: range | None = None,
    kind: str = "",
) -> str:
    """A table of ready markup in cells; `columns` and `caption` are plain text, the first column heads its row.

    `numeric` columns are set flush right, all but the first unless said otherwise. A row of one cell is a heading.
    """
    right = range(1, len(columns)) if numeric is None else numeric
    head = "".join(f'<th scope="col"{_numeric(at, right)}>{escape(column)}</th>' for at, column in enumerate(columns))
    body = "".join(
        f'<tr class="group"><th scope="rowgroup" colspan="{len(columns)}">{row[0]}</th></tr>'
        if len(row) == 1 < len(columns)
        else "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if at == 0 else f"<td{_numeric(at, right)}>{cell}</td>"
            for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    style = f' class="{kind}"' if kind else ""
    words = f"<caption>{escape(caption)}</caption>" if caption else ""
    inner = f"{words}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll" tabindex="0"><table{style}>{inner}</table></div>'


def _numeric(at: int, right: range) -> str:
    return ' class="n"' if at in right else ""


def told(value: object) -> str:
    """A value of a parameter, a setting or a fact, escaped."""
    return escape(plain_words(value))


def facts(values: Mapping[str, object]) -> str:
    """A list of names and values; nothing when there are none."""
    if not values:
        return ""
    items = "".join(
        f"<div><dt>{escape(str(key).replace('_', ' '))}</dt><dd>{told(value)}</dd></div>"
        for key, value in values.items()
    )
    return f'<dl class="facts">{items}</dl>'
