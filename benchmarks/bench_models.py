"""Models on the bundled bars: training time, held-out log-loss beside the best baseline, latency of predictions.

One data set serves all: four stocks, the default features and wavelets, the direction five bars ahead. The last fifth
of the time is held out; training rows whose labels reach into it are dropped. `gain` is by how much the model's
log-loss lies below that of the best baseline on the same rows, with its interval: one that holds 0 is no evidence of
anything. Training is CPU time of one fit on one thread. Latencies are medians of single calls, wall time: of the
artefact in ONNX Runtime, and of the library that trained it, both handed arrays that are ready to read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from augury import learning
from augury.learning import Dataset, Fold
from augury.learning.artefacts.latency import Latency
from augury.learning.evaluation.baselines import cross_validate_baselines
from augury.learning.evaluation.out_of_fold import fit_folds, paths_of
from augury.learning.evaluation.predictions import Predictions
from augury.operations.model_inputs import DEFAULT_FEATURES, UniverseOptions, read_universe
from peers import load
from timing import shown, sized

LIBRARY = {"learn": ("sklearn", "xgboost"), "deep": ("sklearn", "xgboost", "torch")}
FEATURES = (*DEFAULT_FEATURES, "wavelet")
CONSTANT = ("wavelet_dominant_level",)  # returns are strongest at the finest level nearly always
WINDOW_BARS, CHART_DAYS = 20, 5
HELD_OUT = 0.2
COLUMNS = (
    "name", "training", "log_loss", "gain", "KB", "1 row", "1 row, native", "1,000 rows", "1,000 rows, native", "note"
)  # fmt: skip
FEWER = sized(None, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model to time: its text, the newest training rows it learns from (None: all), calls of each latency."""

    text: str
    rows: int | None = None
    calls: tuple[int, int] = sized((200, 20), (3, 1))
    note: str = ""


TREES = sized(
    "xgboost(rounds=100, max_depth=3, learning_rate=0.05, patience=None)",
    "xgboost(rounds=5, max_depth=2, patience=None)",
)
NETWORK = "epochs=10, device='cpu'"
SUBJECTS = (
    Subject(text="linear"),
    Subject(text=TREES),
    Subject(text=f"wavelet(learner='{TREES}')"),
    Subject(text=sized(f"lstm(hidden=32, layers=1, {NETWORK})", "lstm(hidden=4, layers=1, epochs=1)"), rows=FEWER),
    Subject(text=sized(f"gru(hidden=32, layers=1, {NETWORK})", "gru(hidden=4, layers=1, epochs=1)"), rows=FEWER),
    Subject(
        text=sized(
            f"transformer(width=32, heads=4, blocks=2, feed_forward=64, {NETWORK})",
            "transformer(width=8, heads=2, blocks=1, feed_forward=8, epochs=1)",
        ),
        rows=FEWER,
        calls=sized((200, 5), (3, 1)),
    ),
    Subject(
        text=sized("chart_cnn(epochs=3, device='cpu')", "chart_cnn(variant='simple', channels=4, epochs=1)"),
        rows=sized(4000, 64),
        calls=sized((100, 3), (3, 1)),
        note=sized("the published network at its smallest, newest training rows only", ""),
    ),
    Subject(text=f"average(members=('linear', '{TREES}'))"),
    Subject(text=f"stack(members=('linear', '{TREES}'), loss='log_loss')"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The data set, how it is cut, and the best baseline on the held-out rows."""

    dataset: Dataset
    fold: Fold
    baseline: str
    known: tuple[Predictions, ...]

    def row(self) -> dict[str, Any]:
        """The baseline's own score."""
        return dict.fromkeys(COLUMNS) | {
            "name": f"baseline: {self.baseline}",
            "log_loss": said_of(self.known),
            "note": f"the best of four; {self.fold.test.size:,} rows held out",
        }


def run() -> list[dict[str, Any]]:
    """Rows of name, training, log_loss, baseline, gain, verdict, latencies and note; skipped families say why."""
    missing = {extra: [name for name in names if load(name).module is None] for extra, names in LIBRARY.items()}
    if missing["learn"]:
        return [{"name": "every family", "note": skipped(missing["learn"])}]
    one_thread = () if missing["deep"] else (load("torch").module,)
    threads = [torch.get_num_threads() for torch in one_thread]
    bench = prepared()
    rows = [bench.row()]
    try:
        for torch in one_thread:
            torch.set_num_threads(1)
            warm = bench.dataset.rows(bench.fold.train[:200])  # a first fit loads more of PyTorch
            learning.make_model("lstm(hidden=2, layers=1, epochs=1)").fit(warm.inputs, warm.target)
        for subject in SUBJECTS:
            family = learning.family_of(learning.parse_model(subject.text)[0])
            without = missing[family.extra]
            rows.append({"name": family.name, "note": skipped(without)} if without else measured(subject, bench))
    finally:
        for torch, before in zip(one_thread, threads, strict=True):
            torch.set_num_threads(before)
    return rows


def skipped(names: list[str]) -> str:
    return f"not measured: {', '.join(names)} not installed (pip install 'augury[deep]')"


def prepared() -> Bench:
    """The bundled stocks as rows for every kind of model, and what knowing next to nothing scores on the last ones."""
    universe = read_universe(("sample",), UniverseOptions())
    spec = learning.DatasetSpec(
        features=FEATURES, leave_out=CONSTANT, sequence_bars=WINDOW_BARS, chart_days=CHART_DAYS, every_bars=sized(1, 10)
    )
    dataset = learning.build_dataset(universe.bars, spec)
    fold = learning.holdout(dataset, HELD_OUT)
    last = learning.cross_validate(dataset, "linear", seed=0, folds=(fold,))
    found = {name: baseline.paths for name, baseline in cross_validate_baselines(last).items()}
    best = min(found, key=lambda name: log_loss(found[name]).estimate)
    return Bench(dataset=dataset, fold=fold, baseline=best, known=found[best])


def log_loss(paths: tuple[Predictions, ...]) -> learning.Score:
    return learning.score_predictions(paths, ("log_loss",), scoring(), seed=0)["log_loss"]


def said_of(paths: tuple[Predictions, ...]) -> str:
    found = log_loss(paths)
    return f"{found.estimate:.4f} ({found.lower:.4f} to {found.upper:.4f})"


def scoring() -> learning.ScoreSpec:
    return learning.ScoreSpec(replications=sized(999, 199))


def measured(subject: Subject, bench: Bench) -> dict[str, Any]:
    """Train once, judge on the held-out rows, export, time predictions."""
    dataset, fold = bench.dataset, bench.fold
    rows = fold.train if subject.rows is None else fold.train[-subject.rows :]
    train = dataset.rows(rows)
    model = learning.make_model(subject.text, seed=0)
    started = time.process_time()
    model.fit(train.inputs, train.target, train.weights)
    seconds = time.process_time() - started
    fitted = fit_folds(dataset, (learning.Fold(train=rows, test=fold.test),), lambda: Fitted(model))
    said = paths_of(dataset, fitted)
    against = learning.compare_scores(
        said, bench.known, "log_loss", scoring(), seed=0, names=(subject.text, bench.baseline)
    )
    artefact = learning.build_artefact(model, learning.extras_of(train), sample=dataset.inputs[fold.test[:64]])
    single, many = subject.calls
    found = learning.model_latency(
        learning.Predictor(artefact), dataset.inputs[fold.test[:1000]], model, single_calls=single, batch_calls=many
    )
    return {
        "name": model.family,
        "training": shown(seconds),
        "log_loss": said_of(said),
        "gain": f"{against.difference:+.4f} ({against.lower:+.4f} to {against.upper:+.4f})",
        "KB": round(artefact.manifest.graph_bytes / 1024, 1),
        "1 row": took(found.artefact_single),
        "1 row, native": took(found.native_single),
        "1,000 rows": took(found.artefact_many),
        "1,000 rows, native": took(found.native_many),
        "note": f"{note(subject, bench, model)}; {len(train):,} rows",
    }


class Fitted:
    """A model that is fitted already, where a fresh one is asked for."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.classes_ = model.classes_

    def fit(self, *_: Any) -> Fitted:
        """Nothing is left to do."""
        return self

    def predict_proba(self, inputs: Any) -> Any:
        """The model's."""
        return self._model.predict_proba(inputs)


def took(latency: Latency | None) -> str:
    return "-" if latency is None else shown(latency.p50)


def note(subject: Subject, bench: Bench, model: Any) -> str:
    kind = learning.family_of(model.family).input_kind
    columns = len(bench.dataset.inputs.columns)
    reads = {
        "tabular": f"{columns} columns",
        "sequence": f"windows of {WINDOW_BARS} bars x {columns} columns",
        "image": f"charts of {CHART_DAYS} days",
    }[kind]
    kept = [f"best epoch {model.best_epoch_}"] if hasattr(model, "best_epoch_") else []
    return "; ".join([subject.text, reads, *kept, *([subject.note] if subject.note else [])])


if __name__ == "__main__":
    for each in run():
        print(each)
