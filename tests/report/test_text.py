"""Terminals: 80 columns, the verdict first, nothing that a terminal would obey."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augury.report import Comparison, Story, comparison_text, story_text
from augury.report.text import sparkline


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_asked(width: int, story: Story, make_story: Any) -> None:
    texts = [
        story_text(story, width),
        comparison_text(Comparison(title="x" * 200, stories=(story, make_story("Other", 5, 50))), width),
    ]
    for text in texts:
        assert max(map(len, text.splitlines())) <= width


def test_the_verdict_stands_above_the_figures_with_what_qualifies_it(story: Story) -> None:
    text = story_text(story)
    assert text.index("UNPROVEN") < text.index("interval") < text.index("conditions met") < text.index("Total return")
    for part in (
        "3 of 6 conditions met",
        "MISS  Deflated Sharpe ratio",
        "231 variants tried",
        "-> Hold back data",
        "seed 7",
    ):
        assert part in text


def test_plain_text_keeps_to_ascii(story: Story, make_story: Any) -> None:
    assert story_text(story, plain=True).isascii()
    assert comparison_text(Comparison(title="Two", stories=(story, make_story("Other", 5, 50))), plain=True).isascii()


def test_control_characters_do_not_reach_the_terminal(story: Story) -> None:
    hostile = replace(story, title="red \x1b[31m alarm\x07", notes=("line\r\x1b[2J",))
    assert "\x1b" not in story_text(hostile)
    assert "\x07" not in story_text(hostile)


def test_a_sparkline_rises_with_its_values() -> None:
    assert sparkline(np.arange(8.0), 8) == "▁▂▃▄▅▆▇█"
    assert sparkline(np.array([np.nan, 1.0, 2.0]), 3) == " ▁█"
    assert sparkline(np.array([np.nan]), 3) == ""
    assert len(sparkline(np.arange(1000.0), 60)) == 60
