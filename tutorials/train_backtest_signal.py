"""From bars to a trained model, its card, its proof on later time, and signals that use it: one walk through.

    python tutorials/train_backtest_signal.py            # writes into a temporary folder, removed at the end
    python tutorials/train_backtest_signal.py models     # keeps the model in the folder models/first

Real daily bars and headlines that come with Augury; nothing is downloaded. Needs `pip install 'augury[learn]'`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from augury.backtest import BacktestResult, ProofSpec, prove, run_backtest
from augury.errors import InvalidArtefact
from augury.learning import (
    CvSpec,
    Dataset,
    DatasetSpec,
    EvaluationSpec,
    Predictor,
    Training,
    TrainingSpec,
    build_dataset,
    load_artefact,
    model_strategy,
    train_model,
)
from augury.market import bar_arrays
from augury.sample import SPLITS, load_sample
from augury.signals import Condition, Rule, RuleSpec, SignalEngine, SignalSpec, TradingSignal

TICKER = "IBM"
LONG_ABOVE = 0.555  # about the share of rises among the training rows


# 1. A data set -------------------------------------------------------------------------------------------------------
# Features are what is known at a bar's close, the label is what came of it. Prices that step at a share split would
# teach a model crashes that never were, so the bars here begin after the last one (or adjust them: --splits detect).


def bars_after_splits() -> dict[str, pd.DataFrame]:
    """Four stocks of the bundled sample since the last share split; FB has too short a history."""
    since = pd.Timestamp(max(split.effective_on for split in SPLITS), tz="UTC")
    return {ticker: bars.loc[since:] for ticker, bars in load_sample().bars.items() if len(bars) > 1_000}


def make_dataset(bars: dict[str, pd.DataFrame]) -> Dataset:
    """Momentum, range, trend, volatility and volume at each close; the label: up or down five bars later."""
    spec = DatasetSpec(
        features=("roc(timeperiod=5)", "roc(timeperiod=20)", "rsi", "natr", "adx", "range_position", "ema_distance"),
        label="direction(horizon_bars=5)",
    )
    dataset = build_dataset(bars, spec)
    shares = ", ".join(f"{name} {(dataset.target == at).mean():.1%}" for at, name in enumerate(dataset.classes))
    print(f"{len(dataset):,} rows of {', '.join(dataset.symbols)}: {shares}")
    print(f"fingerprint {dataset.fingerprint[:16]}, {len(dataset.inputs.columns)} columns")
    return dataset


# 2. Training ---------------------------------------------------------------------------------------------------------
# The last fifth of the time is put aside. Before it: cross-validation in blocks of time, purged of labels that reach
# into the tested block and embargoed after it; its predictions choose the calibration. Then one last fit, exported as
# an ONNX graph, and one look at the time put aside. A model that knows nothing is told so: most are.


def train(dataset: Dataset) -> Training:
    """Boosted trees, judged against four baselines on time that nothing before had looked at."""
    spec = TrainingSpec(held_out=0.2, evaluation=EvaluationSpec(cv=CvSpec(folds=4)))
    training = train_model(dataset, "xgboost(rounds=60, max_depth=3, learning_rate=0.05, patience=None)", spec, seed=7)
    held_out = training.held_out
    print(f"held out: {held_out.rows:,} rows, {held_out.first:%Y-%m-%d} to {held_out.last:%Y-%m-%d}")
    for name in ("log_loss", "accuracy", "auc", "calibration_error"):
        score = held_out.scores[name]
        print(f"  {score.title:28} {score.estimate:.3f} ({score.lower:.3f} to {score.upper:.3f})")
    print(held_out.verdict.sentence)
    return training


# 3. The card ---------------------------------------------------------------------------------------------------------
# What the model is, what it was made of, what it can do and what it cannot. It is written beside the model.


def show_card(training: Training) -> None:
    """What the model rests on, and the limits that the card states."""
    strongest = training.card.importance[:3]
    print("what it rests on: " + ", ".join(found.feature for found in strongest))
    for limit in training.card.limits[:3]:
        print(f"- {limit}")


# 4. The artefact -----------------------------------------------------------------------------------------------------
# One folder: the graph with its preprocessing, a manifest with hashes, the card, the arrays that compression needs.
# Nothing in it is run as code, and what was altered is refused.


def keep(training: Training, folder: Path) -> Path:
    """Write the artefact, read it again, and show that a changed byte is noticed."""
    place = folder / "first"
    manifest = training.write(place, overwrite=True).manifest
    print(f"{manifest.model_id}: {', '.join(sorted(path.name for path in place.iterdir()))}")
    graph = place / "model.onnx"
    sound = graph.read_bytes()
    graph.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    try:
        load_artefact(place)
    except InvalidArtefact as error:
        print(f"a flipped bit: {error}")
    graph.write_bytes(sound)
    return place


# 5. Predictions ------------------------------------------------------------------------------------------------------
# The same numbers from a whole history and bar by bar, to the last bit: what was tested is what runs live.


def predict(place: Path, bars: pd.DataFrame) -> None:
    """The last probabilities, and the stream beside them."""
    predictor = Predictor(place)
    history = predictor.predict_bars(bars)
    stream, arrays = predictor.open_stream(), bar_arrays(bars)
    for opened_at, bar in zip(arrays.opened_at, np.ascontiguousarray(arrays.matrix.T), strict=True):
        latest = stream.update(int(opened_at), bar)
    assert latest.tolist() == history.iloc[-1].tolist()
    print(history.tail(3).round(4).to_string())


# 6. A backtest with its proof ----------------------------------------------------------------------------------------
# The strategy holds nothing up to `fit_end`, the last bar that a training label looked at. Bars from just before that
# day, enough for the features to warm up, give figures of the later time alone.


def backtest(place: Path, bars: pd.DataFrame) -> BacktestResult:
    """Long where a rise is likelier than it is on the whole; the proof is on time after the training."""
    strategy = model_strategy(place, long_above=LONG_ABOVE, short_below=0.0)
    fit_end = load_artefact(place).manifest.fit_end or 0
    first = int((bar_arrays(bars).opened_at <= fit_end).sum())
    warm_up = Predictor(place).bar_inputs.unjudged
    later = bars.iloc[max(first - warm_up, 0) :]
    result = prove(run_backtest(strategy, later, symbol=TICKER), ProofSpec(permutations=99, replications=499))
    print(strategy.summary)
    print(f"{len(result.trades)} trades since {bars.index[first]:%Y-%m-%d}, the last one perhaps open")
    assert result.proof is not None
    print(result.proof.verdict.headline)
    return result


# 7. Signals ----------------------------------------------------------------------------------------------------------
# The engine takes the artefact: rules may name its calibrated probability, `p_up`, and positions are sized by it.


def signals(place: Path, bars: pd.DataFrame) -> tuple[TradingSignal, ...]:
    """The rules that ship, after one that follows the model where the news agrees."""
    follow = Rule(
        code="P1",
        signal_type="BUY",
        score=0.70,
        risk_level="MEDIUM",
        when=(
            Condition(input="p_up", test="above", threshold=LONG_ABOVE),
            Condition(input="sentiment_mean", test="above", threshold=0.0),
        ),
    )
    spec = SignalSpec(rules=RuleSpec(rules=(follow, *RuleSpec().rules)))
    data = load_sample()
    engine = SignalEngine(spec, sectors=data.sectors, artefact=load_artefact(place))
    history = engine.signal_history(TICKER, bars.iloc[-400:], data.news)
    counts = pd.Series([signal.signal_type for signal in history]).value_counts()
    print(", ".join(f"{count} {name}" for name, count in counts.items()) + f" at {len(history)} closes")
    shown = next((one for one in reversed(history) if one.signal_type != "HOLD"), history[-1])
    print(f"{shown.timestamp:%Y-%m-%d} {shown.signal_type}, p(up) {shown.p_up:.3f}, by {shown.provenance.model}")
    for reason in shown.reasons[:3]:
        print(f"  {reason.code} {reason.text}")
    return history


# 8. Smaller ----------------------------------------------------------------------------------------------------------
# `augury compress` makes a model smaller and faster step by step; a certificate refuses what costs more than it gains.
# See docs/compression.md.


def main(folder: Path) -> None:
    """All of it, in order."""
    bars = bars_after_splits()
    print("1. A data set")
    dataset = make_dataset(bars)
    print("\n2. Training")
    training = train(dataset)
    print("\n3. The card")
    show_card(training)
    print("\n4. The artefact")
    place = keep(training, folder)
    print("\n5. Predictions")
    predict(place, bars[TICKER])
    print("\n6. A backtest with its proof")
    backtest(place, bars[TICKER])
    print("\n7. Signals")
    signals(place, bars[TICKER])
    print("\nNext: keep the model by naming a folder, say models; then augury models models,")
    print("augury evaluate models/first YOUR.csv, augury compress models/first sample -o models/small.")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
