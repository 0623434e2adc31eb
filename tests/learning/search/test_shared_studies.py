"""A study is continued where it stopped, shared by workers and by processes, and never mixed with another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.errors import Conflict, InvalidInput
from augury.learning.data.dataset import Dataset
from augury.learning.search.model_search import ModelSearch
from augury.learning.search.search_spec import ModelSearchSpec
from augury.learning.search.searching import search_model

Make = Callable[..., Dataset]
TREES = "xgboost(rounds=8, patience=None, learning_rate=0.3)"


def comparable(search: ModelSearch) -> pd.DataFrame:
    return search.trials.drop(columns=["cpu_seconds", "latency_us"])


def test_a_study_continued_equals_one_run_through(make_dataset: Make, tmp_path: Path) -> None:
    dataset, spec = make_dataset(), ModelSearchSpec(trials=10, startup_trials=4)
    through = search_model(dataset, TREES, spec, storage=tmp_path / "through")
    for trials in (3, 10):
        continued = search_model(dataset, TREES, spec.replace(trials=trials), storage=tmp_path / "parts")
        assert len(continued.trials) == trials
    assert comparable(through).equals(comparable(continued))
    np.testing.assert_array_equal(through.returns, continued.returns)
    assert search_model(dataset, TREES, spec, storage=tmp_path / "parts").trials.equals(continued.trials)
    short = comparable(search_model(dataset, TREES, spec.replace(trials=2)))
    assert short.equals(comparable(through).head(2))
    assert not comparable(search_model(dataset, TREES, spec.replace(trials=2, seed=1))).equals(short)


def test_workers_share_one_study(make_dataset: Make, tmp_path: Path) -> None:
    spec = ModelSearchSpec(trials=10, startup_trials=4, pruner="none")
    found = search_model(make_dataset(), TREES, spec, storage=tmp_path, workers=2)
    assert found.trials["number"].tolist() == list(range(10))
    assert (found.trials["state"] == "complete").all()
    assert found.trials["subsample"].nunique() == 10
    assert found.returns.shape == (300, 10)
    more = search_model(make_dataset(), TREES, spec.replace(trials=12), storage=tmp_path)
    assert comparable(more).head(10).equals(comparable(found))


def test_processes_started_apart_share_one_study(make_dataset: Make, tmp_path: Path) -> None:
    script = (
        "import sys, importlib.util; from pathlib import Path\n"
        "place = importlib.util.spec_from_file_location('planted', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(place); place.loader.exec_module(module)\n"
        "from augury.learning.search.searching import search_model\n"
        "from augury.learning.search.search_spec import ModelSearchSpec\n"
        "spec = ModelSearchSpec(trials=16, startup_trials=16)\n"
        "print(len(search_model(module.planted(), 'linear', spec, storage=sys.argv[2]).trials))\n"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).with_name("conftest.py")), str(tmp_path / "study")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        assert process.wait(timeout=120) == 0, process.stderr.read().decode()
        process.stdout.close()
        process.stderr.close()
    found = search_model(
        make_dataset(), "linear", ModelSearchSpec(trials=16, startup_trials=16), storage=tmp_path / "study"
    )
    assert 16 <= len(found.trials) <= 17  # each looks before it starts a trial, so one may be under way
    assert found.trials["l2"].nunique() == len(found.trials)  # no setting was drawn by both


def test_another_search_does_not_continue_a_study(make_dataset: Make, tmp_path: Path) -> None:
    spec = ModelSearchSpec(trials=2)
    search_model(make_dataset(), "linear", spec, storage=tmp_path)
    with pytest.raises(Conflict, match="another data set"):
        search_model(make_dataset(seed=1), "linear", spec, storage=tmp_path)
    with pytest.raises(Conflict, match="range of rows"):
        search_model(make_dataset().rows(slice(0, 250)), "linear", spec, storage=tmp_path)
    with pytest.raises(Conflict, match="another model"):
        search_model(make_dataset(), "linear(clip=4.0)", spec, storage=tmp_path)
    with pytest.raises(Conflict, match="another search spec"):
        search_model(make_dataset(), "linear", spec.replace(risk=1.0), storage=tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput, match="is a folder"):
        search_model(make_dataset(), "linear", spec, storage=tmp_path / "file")


def test_a_killed_process_leaves_neither_a_lock_nor_a_torn_line(make_dataset: Make, tmp_path: Path) -> None:
    spec = ModelSearchSpec(trials=3, startup_trials=9)
    search_model(make_dataset(), "linear", spec, storage=tmp_path)
    script = (
        "import sys; from pathlib import Path\n"
        "from augury.learning.search.study_lock import StudyLock\n"
        "StudyLock(Path(sys.argv[1], 'journal.lock')).acquire(); print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        process.kill()
    with (tmp_path / "journal.log").open("ab") as journal:
        journal.write(b'{"op_code":8,"worker_id":"torn')
    continued = search_model(make_dataset(), "linear", spec.replace(trials=5), storage=tmp_path)
    assert comparable(continued).equals(comparable(search_model(make_dataset(), "linear", spec.replace(trials=5))))
