"""Pages on disk: whole or not at all, and clear refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from augury.errors import InvalidInput, NotFound
from augury.report import Story, page_html, write_page
from augury.report import writing as writing_module


def test_the_page_on_disk_is_the_page(story: Story, tmp_path: Path) -> None:
    target = write_page(story, tmp_path / "run.html")
    assert target.read_text(encoding="utf-8") == page_html(story)
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]
    assert target.stat().st_mode & 0o400


def test_refusals_name_what_is_wrong_and_write_nothing(story: Story, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="does not exist; create it first"):
        write_page(story, tmp_path / "missing" / "run.html")
    with pytest.raises(InvalidInput, match="is a folder; name a file"):
        write_page(story, tmp_path)
    with pytest.raises(InvalidInput, match=r"should end in \.html or \.htm, got 'run\.pdf'"):
        write_page(story, tmp_path / "run.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_page_and_nothing_else(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "run.html"
    target.write_text("old")

    class Full(OSError):
        pass

    def refuse(self: Path, other: object) -> Path:
        raise Full("no space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(Full):
        write_page(story, target)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]
    assert target.read_text() == "old"


def test_a_story_that_cannot_be_rendered_leaves_no_file(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(subject: object) -> str:
        raise InvalidInput("broken half-way")

    monkeypatch.setattr(writing_module, "page_html", fail)
    with pytest.raises(InvalidInput):
        write_page(story, tmp_path / "run.html")
    assert list(tmp_path.iterdir()) == []
