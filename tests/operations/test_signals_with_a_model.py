"""`augury signals --artefact`: a trained model's probability stands with each signal."""

from __future__ import annotations

import json
import math

import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed: it comes with the extra learn")


def test_the_probability_of_a_model_stands_with_each_signal(tmp_path, augury):
    from augury.sample import load_sample

    bars = load_sample().bars["IBM"]
    bars.iloc[:1500].to_csv(tmp_path / "IBM.csv")
    folder = tmp_path / "model"
    trained = augury(
        "train", "linear", tmp_path / "IBM.csv", "-o", folder, "-f", "rsi", "-f", "natr", "--no-importance"
    )
    assert trained.exit_code == 0, trained.output
    told = augury("signals", tmp_path / "IBM.csv", "--artefact", folder)
    assert told.exit_code == 0, told.output
    assert "P(up)" in told.output
    signal = json.loads(augury("signals", tmp_path / "IBM.csv", "-a", folder, "--json").stdout)["signals"][0]
    assert 0.0 < signal["p_up"] < 1.0
    assert not math.isnan(signal["p_up"])
    assert "P(up)" not in augury("signals", tmp_path / "IBM.csv").output


def test_a_folder_without_a_model_is_refused(tmp_path, prices, augury):
    found = augury("signals", prices, "--artefact", tmp_path)
    assert found.exit_code != 0
    assert "manifest.json" in found.output
