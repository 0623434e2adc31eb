"""Progress bars: one within another, on a terminal only, gone when the work is done or fails."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from augury.cli.progress import TerminalProgress


def test_work_inside_an_item_shows_its_own_bar_below() -> None:
    file = io.StringIO()
    progress = TerminalProgress(Console(file=file, force_terminal=True, width=80))
    for _ in progress.track(range(2), "Folds", 2):
        assert list(progress.track("abc", "Epochs", 3)) == ["a", "b", "c"]
    assert "Folds" in file.getvalue()
    assert "Epochs" in file.getvalue()


def test_a_bar_is_gone_after_a_failure_and_the_next_one_starts_anew() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80)
    progress = TerminalProgress(console)

    def fails() -> None:
        for _ in progress.track(range(2), "Folds", 2):
            for _ in progress.track(range(3), "Epochs", 3):
                raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fails()
    assert list(progress.track(range(2), "Again", 2)) == [0, 1]
    assert "Again" in file.getvalue()


def test_nothing_is_written_where_nobody_watches() -> None:
    file = io.StringIO()
    progress = TerminalProgress(Console(file=file))
    for _ in progress.track(range(2), "Folds", 2):
        assert list(progress.track(range(3), "Epochs", 3)) == [0, 1, 2]
    assert file.getvalue() == ""
