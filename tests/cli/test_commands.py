"""The command line: derived from the operations, with exit codes, JSON, and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from augury import __version__
from augury.cli.main import app
from augury.operations import operations
from augury.sample import load_sample
from augury.signals import TradingSignal

OPERATIONS = operations()


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), terminal_width=200)


@pytest.fixture(scope="module")
def aapl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bars") / "AAPL.csv"
    load_sample().bars["AAPL"].iloc[-400:].to_csv(path)
    return path


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("news") / "news.jsonl"
    with path.open("w") as file:
        for item in load_sample().news[-200:]:
            record = {
                "ticker": item.ticker,
                "text": item.text,
                "published_at": item.published_at.isoformat(),
                "known_at": item.known_at.isoformat(),
                "source": item.source,
            }
            file.write(json.dumps(record) + "\n")
    return path


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_help_shows_every_option_and_an_example(name: str) -> None:
    result = invoke(*name.split("."), "--help")
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    assert "Example:" in text
    for item in fields(OPERATIONS[name].spec_type):
        expected = item.name if item.metadata.get("positional") else "--" + item.name.replace("_", "-")
        assert expected in result.output


def test_version_is_printed() -> None:
    assert invoke("--version").output.strip() == f"augury {__version__}"


def test_python_dash_m_augury_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "augury", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"augury {__version__}"


def test_demo_prints_a_table_with_reasons_and_the_source() -> None:
    result = invoke("demo", "--tickers", "IBM")
    assert result.exit_code == 0
    assert "IBM" in result.output
    assert "would need" in result.output or "cannot be judged" in result.output or "above" in result.output
    assert "Data:" in result.output


def test_demo_as_json_holds_signals_with_every_field() -> None:
    result = invoke("demo", "--json", "--tickers", "MSFT")
    found = json.loads(result.stdout)
    (signal,) = found["signals"]
    assert signal["ticker"] == "MSFT"
    absent = [item.name for item in fields(TradingSignal) if item.name not in signal]
    assert absent == ["timestamp_ns", "provenance", "p_up"], "timestamp and versions are shown, p_up with a model"
    assert {"timestamp", "versions"} <= set(signal)


def test_demo_as_of_an_earlier_day_knows_nothing_later() -> None:
    result = invoke("demo", "--json", "--tickers", "AAPL", "--until", "2012-09-21")
    (signal,) = json.loads(result.stdout)["signals"]
    assert signal["timestamp"] == "2012-09-22T00:00:00+00:00"


def test_signals_from_files_with_news(aapl: Path, news: Path) -> None:
    result = invoke("signals", str(aapl), "--news", str(news), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [signal["ticker"] for signal in found["signals"]] == ["AAPL"]
    assert found["signals"][0]["sentiment_mean"] is not None
    table = invoke("signals", str(aapl), "--news", str(news), "--last", "3")
    assert table.output.count("AAPL") >= 3


def test_features_prints_the_last_rows_and_writes_all(aapl: Path, tmp_path: Path) -> None:
    out = tmp_path / "features.csv"
    result = invoke("features", str(aapl), "-f", "vsa", "-f", "rsi(timeperiod=7)", "-o", str(out))
    assert result.exit_code == 0, result.output
    assert "vsa_score" in result.output
    assert len(out.read_text().splitlines()) == 401
    assert [path.name for path in tmp_path.iterdir()] == ["features.csv"]


def test_features_without_a_file_lists_the_catalogue() -> None:
    found = json.loads(invoke("features", "--json").stdout)
    assert {"vsa", "hawkes", "hurst", "permutation_entropy"} <= {entry["name"] for entry in found["catalogue"]}


def test_workers_that_had_nothing_to_share_are_mentioned(aapl: Path) -> None:
    found = json.loads(invoke("signals", str(aapl), "--last", "2", "--workers", "2", "--json").stdout)
    assert "The 2 workers were not used: more than the last bar is judged in one process." in found["notes"]
    assert len(found["signals"]) == 2


def test_a_timeframe_that_is_not_the_files_is_refused(aapl: Path) -> None:
    result = invoke("signals", str(aapl), "--timeframe", "1W")
    assert result.exit_code == 1
    assert "AAPL: expected bars at least 1W apart" in " ".join(result.output.split())


def test_the_demo_leaves_with_1_when_a_ticker_could_not_be_judged() -> None:
    result = invoke("demo", "--json", "--tickers", "FB", "--until", "2012-09-21")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["signals"] == []
    assert list(found["refused"]) == ["FB"]


def test_sentiment_of_texts_and_of_a_news_file(news: Path) -> None:
    found = json.loads(invoke("sentiment", "--json", "Profit beats estimates", "Shares plunge on fraud").stdout)
    good, bad = (score["score"] for score in found["scores"])
    assert good > 0 > bad
    snapshots = json.loads(invoke("sentiment", "--json", "--news", str(news)).stdout)["snapshots"]
    assert "AAPL" in snapshots
    assert -1.0 <= snapshots["AAPL"]["mean"] <= 1.0


def test_quality_names_rows_and_can_fail_below_a_minimum(aapl: Path, tmp_path: Path) -> None:
    fine = invoke("quality", str(aapl), "--json")
    assert fine.exit_code == 0
    lines = aapl.read_text().splitlines()
    lines[50] = lines[51]
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join(lines))
    result = invoke("quality", str(broken), "--minimum", "100")
    assert result.exit_code == 1
    assert "duplicate" in result.output.lower()


def test_doctor_is_content_and_says_what_it_looked_at() -> None:
    found = json.loads(invoke("doctor", "--json").stdout)
    assert found["healthy"]
    assert {"kernels", "bundled sample", "embedded sentiment"} <= {check["name"] for check in found["checks"]}


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("signals",), 2, "Missing argument"),
        (("signals", "--no-such-option", "x"), 2, "No such option"),
        (("nonsense",), 2, "No such command"),
        (("signals", "no_such_file.csv"), 3, "no_such_file.csv"),
        (("signals", "--last", "0", "x.csv"), 2, "last"),
        (("demo", "--tickers", "APPL"), 3, "did you mean 'AAPL'"),
        (("demo", "--until", "yesterday"), 3, "2012-09-21"),
        (("sentiment",), 3, "give texts to score"),
        (("sentiment", "--model", "no_such_model", "text"), 3, "no_such_model"),
        (("features", "no_such_file.csv"), 3, "no_such_file.csv"),
        (("features", "-f", "rsi"), 3, "expected a file of bars"),
        (("features", "-o", "features.csv"), 3, "expected a file of bars"),
    ],
)
def test_mistakes_end_in_one_message_and_the_right_exit_code(
    arguments: tuple[str, ...], code: int, expected: str
) -> None:
    result = invoke(*arguments)
    assert result.exit_code == code, result.output
    assert expected in " ".join(result.output.split())
    assert "Traceback" not in result.output


@pytest.mark.parametrize("reader", ["head -1", "true"])
@pytest.mark.parametrize("options", ["", "--json"])
def test_a_closed_pipe_is_no_error(reader: str, options: str) -> None:
    command = f"{sys.executable} -m augury features {options} | {reader}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


def test_no_socket_is_opened_by_the_demo(tmp_path: Path) -> None:
    guard = tmp_path / "sitecustomize.py"
    guard.write_text(
        "import socket\n"
        "class Refused(socket.socket):\n"
        "    def connect(self, *a, **k): raise RuntimeError('a socket was opened')\n"
        "    def bind(self, *a, **k): raise RuntimeError('a socket was opened')\n"
        "socket.socket = Refused\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "augury", "demo", "--json", "--tickers", "IBM"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["signals"]
