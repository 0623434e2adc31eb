"""Networks: cutting takes units out for good, and units that say nothing can go without a trace."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the extra 'deep'")

from augury.errors import Refused  # noqa: E402
from augury.learning.artefacts.state import restore_state, save_state  # noqa: E402
from augury.learning.artefacts.to_graph import to_onnx  # noqa: E402
from augury.learning.compression.graph_parameters import graph_parameters  # noqa: E402
from augury.learning.compression.network_pruning import cut_units, mask_weights, prune_units  # noqa: E402
from augury.learning.estimators.families import model_text  # noqa: E402

LSTM = "lstm(hidden=16, layers=2, epochs=2, device='cpu')"
GRU = "gru(hidden=16, layers=2, epochs=1, device='cpu')"
TRANSFORMER = "transformer(width=16, heads=4, blocks=2, feed_forward=32, epochs=1, device='cpu')"
CNN = "chart_cnn(channels=4, epochs=1, learning_rate=1e-3, batch_rows=256, device='cpu')"
ALL = [LSTM, GRU, TRANSFORMER, CNN]


def parameters(model):
    return sum(value.numel() for value in model.module_.parameters())


def graph(model):
    return to_onnx(model).SerializeToString()


def silence(model, share):
    """A copy in which some units, spread over each layer, have no weight coming in or going out."""
    silent = copy.copy(model)
    silent.module_ = copy.deepcopy(model.module_)
    member = silent.module_.members[0]
    with torch.no_grad():
        if model.family in ("lstm", "gru"):
            gates = 4 if model.family == "lstm" else 3
            off = np.arange(0, 16, 4)
            rows = (np.arange(gates)[:, None] * 16 + off).ravel()
            for layer in range(2):
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                    getattr(member.recurrent, f"{name}_l{layer}")[rows] = 0.0
                getattr(member.recurrent, f"weight_hh_l{layer}")[:, off] = 0.0
            member.recurrent.weight_ih_l1[:, off] = 0.0
            member.head.weight[:, off] = 0.0
        elif model.family == "transformer":
            for block in member.blocks:
                attention = block.attention
                for layer in (attention.query, attention.key, attention.value):
                    layer.weight[4:12] = 0.0
                    layer.bias[4:12] = 0.0
                attention.out.weight[:, 4:12] = 0.0
                block.feed_in.weight[::2] = 0.0
                block.feed_in.bias[::2] = 0.0
                block.feed_out.weight[:, ::2] = 0.0
        else:
            for conv, norm in ((member.blocks[0], member.blocks[1]), (member.blocks[4], member.blocks[5])):
                norm.weight[::4] = 0.0
                norm.bias[::4] = 0.0
                conv.weight[::4] = 0.0
    return silent


@pytest.mark.parametrize(("text", "share"), [(LSTM, 0.25), (GRU, 0.25), (TRANSFORMER, 0.3), (CNN, 0.25)])
def test_units_without_weight_are_the_ones_cut_and_leave_the_function_as_it_was(fitted, rows, text, share):
    model = silence(fitted(text), share)
    found = cut_units(model, share)
    assert parameters(found) < 0.85 * parameters(model)
    inputs = rows.validation.inputs[:50]
    np.testing.assert_allclose(found.predict_proba(inputs), model.predict_proba(inputs), atol=2e-6)


@pytest.mark.parametrize("text", ALL)
def test_cut_units_are_gone_from_the_graph(fitted, text):
    model = fitted(text)
    found = cut_units(model, 0.3)
    assert graph_parameters(graph(found)) < 0.75 * graph_parameters(graph(model))
    assert len(graph(found)) < len(graph(model))


@pytest.mark.parametrize("text", ALL)
def test_a_cut_network_is_restored_bit_for_bit(fitted, rows, text):
    found = cut_units(fitted(text), 0.3)
    again = restore_state(model_text(found), save_state(found))
    inputs = rows.validation.inputs[:40]
    assert np.array_equal(found.predict_proba(inputs), again.predict_proba(inputs))


def test_pruning_trains_on_and_repeats_bit_for_bit(fitted, context):
    model = fitted(LSTM)
    before = {name: value.clone() for name, value in model.module_.state_dict().items()}
    first, second = (prune_units(model, context).module_.state_dict() for _ in range(2))
    bare = cut_units(model, context.bounds.cut_share).module_.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["members.0.head.weight"], bare["members.0.head.weight"])
    assert all(torch.equal(before[name], value) for name, value in model.module_.state_dict().items())


def test_masked_weights_save_no_byte_and_no_parameter(fitted, context):
    model = fitted(LSTM)
    found = mask_weights(model, context)
    assert (found.module_.members[0].recurrent.weight_hh_l0 == 0.0).float().mean() > 0.45
    assert len(graph(found)) == len(graph(model))
    assert graph_parameters(graph(found)) == graph_parameters(graph(model))


def test_networks_too_small_to_cut_are_refused(fitted):
    with pytest.raises(Refused, match="too few"):
        cut_units(fitted("lstm(hidden=1, layers=1, epochs=1, device='cpu')"), 0.3)
