"""The tutorial runs as a script, writes only where it is told to, and what it prints hangs together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from augury.learning import load_artefact

pytest.importorskip("xgboost", reason="needs the extra learn")

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tutorials" / "train_backtest_signal.py"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the script ran, told to keep its model in `kept`, and what it printed."""
    folder = tmp_path_factory.mktemp("tutorial")
    temporary = folder / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), "kept"],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return folder, done.stdout


def test_it_goes_through_every_section_in_order(ran: tuple[Path, str]) -> None:
    sections = re.findall(r"^# (\d+)\. ([\w ]+?) -+$", SCRIPT.read_text(encoding="utf-8"), re.M)
    printed = re.findall(r"^(\d+)\. ([\w ]+)$", ran[1], re.M)
    assert [number for number, _ in sections] == [str(at) for at in range(1, len(sections) + 1)]
    assert printed == sections[:-1]  # the last one only says where to read on


def test_the_model_is_told_what_it_is_worth_and_so_is_its_backtest(ran: tuple[Path, str]) -> None:
    verdict = r"is (better than|no better than|worse than) its baseline \w+: log-loss 0\.\d{4} against 0\.\d{4}"
    assert re.search(verdict, ran[1])
    assert re.search(r"^(Unproven|Refuted|Proven): ", ran[1], re.M)


def test_it_writes_a_sound_artefact_with_its_card_and_nothing_else(ran: tuple[Path, str]) -> None:
    folder, printed = ran
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    files = [name for name in files if not name.startswith("temporary")]  # what libraries leave there is theirs
    names = ("card.json", "card.md", "manifest.json", "model.onnx", "state.npz")
    assert files == [str(Path("kept") / "first" / name) for name in names]
    manifest = load_artefact(folder / "kept" / "first").manifest
    assert manifest.model_id in printed
    assert manifest.symbols == ("AAPL", "GOOG", "IBM", "MSFT")


def test_signals_carry_the_model(ran: tuple[Path, str]) -> None:
    found = re.search(r"^\d{4}-\d\d-\d\d \w+, p\(up\) (0\.\d{3}), by (xgboost-[0-9a-f]{12})$", ran[1], re.M)
    assert found is not None
    assert load_artefact(ran[0] / "kept" / "first").model_id == found[2]
