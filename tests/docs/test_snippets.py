"""Every page's snippets run: Python blocks one after another in one namespace, `$ augury ...` lines through the CLI."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from augury.backtest import run_backtest
from augury.cli.main import app
from augury.features import registry
from augury.operations.registry import groups
from augury.sample import Sample, load_sample

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```[ \t]*$", re.M | re.S)
RUN = ("python", "console")
SAVED = re.compile(r"[Ss]ave this as\s+`(?P<name>[\w-]+\.\w+)`:\s*$")


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    line: int
    saved_as: str | None


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page that are run or saved, with the line on which their text begins."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        saved = SAVED.search(text[: match.start()])
        if saved or match["kind"] in RUN:
            indent = match["indent"]
            body = "\n".join(row.removeprefix(indent) for row in match["body"].splitlines()) + "\n"
            line = text[: match.start("body")].count("\n") + 1
            yield Block(match["kind"], body, line, saved["name"] if saved else None)


def commands(block: Block) -> list[list[str]]:
    """The words after `augury` of every line `$ augury ...`; a backslash at the end continues a line."""
    joined = re.sub(r"\\\n\s*", " ", block.text)
    words = [shlex.split(line[2:], comments=True) for line in joined.splitlines() if line.startswith("$ ")]
    return [line[1:] for line in words if line[:1] == ["augury"]]


def write_files(folder: Path, sample: Sample) -> None:
    """The files that the pages name: bars of several tickers, headlines, and somebody's trades with their account."""
    for ticker, bars in sample.bars.items():
        bars.iloc[-750:].to_csv(folder / f"{ticker}.csv")
    result = run_backtest("sma_crossover", sample.bars["AAPL"].iloc[-750:], {"fast": 10, "slow": 40}, symbol="AAPL")
    result.trades.to_csv(folder / "trades.csv", index=False)
    result.equity.to_csv(folder / "equity.csv")
    rows = [
        {
            "ticker": item.ticker,
            "text": item.text,
            "published_at": item.published_at.isoformat(),
            "known_at": item.known_at.isoformat(),
            "source": item.source,
        }
        for item in sample.news
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for name in ("news.jsonl", "headlines.jsonl"):
        (folder / name).write_text(lines, encoding="utf-8")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return load_sample()


def run_page(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run every block of the page in `folder`, the Python ones in one namespace; returns how many were run.

    A block that the page says to save is saved under that name too.
    """
    monkeypatch.chdir(folder)
    module = ModuleType(f"page_{page.stem.replace('-', '_')}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "_definitions", registry.definitions())  # what a page registers stays on that page
    count = 0
    for block in blocks(page):
        where = f"{page.name}, line {block.line}"
        if block.saved_as is not None:
            (folder / block.saved_as).write_text(block.text, encoding="utf-8")
        if block.kind == "python":
            # on disk under its own name, as somebody who tries the page has it: kernels are cached beside their source
            source = folder / f"{page.stem}_line_{block.line}.py"
            source.write_text(block.text, encoding="utf-8")
            module.__file__ = str(source)
            count += 1
            if "augury_server" in block.text:  # a process has one platform
                code, output = in_own_process([sys.executable, str(source)], folder)
                assert code == 0, f"{where}:\n{output}"
                continue
            try:
                exec(compile(block.text, str(source), "exec"), module.__dict__)
            except BaseException as error:
                error.add_note(f"raised by the snippet in {where}")
                raise
        for words in commands(block) if block.kind == "console" else ():
            code, output = run_command(words, folder)
            assert code == 0, f"{where}: augury {shlex.join(words)}\n{output}"
            count += 1
    return count


def run_command(words: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and output; a verb of the platform runs in a process of its own, with the settings of `folder`."""
    if words[0] not in groups():
        result = CliRunner().invoke(app, words)
        return result.exit_code, result.output
    return in_own_process([sys.executable, "-m", "augury", *words], folder)


def in_own_process(command: list[str], folder: Path) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(900)  # a page may start forty processes
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_snippet_of_the_page_runs(
    page: Path, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, sample)
    run_page(page, tmp_path, monkeypatch)


def test_a_block_that_the_page_says_to_save_is_a_file_for_the_commands_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "saving.md"
    kept = "a,b\n1,2\n"
    reading = f"from pathlib import Path\nassert Path('kept.csv').read_text() == {kept!r}\n"
    page.write_text(f"Save this as `kept.csv`:\n\n```text\n{kept}```\n\n```python\n{reading}```\n")
    assert run_page(page, tmp_path, monkeypatch) == 1


def test_a_page_runs_its_snippets_in_one_namespace_and_its_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "good.md"
    page.write_text(
        "```python\nx = 1\n```\n1. in a list\n\n   ```python\n   assert x == 1\n   ```\n"
        "```console\n$ augury \\\n    --version\naugury prints this\n```\n```bash\nnot run\n```\n"
    )
    assert run_page(page, tmp_path, monkeypatch) == 3


@pytest.mark.parametrize(
    "text", ["```python\nassert 1 == 2\n```\n", "```console\n$ augury signals no-such-file.csv\n```\n"]
)
def test_a_broken_snippet_is_found(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "broken.md"
    page.write_text(text)
    with pytest.raises(AssertionError):
        run_page(page, tmp_path, monkeypatch)


def test_the_pages_for_an_hour_are_there() -> None:
    names = {page.name for page in PAGES}
    expected = {
        "README.md",
        "architecture.md",
        "audit.md",
        "backtesting.md",
        "capabilities.md",
        "command-line.md",
        "compression.md",
        "data.md",
        "evidence.md",
        "features.md",
        "getting-started.md",
        "metrics.md",
        "models.md",
        "reports.md",
        "sentiment.md",
        "signals.md",
        "strategies.md",
        "testing.md",
    }
    assert expected <= names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
