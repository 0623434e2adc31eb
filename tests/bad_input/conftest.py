"""A good file of bars to spoil, a good file of news, and the command as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from augury.cli.main import app
from augury.sample import load_sample

HEADER = ("timestamp", "open", "high", "low", "close", "volume")


class Lines:
    """The lines of a good CSV of 300 daily bars, and ways to spoil them; every method gives a new text."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)

    def text(self, count: int | None = None) -> str:
        """The header and the first `count` bars."""
        return "\n".join(self.lines[: None if count is None else count + 1]) + "\n"

    def cell(self, row: int, column: str, value: str) -> str:
        """One cell replaced; rows count from 0 below the header."""
        return self.each(lambda at, _cells: {column: value} if at == row else {})

    def times(self, change: Callable[[int, str], str]) -> str:
        """Every time replaced by a function of row and day."""
        return self.each(lambda at, cells: {"timestamp": change(at, cells["timestamp"])})

    def each(self, change: Callable[[int, dict[str, str]], dict[str, str]]) -> str:
        """Every row changed by a function of its number and cells."""
        rows = [dict(zip(HEADER, line.split(","), strict=True)) for line in self.lines[1:]]
        changed = [row | change(at, row) for at, row in enumerate(rows)]
        return "\n".join([self.lines[0], *(",".join(row.values()) for row in changed)]) + "\n"

    def order(self, change: Callable[[list[str]], list[str]]) -> str:
        """The rows rearranged."""
        return "\n".join([self.lines[0], *change(self.lines[1:])]) + "\n"


@pytest.fixture(scope="session")
def good() -> Lines:
    text: str = load_sample().bars["AAPL"].iloc[-300:].to_csv()
    return Lines(text.replace(" 00:00:00+00:00", "").splitlines())


@pytest.fixture(scope="session")
def story() -> Callable[..., str]:
    """A line of JSON about one ticker, with some fields changed or added."""

    def line(**changes: Any) -> str:
        record = {"ticker": "AAPL", "text": "Profit rises", "published_at": "2013-01-02T15:00:00+00:00"}
        return json.dumps(record | changes, ensure_ascii=False) + "\n"

    return line


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def flat(text: str) -> str:
    """The words of a text without line breaks and the frames drawn around them."""
    return " ".join(text.replace("│", " ").split())


@pytest.fixture(scope="session")
def augury() -> Callable[..., Result]:
    """Run the command in this process; a bug comes out as itself."""

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], terminal_width=200)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture(scope="session")
def fails(augury: Callable[..., Result]) -> Callable[..., str]:
    """Run the command, which must end with this code, nothing on standard output and one message; gives the message."""

    def invoke(code: int, *arguments: object) -> str:
        result = augury(*arguments)
        message = flat(result.stderr)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert "Traceback" not in message
        assert "internal error" not in message
        assert len(message) < 2500
        return message

    return invoke


@pytest.fixture(scope="session")
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command as a process of its own."""

    def invoke(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "augury", *map(str, arguments)]
        given = {"capture_output": True, "text": True, "timeout": 60, "env": dict(os.environ)} | options
        return subprocess.run(command, check=False, **given)

    return invoke
