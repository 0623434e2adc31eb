"""A training that is killed, or that lacks a library: nothing half-written, and the line that installs it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from augury.operations import run

BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name == {library!r} or name.startswith({library!r} + "."):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
"""


def test_a_training_killed_while_it_writes_leaves_no_model_and_the_next_one_works(train, shelf, tmp_path, tiny):
    script = f"""
        import os, signal
        from augury.learning.artefacts import writing
        from augury.operations import run
        real, written = writing._write_durably, []
        def dying(path, data):
            if written:
                os.kill(os.getpid(), signal.SIGKILL)
            written.append(path)
            real(path, data)
        writing._write_durably = dying
        run("train", files=({str(shelf / "EDGE.csv")!r},), output={str(tmp_path / "model")!r}, **{tiny!r})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert not (tmp_path / "model").exists()
    assert run("models", folder=str(tmp_path)).models == ()
    train()
    assert [model.trouble for model in run("models", folder=str(tmp_path)).models] == [None]


@pytest.mark.parametrize(
    ("library", "arguments", "remedy"),
    [
        ("torch", "train lstm EDGE.csv -o m", "pip install 'augury[deep]'"),
        ("torch", "train \"stack(members=('linear','gru'))\" EDGE.csv -o m -f roc", "pip install 'augury[deep]'"),
        ("xgboost", "train xgboost EDGE.csv -o m", "pip install 'augury[learn]'"),
        ("sklearn", "train linear EDGE.csv -o m", "pip install 'augury[learn]'"),
        ("onnx", "train linear EDGE.csv -o m -f roc", "pip install 'augury[learn]'"),
        ("optuna", "tune-model linear EDGE.csv -f roc --trials 1", "pip install 'augury[learn]'"),
    ],
)
def test_a_missing_library_is_named_with_the_line_that_installs_it(library, arguments, remedy, shelf, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BLOCKED.format(library=library))
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = f"cd {shelf} && {sys.executable} -m augury {arguments}"
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert remedy in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (shelf / "m").exists()
