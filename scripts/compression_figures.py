"""Models of each family on the bundled bars, compressed at each level: size, parameters, memory, time and score.

    python scripts/compression_figures.py                              # prints the page
    python scripts/compression_figures.py --write docs/compression.md  # writes it
    python scripts/compression_figures.py --quick                      # small models, two families: shows that it runs

Nothing is typed: models are trained, compressed and measured on this machine, one thread each.
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from augury.learning.compression.certificate import Certificate
from augury.learning.compression.compressing import CompressionSpec, compress_with
from augury.learning.compression.levels import LEVELS, bounds_of
from augury.learning.compression.outcome import Compression
from augury.learning.compression.planning import METHODS
from augury.learning.compression.rows import CompressionRows, split_rows
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.sample import load_sample

FEATURES = (
    "rsi", "roc", "adx", "willr", "cci", "mfi", "bollinger_position", "ema_distance", "chaikin_money_flow",
    "range_position", "aroonosc", "ultosc",
)  # fmt: skip
LABEL = "direction(horizon_bars=5)"
TREE_METHODS = ("truncate_rounds", "limit_depth", "cut_features", "prune_splits", "distil")
NETWORK_METHODS = ("prune_units", "fold_batch_norm", "quantise", "store_int8")
ENSEMBLE_METHODS = ("select_members", "drop_members", *TREE_METHODS[:4], *NETWORK_METHODS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model to compress: its text, what it reads, the methods tried together, and those also tried alone."""

    name: str
    text: str
    methods: tuple[str, ...]
    alone: tuple[str, ...]
    every_bars: int = 1
    chart_days: int | None = None


SUBJECTS = (
    Subject(
        name="xgboost",
        text="xgboost(rounds=300, max_depth=4, learning_rate=0.02, subsample=0.5, patience=None)",
        methods=TREE_METHODS,
        alone=("truncate_rounds", "prune_splits"),
    ),
    Subject(
        name="lstm",
        text="lstm(epochs=20, learning_rate=0.0003, device='cpu')",
        methods=NETWORK_METHODS,
        alone=("prune_units", "quantise", "mask_weights", "distil"),
    ),
    Subject(
        name="gru",
        text="gru(epochs=12, learning_rate=0.0003, device='cpu')",
        methods=NETWORK_METHODS,
        alone=("prune_units", "store_int8"),
        every_bars=2,
    ),
    Subject(
        name="transformer",
        text="transformer(width=64, blocks=2, feed_forward=256, epochs=10, learning_rate=0.0003, device='cpu')",
        methods=NETWORK_METHODS,
        alone=("prune_units", "quantise"),
        every_bars=2,
    ),
    Subject(
        name="chart_cnn",
        text="chart_cnn(epochs=6, learning_rate=0.0001, device='cpu')",
        methods=NETWORK_METHODS,
        alone=("prune_units", "quantise", "store_int8"),
        every_bars=4,
        chart_days=5,
    ),
    Subject(
        name="average",
        text="average(members=('linear', 'xgboost(rounds=60, patience=None)', 'gru(epochs=5, learning_rate=0.0003)'))",
        methods=ENSEMBLE_METHODS,
        alone=("prune_units", "store_int8"),
        every_bars=2,
    ),
)
QUICK = (
    Subject(name="xgboost", text="xgboost(rounds=60, patience=None)", methods=TREE_METHODS[:1], alone=()),
    Subject(
        name="lstm",
        text="lstm(hidden=16, layers=1, epochs=1, device='cpu')",
        methods=NETWORK_METHODS,
        alone=(),
        every_bars=4,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one subject."""

    subject: Subject
    rows: CompressionRows
    fit_seconds: float
    levels: dict[str, Compression]
    alone: dict[str, Compression]


def measured(subject: Subject, levels: tuple[str, ...]) -> Outcome:
    """Train on the first 60 % of the time and compress."""
    spec = DatasetSpec(
        features=FEATURES,
        label=LABEL,
        sequence_bars=20,
        every_bars=subject.every_bars,
        chart_days=subject.chart_days,
    )
    rows = split_rows(build_dataset(load_sample().bars, spec))
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_model(subject.text).fit(rows.train.inputs, rows.train.target, rows.train.weights)
    seconds = time.process_time() - start
    return Outcome(
        subject=subject,
        rows=rows,
        fit_seconds=seconds,
        levels={
            level: compress_with(model, rows, CompressionSpec(level=level, methods=subject.methods)) for level in levels
        },
        alone={method: compress_with(model, rows, _only(method)) for method in subject.alone},
    )


def _only(method: str) -> CompressionSpec:
    return CompressionSpec.from_dict({"methods": (method,), "measuring": {"memory": False}})


def page(outcomes: list[Outcome], seconds: float) -> Iterator[str]:
    """The whole page, line by line."""
    yield from INTRODUCTION.format(bounds=bounds_table(), methods=methods_table()).splitlines()
    yield from ("", "## Figures on the bundled data", "")
    yield from data_paragraph(outcomes, seconds)
    yield from ("", "### Against the floors", "")
    yield from floors_table(outcomes)
    for outcome in outcomes:
        yield from ("", f"### {outcome.subject.name}", "")
        yield from family_section(outcome)
    yield ""
    yield from REPRODUCE.splitlines()


def bounds_table() -> str:
    """The bounds of each level."""
    rows = {level: bounds_of(level) for level in LEVELS}
    names = {
        "loss": "rise of the mean loss",
        "loss_limit": "rise that must be excluded at 95 %",
        "skill": "share of the advantage over base rates lost",
        "flips": "decisions flipped (int8), accuracy lost",
        "cut_share": "hidden units or filters cut",
    }
    lines = [f"| at most | {' | '.join(rows)} |", f"|---|{'---:|' * len(rows)}"]
    lines += [
        f"| {text} | {' | '.join(f'{getattr(b, name):.1%}' for b in rows.values())} |" for name, text in names.items()
    ]
    agree = " | ".join(f"{1.0 - found.divergence:.3f}" for found in rows.values())
    return "\n".join([*lines, f"| rank agreement where the original has no advantage, at least | {agree} |"])


def methods_table() -> str:
    """What there is."""
    return "\n".join(
        ["| method | what it does |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in METHODS.items())]
    )


def data_paragraph(outcomes: list[Outcome], seconds: float) -> Iterator[str]:
    """What was trained on what."""
    yield (
        f"Daily bars of AAPL, FB, GOOG, IBM and MSFT, {len(FEATURES)} features ({', '.join(FEATURES)}), label "
        f"`{LABEL}`, windows of 20 bars. Training on the first 60 % of the time, validation on the next 20 %, test "
        f"on the last 20 %, purged. All of it took {seconds / 60.0:.1f} minutes of processor time on one thread "
        f"({processor()}, Python {platform.python_version()})."
    )
    yield ""
    yield (
        "| family | model | rows train / validation / test | fit, s | log-loss, validation | base rates | "
        "log-loss, test | base rates |"
    )
    yield "|---|---|---|---:|---:|---:|---:|---:|"
    for found in outcomes:
        sizes = " / ".join(str(len(part)) for part in (found.rows.train, found.rows.validation, found.rows.test))
        known = next(iter(found.levels.values()))
        valid, test = known.certificate.score, known.test.score
        yield (
            f"| {found.subject.name} | `{found.subject.text}` | {sizes} | {found.fit_seconds:.1f} | "
            f"{valid.loss_before:.4f} | {valid.base_loss:.4f} | {test.loss_before:.4f} | {test.base_loss:.4f} |"
        )
    yield ""
    yield (
        "Direction over a week can hardly be told from a dozen indicators: where a model is no better than the base "
        "rates, its score cannot vouch for a smaller one, and the certificate asks for rank agreement with the "
        "original instead. The Transformer is smaller than its default, and some families see every second or fourth "
        "bar, so that the page can be made again in minutes; for the same reason `distil` is not among the steps of "
        "the networks. Data as hard as these show that compression keeps what a model says; they cannot show a skill "
        "that is not there."
    )


def floors_table(outcomes: list[Outcome]) -> Iterator[str]:
    """Each floor with what each family reached at the moderate level."""
    yield "At the moderate level, on validation rows; a cross: the floor is not reached, or the step was refused."
    yield "The reasons stand with each family below."
    yield ""
    yield f"| floor | {' | '.join(found.subject.name for found in outcomes)} |"
    yield f"|---|{'---:|' * len(outcomes)}"
    yield _floor(
        "int8 alone: 50-70 % smaller", 0.5, outcomes, lambda found: _alone(found, ("quantise", "store_int8"), "size")
    )
    pruning = ("prune_units", "truncate_rounds")
    yield _floor(
        "pruning alone: 30-50 % fewer parameters", 0.3, outcomes, lambda found: _alone(found, pruning, "parameters")
    )
    yield _floor("together: 60-80 % smaller", 0.6, outcomes, lambda found: _together(found).size_cut)
    yield _floor("together: 30-50 % faster, 1 row", 0.3, outcomes, lambda found: _together(found).time_cuts[0])
    yield _floor("together: 30-50 % faster, 64 rows", 0.3, outcomes, lambda found: _together(found).time_cuts[1])


def _floor(text: str, floor: float, outcomes: list[Outcome], value: Any) -> str:
    cells = []
    for found in outcomes:
        reached = value(found)
        cells.append("n/a" if reached is None else f"{reached:.0%}{'' if reached >= floor else ' ✗'}")
    return f"| {text} | {' | '.join(cells)} |"


def _together(found: Outcome) -> Certificate:
    return found.levels.get("moderate", next(iter(found.levels.values()))).certificate


def _alone(found: Outcome, methods: tuple[str, ...], what: str) -> float | None:
    """The best of these methods alone; 0 where all were refused, None where none belongs to the family."""
    tried = [found.alone[method].certificate for method in methods if method in found.alone]
    if not tried:
        return None
    return max(each.size_cut if what == "size" else each.parameter_cut for each in tried)


def family_section(found: Outcome) -> Iterator[str]:
    """Levels, the steps of each, and methods alone."""
    yield (
        "| level | KB | parameters | memory, MB | 1 row, µs (p99) | 64 rows, µs (p99) | log-loss | "
        "change [95 % bounds] | accuracy | flips | test: change [bounds] |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    first = next(iter(found.levels.values()))
    yield _row("original", first.certificate, None, before=True)
    for level, each in found.levels.items():
        yield _row(level, each.certificate, each.test, before=False)
    yield ""
    for level, each in found.levels.items():
        cuts = each.certificate
        yield (
            f"**{level}**: {cuts.size_cut:.0%} smaller, {cuts.parameter_cut:.0%} fewer parameters, "
            f"{cuts.time_cuts[0]:.0%} faster on 1 row, {cuts.time_cuts[1]:.0%} on 64. Test rows: {each.test.reason}."
        )
        yield ""
        yield from (f"- `{step.name}` {step.reason}" for step in each.steps)
        yield ""
    if found.alone:
        yield "Alone, at the moderate level:"
        yield ""
        for each in found.alone.values():
            yield from (
                f"- `{step.name}` {step.reason}" for step in each.steps if step.certificate or len(each.steps) == 1
            )


def _row(name: str, found: Certificate, test: Certificate | None, *, before: bool) -> str:
    taken, score = (found.before if before else found.after), found.score
    memory = "" if taken.memory_bytes is None else f"{taken.memory_bytes / 1e6:.1f}"
    times = taken.timing
    one, many = (
        f"{p50 * 1e6:.0f} ({p99 * 1e6:.0f})"
        for p50, p99 in ((times.p50_one, times.p99_one), (times.p50_many, times.p99_many))
    )
    cells = [name, f"{taken.size_bytes / 1e3:.1f}", f"{taken.parameters:,}", memory, one, many]
    if before:
        cells += [f"{score.loss_before:.4f}", "", f"{score.accuracy_before:.1%}", "", ""]
    else:
        cells += [f"{score.loss_after:.4f}", _change(found), f"{score.accuracy_after:.1%}", f"{score.flip_rate:.1%}"]
        cells.append("" if test is None else _change(test))
    return f"| {' | '.join(cells)} |"


def _change(found: Certificate) -> str:
    score = found.score
    return f"{score.relative_loss:+.2%} [{score.lower / score.loss_before:+.2%}, {score.relative_upper:+.2%}]"


def main() -> None:
    """Measure and print, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="the file to write the page into")
    parser.add_argument("--quick", action="store_true", help="two small models at one level")
    parser.add_argument("--only", nargs="*", help="names of families")
    asked = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    pd.set_option("display.width", 200)
    subjects = [each for each in (QUICK if asked.quick else SUBJECTS) if not asked.only or each.name in asked.only]
    start = time.process_time()
    outcomes = []
    for subject in subjects:
        outcomes.append(measured(subject, ("moderate",) if asked.quick else tuple(LEVELS)))
        print(f"{subject.name}: done after {time.process_time() - start:.0f} s", flush=True)
    text = "\n".join(page(outcomes, time.process_time() - start)) + "\n"
    if asked.write is None:
        print(text)
    else:
        asked.write.write_text(text, encoding="utf-8")


def processor() -> str:
    """The kind, and whether it has the instructions that int8 arithmetic gains most from."""
    told = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not told.exists():
        return platform.machine()
    return f"x86_64 {'with' if 'vnni' in told.read_text(encoding='utf-8') else 'without'} VNNI"


INTRODUCTION = """# Compression

A model that is smaller and faster is cheaper to serve and quicker to answer, if it is still the same model. `compress`
tries one step after the other and keeps a step only with a certificate: a real gain, and a score that is not inferior.

```python
from augury.learning.artefacts.exporting import extras_of
from augury.learning.compression.compressing import compress
from augury.learning.compression.rows import split_rows
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.sample import load_sample

dataset = build_dataset(load_sample().bars["IBM"], DatasetSpec(features=("rsi", "roc", "adx", "mfi")))
rows = split_rows(dataset)  # 60 % of the time to train, 20 % to validate, 20 % that decide nothing
model = make_model("xgboost(rounds=100, patience=None)")
model.fit(rows.train.inputs, rows.train.target, rows.train.weights)

found = compress(model, rows, "moderate", methods=("truncate_rounds", "prune_splits"))
print(found.to_frame())  # every step with its gain, its cost and the verdict
small = found.artefact(extras_of(rows.train))  # or found.export(folder, extras): model.onnx and manifest.json
```

An artefact is compressed the same way: `compress(load_artefact("models/lstm"), dataset)`. What lies after the end of
its training is halved into validation and test. It can be cut and trained on when it was written with its state
(`export_trainable`: arrays only, hashed in the manifest); otherwise only steps on its graph are possible.

## What is tried

{methods}

## The certificate

Everything is measured on the ONNX graph that would be served.

- **Size** of `model.onnx`; **parameters**: weights, zeros included, and nodes of trees, leaves included.
- **Memory**: how much the resident set of a fresh process grows at its peak while it loads the graph and runs 64 rows.
- **Time**: p50 and p99 of a call on 1 row and on 64 rows, ONNX Runtime, one thread, processor time of that thread.
  Calls of both graphs are interleaved, with the first graph against itself beside them: that spread is the noise that
  a gain has to exceed.
- **Score**: log-loss (squared error in a regression) of both on the same rows, with the bounds of its difference by a
  stationary bootstrap over times, all rows of one time together. The comparison is always with the *original*, so that
  the costs of several steps add up.
- **Decisions**: how many flip, the largest difference of a probability, the rank correlation of the answers.

A step is kept when size, parameters or time improve by 5 % or more, beyond noise, nothing else gets clearly worse, and
these bounds hold:

{bounds}

Flips are bound in steps that promise the same function (int8, folding: against the model before the step). Steps that
learn again make another model of the same use; their flips are told, and it is their loss and accuracy that is bound.
Setting half of the weights to zero where they stand (`mask_weights`) is offered to be measured: the file and the time
stay as they are, so that no certificate accepts it. An int8 artefact states a tolerance of 0.05 for a probability."""

REPRODUCE = """## Make it again

```
python scripts/compression_figures.py --write docs/compression.md
```

Models and candidates are the same bit for bit on one machine; times differ from run to run."""


if __name__ == "__main__":
    main()
