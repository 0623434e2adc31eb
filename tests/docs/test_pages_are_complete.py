"""The pages name everything that there is: operations and their options, features, sentiment fields, sources, rooms."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, RebalanceSpec, run_backtest, sweep
from augury.features import definitions
from augury.learning import FAMILIES, ConformalSpec, Manifest, WeightSpec, label_definitions
from augury.learning.evaluation.baselines import BASELINES
from augury.learning.evaluation.calibration_maps import CALIBRATION_KINDS
from augury.learning.evaluation.scores import SCORES
from augury.market.cleaning import CLEAN_RULES
from augury.market.sources import SOURCE_NAMES
from augury.metrics import FLAGS, MEASURES
from augury.operations import operations
from augury.sample import load_sample
from augury.sentiment import PANEL_COLUMNS, model_names
from augury.signals import TradingSignal
from augury.strategies import strategies
from augury.validation import Evidence, gate_items

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = operations()


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(name for name in OPERATIONS if "." not in name))
def test_the_command_line_page_has_every_verb_with_its_options(name: str) -> None:
    sections = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", page("command-line.md"), re.M | re.S))
    assert name in sections
    assert f"$ augury {name}" in sections[name]
    for item in fields(OPERATIONS[name].spec_type):
        expected = item.name.upper() if item.metadata.get("positional") else "--" + item.name.replace("_", "-")
        assert expected in sections[name]


def test_the_page_of_the_platforms_verbs_is_what_its_script_writes() -> None:
    script = ROOT / "scripts" / "platform_commands.py"
    written = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    assert page("platform-commands.md") == written


def test_every_example_of_a_platform_verb_is_one_of_its_own_command_lines() -> None:
    platform = {name: entry for name, entry in OPERATIONS.items() if "." in name}
    assert len(platform) > 30
    wrong = [
        entry.example for name, entry in platform.items() if f"augury {name.replace('.', ' ')}" not in entry.example
    ]
    assert wrong == []


def test_the_features_page_names_every_feature_of_the_catalogue() -> None:
    text = page("features.md")
    shipped = [name for name, entry in definitions().items() if entry.build.__module__.startswith("augury.")]
    assert [name for name in shipped if f"`{name}`" not in text] == []


def test_the_sentiment_page_names_every_field_and_model() -> None:
    text = page("sentiment.md")
    assert [name for name in (*PANEL_COLUMNS, *model_names()) if f"`{name}`" not in text] == []


def test_the_signals_page_names_every_field_of_a_signal() -> None:
    text = page("signals.md")
    names = [item.name.removesuffix("_ns") for item in fields(TradingSignal)]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_data_page_names_every_source_and_rule_of_cleaning() -> None:
    text = page("data.md")
    assert [name for name in (*SOURCE_NAMES, *CLEAN_RULES) if f"`{name}`" not in text] == []


def test_the_architecture_page_draws_the_floors_of_the_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    drawings = re.findall(r"```text\n(.*?)```", page("architecture.md").split("## The contracts")[0], re.S)
    assert len(drawings) == 2
    for contract, drawing in zip(contracts, drawings, strict=False):
        drawn = [re.split(r"\s{2,}", line)[0] for line in drawing.splitlines()]
        assert drawn == [floor for floor in contract["layers"] if floor != "__main__"]


def test_the_strategies_page_has_every_strategy_with_its_parameters_defaults_and_bounds() -> None:
    text = page("strategies.md")
    for strategy in strategies().values():
        parameters = [f"`{item.name}` {item.default:g} ({item.low:g} to {item.high:g})" for item in strategy.parameters]
        row = f"| `{strategy.name}` | {strategy.summary.rstrip('.')} | {', '.join(parameters) or 'none'} |"
        assert row in text


def test_the_backtesting_page_names_every_setting_column_and_measure() -> None:
    text = page("backtesting.md")
    bars = load_sample().bars["AAPL"].iloc[-300:]
    named = [item.name for spec in (BacktestSpec, CostSpec, ExitSpec) for item in fields(spec)]
    named += list(run_backtest("sma_crossover", bars).trades.columns)
    named += sweep("sma_crossover", bars, {"fast": [5]}).measure_names
    named += get_args(get_type_hints(RebalanceSpec)["when"])
    assert [name for name in named if f"`{name}`" not in text] == []


def test_the_evidence_page_has_every_condition_of_the_gate() -> None:
    text = page("evidence.md")
    assert [item.title for item in gate_items(Evidence()) if f"| {item.title} | " not in text] == []


def test_the_metrics_page_defines_every_measure_and_flag() -> None:
    text = page("metrics.md")
    assert [name for name, item in MEASURES.items() if f"| `{name}` | {item.title} | {item.unit} | " not in text] == []
    assert [name for name, meaning in FLAGS.items() if f"| `{name}` | {meaning} |" not in text] == []


def test_the_models_page_has_the_families_as_they_are_registered() -> None:
    text = page("models.md")
    rows = [f"| `{one.name}` | {one.input_kind} | `{one.extra}` | {one.summary} |" for one in FAMILIES.values()]
    table = re.search(r"\| Family \| Reads \| Extra \| What it is \|\n\|[-|]+\|\n((?:\|.*\n)+)", text)
    assert table is not None
    assert table[1].splitlines() == rows


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_the_models_page_names_every_option_of_a_family(name: str) -> None:
    if FAMILIES[name].extra == "deep":
        pytest.importorskip("torch")
    pytest.importorskip("xgboost")
    options = FAMILIES[name].load()._get_param_names()
    assert [option for option in options if f"`{option}`" not in page("models.md")] == []


def test_the_models_page_has_every_label_with_its_options() -> None:
    text = page("models.md")
    for label in label_definitions().values():
        row = re.search(rf"^\| `{label.name}` \|.*$", text, re.M)
        assert row is not None
        assert [item.name for item in fields(label.spec_type) if f"`{item.name}`" not in row[0]] == []


def test_the_models_page_names_every_score_baseline_calibration_weight_and_field_of_a_manifest() -> None:
    text = page("models.md")
    named = [*SCORES, *BASELINES, *CALIBRATION_KINDS, *(item.name for item in fields(Manifest))]
    named += [*get_args(get_type_hints(WeightSpec)["by"]), *get_args(get_type_hints(ConformalSpec)["kind"])]
    assert [name for name in named if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))]
)
def test_the_files_that_a_page_names_are_there(name: str) -> None:
    path = ROOT / name if (ROOT / name).is_file() else ROOT / "docs" / name
    named = set(re.findall(r"`((?:src|scripts|tests|benchmarks|[a-z]+)/[\w/]+\.py)`", path.read_text(encoding="utf-8")))
    places = (ROOT, ROOT / "src" / "augury")
    assert [one for one in sorted(named) if not any((place / one).is_file() for place in places)] == []
