"""Graphs in int8 and folded graphs: smaller, and the same function within what is promised."""

from __future__ import annotations

import logging

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="networks need the extra 'deep'")

from augury.errors import Refused  # noqa: E402
from augury.learning.artefacts.session import GraphSession  # noqa: E402
from augury.learning.artefacts.to_graph import to_onnx  # noqa: E402
from augury.learning.compression.graph_parameters import graph_parameters  # noqa: E402
from augury.learning.compression.graph_quantising import calibration_feeds, quantise  # noqa: E402
from augury.learning.compression.judging import INT8_TOLERANCE  # noqa: E402
from augury.learning.compression.norm_folding import fold_batch_norm  # noqa: E402
from augury.learning.compression.weight_storing import store_int8  # noqa: E402

LSTM = "lstm(hidden=32, layers=1, epochs=1, device='cpu')"
GRU = "gru(hidden=32, layers=1, epochs=1, device='cpu')"
TRANSFORMER = "transformer(width=64, heads=4, blocks=1, feed_forward=256, epochs=1, device='cpu')"
CNN = "chart_cnn(channels=16, epochs=1, batch_rows=256, device='cpu')"


def graph_of(model):
    return to_onnx(model).SerializeToString()


def said(graph, feeds):
    return GraphSession(graph).run(feeds, exact=False)


@pytest.mark.parametrize(
    ("text", "name", "step"),
    [
        (LSTM, "sequence", quantise),
        (TRANSFORMER, "sequence", quantise),
        (CNN, "image", quantise),
        (GRU, "sequence", store_int8),
        (LSTM, "sequence", store_int8),
        (CNN, "image", store_int8),
    ],
)
def test_int8_graphs_run_are_smaller_and_stay_within_the_tolerance(fitted, context, judged, text, name, step):
    graph = graph_of(fitted(text))
    found = step(graph, context)
    feeds = judged(name).some_feeds(80)
    assert len(found) < 0.75 * len(graph)
    assert graph_parameters(found) == pytest.approx(graph_parameters(graph), rel=0.03)
    assert np.abs(said(found, feeds) - said(graph, feeds)).max() < INT8_TOLERANCE


@pytest.mark.parametrize("text", [LSTM, TRANSFORMER, CNN])
def test_two_products_of_an_input_and_a_weight_fit_into_16_bits(fitted, context, text):
    found = onnx.load_model_from_string(quantise(graph_of(fitted(text)), context))
    weights = [
        onnx.numpy_helper.to_array(one) for one in found.graph.initializer if one.data_type == onnx.TensorProto.INT8
    ]
    most = [int(np.abs(each.astype(np.int64)).max()) for each in weights if each.ndim >= 2]
    assert most
    assert 2 * 255 * max(most) < 2**15
    assert max(most) >= 60, "the bits that there are are used"


def test_int8_is_the_same_bytes_each_time(fitted, context):
    graph = graph_of(fitted(CNN))
    assert quantise(graph, context) == quantise(graph, context)


def test_quantising_leaves_the_log_as_it_was(fitted, context, caplog):
    before = logging.root.manager.disable
    with caplog.at_level(logging.INFO):
        quantise(graph_of(fitted(LSTM)), context)
    assert logging.root.manager.disable == before
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_calibration_reads_training_rows_only(context, rows):
    feeds = calibration_feeds(context, ("features",))
    train = {row.tobytes() for row in rows.train.inputs.tabular().astype(np.float32)}
    assert feeds["features"].shape[0] == min(512, len(rows.train))
    assert all(row.tobytes() in train for row in feeds["features"])


def test_graphs_without_weights_to_quantise_are_refused(fitted, context):
    trees = graph_of(fitted("xgboost(rounds=5, patience=None)"))
    with pytest.raises(Refused, match="no matrix product"):
        quantise(trees, context)
    with pytest.raises(Refused, match="no float32 weight matrix"):
        store_int8(trees, context)


def test_stored_weights_differ_by_half_a_step_at_most(fitted, context):
    graph = graph_of(fitted(GRU))
    stored = {
        t.name: onnx.numpy_helper.to_array(t)
        for t in onnx.load_from_string(store_int8(graph, context)).graph.initializer
    }
    checked = 0
    for tensor in onnx.load_from_string(graph).graph.initializer:
        if f"{tensor.name}_int8" in stored:
            scale = stored[f"{tensor.name}_scale"]
            again = stored[f"{tensor.name}_int8"].astype(np.float64) * scale
            assert (np.abs(again - onnx.numpy_helper.to_array(tensor)) <= 0.5001 * scale).all()
            checked += 1
    assert checked >= 2


def test_batch_normalisation_is_folded_exactly(context):
    """Against PyTorch, whose export is told not to fold."""
    torch.manual_seed(1)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3, padding=1), torch.nn.BatchNorm2d(6), torch.nn.ReLU(), torch.nn.Flatten(),
    ).eval()  # fmt: skip
    layers[1].running_mean.uniform_(-1.0, 1.0)
    layers[1].running_var.uniform_(0.5, 2.0)
    with torch.no_grad():
        layers[1].weight.uniform_(0.5, 2.0)
        layers[1].bias.uniform_(-1.0, 1.0)
    graph = conv_then_norm(layers[0], layers[1])
    folded = fold_batch_norm(graph, context)
    image = torch.randn(3, 1, 8, 8)
    with torch.no_grad():
        expected = layers[1](layers[0](image)).numpy()
    model = onnx.load_from_string(folded)
    assert [node.op_type for node in model.graph.node] == ["Conv"]
    import onnxruntime

    session = onnxruntime.InferenceSession(folded, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"image": image.numpy()})[0], expected, atol=1e-5)
    with pytest.raises(Refused, match="nothing to fold"):
        fold_batch_norm(folded, context)


def conv_then_norm(conv, norm):
    helper = onnx.helper
    arrays = {
        "w": conv.weight, "b": conv.bias, "g": norm.weight, "s": norm.bias,
        "m": norm.running_mean, "v": norm.running_var,
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "g", "s", "m", "v"], ["out"], epsilon=norm.eps),
    ]
    single = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("image", single, ["n", 1, 8, 8])],
        [helper.make_tensor_value_info("out", single, ["n", 6, 8, 8])],
        [onnx.numpy_helper.from_array(value.detach().numpy(), name) for name, value in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
