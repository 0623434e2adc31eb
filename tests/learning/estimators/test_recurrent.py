"""The recurrent networks follow their equations, and their head reads the last step."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the extra 'deep'")
pytest.importorskip("sklearn", reason="estimators need the extra 'learn'")

from augury.learning.estimators.recurrent import GruModel, LstmModel, RecurrentNetwork  # noqa: E402


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def lstm_by_hand(weights: dict[str, np.ndarray], window: np.ndarray, layer: int) -> np.ndarray:
    """Hochreiter and Schmidhuber's cell with a forget gate, step by step; gates in the order i, f, g, o."""
    units = weights[f"weight_hh_l{layer}"].shape[1]
    hidden, cell, found = np.zeros(units), np.zeros(units), []
    for step in window:
        gates = weights[f"weight_ih_l{layer}"] @ step + weights[f"bias_ih_l{layer}"]
        gates = gates + weights[f"weight_hh_l{layer}"] @ hidden + weights[f"bias_hh_l{layer}"]
        enter, forget, candidate, leave = np.split(gates, 4)
        cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(candidate)
        hidden = sigmoid(leave) * np.tanh(cell)
        found.append(hidden)
    return np.array(found)


def gru_by_hand(weights: dict[str, np.ndarray], window: np.ndarray, layer: int) -> np.ndarray:
    """Cho et al.'s cell, reset applied after the product; gates in the order r, z, n."""
    hidden, found = np.zeros(weights[f"weight_hh_l{layer}"].shape[1]), []
    for step in window:
        into = np.split(weights[f"weight_ih_l{layer}"] @ step + weights[f"bias_ih_l{layer}"], 3)
        back = np.split(weights[f"weight_hh_l{layer}"] @ hidden + weights[f"bias_hh_l{layer}"], 3)
        reset, keep = sigmoid(into[0] + back[0]), sigmoid(into[1] + back[1])
        hidden = (1.0 - keep) * np.tanh(into[2] + reset * back[2]) + keep * hidden
        found.append(hidden)
    return np.array(found)


@pytest.mark.parametrize(("model", "by_hand"), [(LstmModel, lstm_by_hand), (GruModel, gru_by_hand)])
def test_scores_are_those_of_the_equations(model: type, by_hand: object) -> None:
    options = model(hidden=4, layers=2).checked_options()
    network = model().network(options, (7, 3), 2).eval()
    windows = np.random.default_rng(1).standard_normal((5, 7, 3)).astype(np.float32)
    with torch.inference_mode():
        found = network(torch.from_numpy(windows)).numpy()
    weights = {name: value.detach().numpy().astype(float) for name, value in network.recurrent.named_parameters()}
    head = network.head.weight.detach().numpy(), network.head.bias.detach().numpy()
    for row, window in enumerate(windows):
        last = by_hand(weights, by_hand(weights, window, 0), 1)[-1]  # type: ignore[operator]
        np.testing.assert_allclose(found[row], head[0] @ last + head[1], atol=1e-6)


def test_the_defaults_are_two_layers_of_64_units_with_a_fifth_dropped() -> None:
    for model, gates in ((LstmModel(), 4), (GruModel(), 3)):
        network = model.network(model.checked_options(), (60, 16), 2)
        assert network.recurrent.dropout == 0.2
        count = sum(weight.numel() for weight in network.parameters())
        assert count == gates * 64 * (16 + 64 + 2) + gates * 64 * (64 + 64 + 2) + 64 * 2 + 2


def test_one_layer_has_nothing_to_drop_between() -> None:
    options = LstmModel(layers=1).checked_options()
    assert RecurrentNetwork("lstm", options, 3, 2).recurrent.dropout == 0.0  # and no warning
