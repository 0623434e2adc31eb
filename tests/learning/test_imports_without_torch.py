"""What needs no PyTorch never loads it: neither the library nor the learning room nor a family of other libraries."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "xgboost", "sklearn", "optuna", "onnx", "shap", "pywt")


def loaded_after(code: str) -> set[str]:
    """Which of the heavy libraries a new process has loaded after running this code."""
    telling = f"{code}\nimport sys\nprint('loaded', *[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", telling], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


IMPORTS = """
import augury
import augury.learning
dir(augury.learning)
augury.learning.FAMILIES["lstm"]
augury.learning.label("direction")
from augury.operations import operations
operations()
"""


def test_importing_loads_no_library_of_an_extra() -> None:
    assert loaded_after(IMPORTS) == set()


def test_families_that_are_no_networks_are_made_without_torch() -> None:
    pytest.importorskip("xgboost")
    made = "[make_model(name) for name in ('linear', 'xgboost', 'wavelet', 'average', 'stack')]"
    assert "torch" not in loaded_after(f"from augury.learning import make_model\n{made}")


def test_training_judging_and_exporting_a_linear_model_never_loads_torch() -> None:
    pytest.importorskip("xgboost")
    code = (
        "from augury.learning import DatasetSpec, EvaluationSpec, TrainingSpec, build_dataset, train_model\n"
        "from augury.sample import load_sample\n"
        "bars = load_sample().bars['IBM'].iloc[-500:]\n"
        "data = build_dataset(bars, DatasetSpec(features=('rsi', 'natr')))\n"
        "spec = TrainingSpec(evaluation=EvaluationSpec(importance=None, backtest=None))\n"
        "assert train_model(data, 'linear', spec).artefact.graph\n"
    )
    found = loaded_after(code)
    assert "torch" not in found
    assert "sklearn" in found  # the probe sees what is loaded


def test_a_family_of_networks_is_what_loads_torch() -> None:
    pytest.importorskip("torch")
    assert "torch" in loaded_after("from augury.learning import make_model\nmake_model('lstm')")


def test_onnx_runtime_is_told_to_send_and_write_nothing(tmp_path):
    code = (
        "import augury, os\n"
        "from augury.sentiment import load_model\n"
        "load_model().score(['profits rose'])\n"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
