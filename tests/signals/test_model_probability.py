"""Signals of an engine with a trained model of prices."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput
from augury.learning.artefacts.artefact import Artefact
from augury.learning.artefacts.calibration_map import CalibrationMap
from augury.learning.artefacts.exporting import build_artefact, extras_of, seal_artefact
from augury.learning.artefacts.manifest import Abstention
from augury.learning.artefacts.predictor import Predictor
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.market.bars import bar_arrays
from augury.sentiment import load_model
from augury.signals import Condition, Rule, RuleSpec, SignalEngine, SignalSpec, replay_events
from augury.signals.rules import Decision
from augury.signals.sizing import SizingSpec, winning_probability

pytest.importorskip("xgboost")

FEATURES = ("rsi(timeperiod=7)", "range_position(window_bars=20)")


def rule(code: str, signal_type: str, test: str, threshold: float) -> Rule:
    when = (Condition(input="p_up", test=test, threshold=threshold),)  # type: ignore[arg-type]
    return Rule(code=code, signal_type=signal_type, when=when, score=0.7, risk_level="MEDIUM")  # type: ignore[arg-type]


FOLLOWS = SignalSpec(
    rules=RuleSpec(rules=(rule("UP", "BUY", "above", 0.51), rule("DOWN", "SELL", "below", 0.49))),
    sizing=SizingSpec(allow_short=True, target_volatility=0.5),
)


@pytest.fixture(scope="module")
def fitted(universe: dict[str, pd.DataFrame]) -> tuple[object, object]:
    trained = {ticker: bars.iloc[:250] for ticker, bars in universe.items()}
    data = build_dataset(trained, DatasetSpec(features=FEATURES, label="direction(horizon_bars=5)"))
    return make_model("xgboost(rounds=25, max_depth=3, patience=None)").fit(data.inputs, data.target), data


@pytest.fixture(scope="module")
def artefact(fitted: tuple[object, object]) -> Artefact:
    model, data = fitted
    calibration = CalibrationMap(kind="temperature", temperature=1.2)
    return build_artefact(model, extras_of(data, calibration=calibration, abstention=Abstention(min_probability=0.505)))  # type: ignore[arg-type]


@pytest.fixture
def engine(artefact: Artefact) -> SignalEngine:
    return SignalEngine(FOLLOWS, model=load_model("lexicon"), artefact=artefact)


def test_every_path_gives_the_same_bits(
    engine: SignalEngine, universe: dict[str, pd.DataFrame], artefact: Artefact
) -> None:
    histories = {ticker: engine.signal_history(ticker, bars) for ticker, bars in universe.items()}
    streamed: dict[str, list[object]] = {ticker: [] for ticker in universe}
    for signal in engine.stream(replay_events(universe, [], "1D")):
        streamed[signal.ticker].append(signal)
    for ticker, history in histories.items():
        assert tuple(streamed[ticker]) == history
        for back in (1, 60, 200):
            alone = engine.generate_signal(ticker, universe[ticker].iloc[: len(universe[ticker]) + 1 - back])
            assert alone == history[-back]
    assert {signal.provenance.model for history in histories.values() for signal in history} == {artefact.model_id}
    kinds = {signal.signal_type for history in histories.values() for signal in history}
    assert kinds == {"BUY", "SELL", "HOLD"}


def test_the_probability_is_that_of_the_predictor_after_training_and_where_it_decides(
    engine: SignalEngine, universe: dict[str, pd.DataFrame], artefact: Artefact
) -> None:
    bars = universe["IBM"]
    history = engine.signal_history("IBM", bars)
    said = Predictor(artefact).predict_path(bar_arrays(bars))
    first = engine.spec.min_bars - 1
    fit_end = artefact.manifest.fit_end
    assert fit_end is not None
    hidden = said.abstained | (bar_arrays(bars).opened_at <= fit_end)
    wanted = np.where(hidden, np.nan, said.p_up)[first:]
    assert np.array_equal([signal.p_up for signal in history], wanted, equal_nan=True)
    assert said.abstained[first:].any()
    assert 100 < np.isfinite(wanted).sum() < len(wanted)


def test_batches_with_and_without_workers_agree(engine: SignalEngine, universe: dict[str, pd.DataFrame]) -> None:
    here = engine.generate_signals_batch(universe)
    apart = engine.generate_signals_batch(universe, workers=2)
    assert here.signals == apart.signals
    assert here.signals[0].provenance.model is not None


def test_positions_are_sized_by_the_probability(engine: SignalEngine, universe: dict[str, pd.DataFrame]) -> None:
    history = engine.signal_history("MSFT", universe["MSFT"])
    sized = [signal for signal in history if signal.signal_type != "HOLD"]
    assert {signal.signal_type for signal in sized} == {"BUY", "SELL"}
    for signal in sized:
        winning = signal.p_up if signal.signal_type == "BUY" else 1.0 - signal.p_up
        kelly = max(0.0, 0.25 * (2.0 * winning - 1.0))
        assert abs(signal.suggested_position_size) == pytest.approx(min(0.25, kelly), abs=1e-12)
        note = next(reason for reason in signal.reasons if reason.code == "M1")
        assert f"{100 * winning:.1f} %" in note.text
        assert dict(note.values)["p_up"] == signal.p_up


def test_a_model_that_cannot_judge_leaves_the_confidence_and_says_so() -> None:
    decision = Decision(signal_type="BUY", score=0.75, risk_level="MEDIUM", is_high_conviction=False, reasons=())
    winning, note = winning_probability(decision, math.nan, math.nan, modelled=True)
    assert winning == 0.75
    assert note is not None
    assert (note.code, note.kind) == ("M0", "unknown")
    assert winning_probability(decision, math.nan, math.nan, modelled=False) == (0.75, None)
    sell = Decision(signal_type="SELL", score=0.75, risk_level="HIGH", is_high_conviction=False, reasons=())
    assert winning_probability(sell, 0.3, 0.4, modelled=True)[0] == 0.4


def test_without_a_model_nothing_is_said_about_one(universe: dict[str, pd.DataFrame]) -> None:
    plain = SignalEngine(FOLLOWS, model=load_model("lexicon")).generate_signal("IBM", universe["IBM"])
    assert math.isnan(plain.p_up)
    assert "p_up" not in plain.to_dict()
    assert "model" not in plain.to_dict()["versions"]
    assert plain.signal_type == "HOLD"


def test_with_a_model_the_signal_carries_probability_and_id(
    engine: SignalEngine, universe: dict[str, pd.DataFrame], artefact: Artefact
) -> None:
    signal = next(one for one in engine.signal_history("AAPL", universe["AAPL"])[::-1] if not math.isnan(one.p_up))
    assert signal.to_dict()["p_up"] == signal.p_up
    assert signal.to_dict()["versions"]["model"] == artefact.model_id


def test_a_restored_stream_continues_bit_for_bit_and_refuses_another_model(
    engine: SignalEngine, universe: dict[str, pd.DataFrame], artefact: Artefact
) -> None:
    events = replay_events({"IBM": universe["IBM"]}, [], "1D")
    first = engine.open_stream()
    for event in events[:300]:
        first.on_bar(event)  # type: ignore[arg-type]
    second = engine.open_stream()
    second.restore(first.snapshot())
    for event in events[300:]:
        assert first.on_bar(event) == second.on_bar(event)  # type: ignore[arg-type]
    other = seal_artefact(artefact.graph, artefact.to_dict() | {"symbols": ["OTHER"]})
    for stranger in (SignalEngine(FOLLOWS, artefact=other), SignalEngine(FOLLOWS)):
        with pytest.raises(InvalidInput, match="price model"):
            stranger.open_stream().restore(first.snapshot())


def test_a_model_that_gives_no_probability_or_reads_other_features_is_refused(
    universe: dict[str, pd.DataFrame], artefact: Artefact
) -> None:
    spec = DatasetSpec(features=FEATURES, label="forward_return(horizon_bars=5)")
    data = build_dataset(universe["IBM"], spec)
    values = build_artefact(make_model("linear", task="regression").fit(data.inputs, data.target), extras_of(data))
    with pytest.raises(InvalidInput, match="is a regression"):
        SignalEngine(artefact=values)
    stale = seal_artefact(artefact.graph, artefact.to_dict() | {"feature_ids": ["rsi@0", "range_position@0"]})
    with pytest.raises(InvalidInput, match="train the model again"):
        SignalEngine(artefact=stale)
