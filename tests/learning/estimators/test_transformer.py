"""The Transformer attends along the window, never across the batch, as PyTorch's own encoder layer does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the extra 'deep'")
pytest.importorskip("sklearn", reason="estimators need the extra 'learn'")

from augury.errors import InvalidInput  # noqa: E402
from augury.learning.estimators.transformer import (  # noqa: E402
    EncoderBlock,
    TransformerModel,
    TransformerNetwork,
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small(**options: object) -> TransformerModel:
    return TransformerModel(**({"width": 8, "heads": 2, "blocks": 2, "feed_forward": 16} | options))  # type: ignore[arg-type]


def random_network(seed: int = 1) -> TransformerNetwork:
    torch.manual_seed(seed)
    return small().network(small().checked_options(), (6, 3), 2).eval()


def test_a_block_gives_what_pytorchs_encoder_layer_gives_with_the_same_weights() -> None:
    torch.manual_seed(4)
    block = EncoderBlock(small().checked_options()).eval()
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=True).eval()
    parts = block.attention.query, block.attention.key, block.attention.value
    with torch.no_grad():
        layer.self_attn.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        layer.self_attn.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    pairs = (
        (layer.self_attn.out_proj, block.attention.out),
        (layer.linear1, block.feed_in),
        (layer.linear2, block.feed_out),
        (layer.norm1, block.attention_norm),
        (layer.norm2, block.feed_norm),
    )
    for theirs, mine in pairs:
        theirs.load_state_dict(mine.state_dict())
    steps = torch.randn(5, 6, 8)
    with torch.no_grad():
        np.testing.assert_allclose(block(steps).numpy(), layer(steps).numpy(), atol=1e-6)


def test_the_last_block_gives_the_last_step_of_what_it_would_give_for_all() -> None:
    options = small().checked_options()
    whole, last = EncoderBlock(options).eval(), EncoderBlock(options, last=True).eval()
    last.load_state_dict(whole.state_dict())
    steps = torch.randn(5, 6, 8)
    with torch.no_grad():
        np.testing.assert_allclose(last(steps).numpy(), whole(steps)[:, -1:].numpy(), atol=1e-6)


def test_a_rows_scores_do_not_change_with_the_other_rows() -> None:
    network = random_network()
    windows = torch.randn(9, 6, 3)
    with torch.no_grad():
        whole = network(windows)
        others = torch.cat([windows[:1], 100.0 * torch.randn(8, 6, 3)])
        assert torch.allclose(network(others)[0], whole[0], atol=1e-6)
        assert torch.allclose(network(windows.flip(0)).flip(0), whole, atol=1e-6)
        alone = torch.cat([network(window[None]) for window in windows])
    assert torch.allclose(alone, whole, atol=1e-6)


def test_no_gradient_reaches_another_row() -> None:
    network = random_network()
    windows = torch.randn(4, 6, 3, requires_grad=True)
    network(windows)[1].sum().backward()
    reached = windows.grad.abs().sum((1, 2))
    assert reached[1] > 0
    assert float(reached.sum() - reached[1]) == 0.0


def test_attention_across_the_batch_would_be_found() -> None:
    """The planted defect: the window and the batch swapped, as when [T, rows, width] is taken for [rows, T, width]."""
    network = random_network()
    forward = network.blocks.forward
    for block in network.blocks:
        block.first_step = 0
    network.blocks.forward = lambda steps: forward(steps.transpose(0, 1)).transpose(0, 1)
    windows = torch.randn(9, 6, 3)
    with torch.no_grad():
        others = torch.cat([windows[:1], 100.0 * torch.randn(8, 6, 3)])
        assert not torch.allclose(network(others)[0], network(windows)[0], atol=1e-3)


def test_the_order_of_the_steps_matters_through_the_learned_positions() -> None:
    network = random_network()
    windows = torch.randn(4, 6, 3)
    windows[:, :, :] = windows[:, :1, :]  # equal steps, so that only positions can tell them apart
    with torch.no_grad():
        plain = network(windows)
        network.positions.copy_(network.positions.flip(0))
        assert not torch.allclose(network(windows), plain, atol=1e-6)


def test_a_pattern_at_an_early_step_is_found() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((800, 6, 2))
    y = (x[:, 1, 0] > 0).astype(np.int64)
    model = small(epochs=25, learning_rate=0.01, dropout=0.0, patience=10, device="cpu").fit(x[:600], y[:600])
    assert model.score(x[600:], y[600:]) > 0.9


def test_the_defaults_have_the_stated_size() -> None:
    model = TransformerModel()
    network = model.network(model.checked_options(), (60, 16), 2)
    block = 4 * (128 * 128 + 128) + (128 * 512 + 512) + (512 * 128 + 128) + 4 * 128
    assert sum(weight.numel() for weight in network.parameters()) == (16 * 128 + 128) + 60 * 128 + 4 * block + 256 + 258


def test_a_width_that_heads_cannot_share_is_refused() -> None:
    with pytest.raises(InvalidInput, match="multiple of heads = 3"):
        small(heads=3).fit(np.zeros((10, 6, 3)), np.arange(10) % 2)
