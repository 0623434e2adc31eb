"""The chart network is the published one to the parameter, and learns what a chart shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the extra 'deep'")
sklearn_base = pytest.importorskip("sklearn.base", reason="estimators need the extra 'learn'")

from augury.errors import InvalidInput, NotEnoughData  # noqa: E402
from augury.features.chart_image_spec import ChartSpec  # noqa: E402
from augury.learning.data.inputs import Inputs  # noqa: E402
from augury.learning.estimators.chart_cnn import ChartCnn  # noqa: E402
from augury.learning.estimators.chart_networks import CHART_NETWORKS, ChartAttention, chart_network  # noqa: E402
from augury.market.bars import BarArrays  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small(**options: Any) -> ChartCnn:
    return ChartCnn(**({"channels": 4, "learning_rate": 0.01, "epochs": 8, "patience": 8, "device": "cpu"} | options))


def charts(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Sparse noise with a line that rises (class 1) or falls (class 0) through the image."""
    rng = np.random.default_rng(seed)
    images = (rng.random((rows, 32, 15)) < 0.05).astype(np.uint8) * 255
    rising = rng.integers(0, 2, rows)
    for row, up in enumerate(rising):
        for column in range(15):
            images[row, 26 - column if up else 12 + column - 1, column] = 255
    return images, rising


@pytest.mark.parametrize(
    ("days", "parameters", "flat"), [(5, 155_138, 15_360), (20, 708_866, 46_080), (60, 2_952_962, 184_320)]
)
def test_the_published_network_has_the_published_number_of_parameters(days: int, parameters: int, flat: int) -> None:
    network = chart_network("published", ChartSpec(days=days).shape, 2, 64, 0.5)  # type: ignore[arg-type]
    assert sum(weight.numel() for weight in network.parameters()) == parameters
    assert network.head.in_features == flat


def test_the_defaults_are_the_published_training() -> None:
    options = ChartCnn().get_params()
    published = {"learning_rate": 1e-5, "weight_decay": 0.0, "schedule": "constant", "batch_rows": 128, "patience": 2}
    published |= {"dropout": 0.5, "variant": "published", "channels": 64}
    assert {name: options[name] for name in published} == published


def test_adamw_without_decay_is_adam() -> None:
    """The published optimiser is Adam; training uses AdamW with `weight_decay` 0."""
    weights = []
    for optimiser in (torch.optim.Adam, lambda given, lr: torch.optim.AdamW(given, lr=lr, weight_decay=0.0)):
        weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
        steps = optimiser([weight], lr=0.1)
        for _ in range(5):
            steps.zero_grad()
            (weight**3).sum().backward()
            steps.step()
        weights.append(weight.detach())
    assert torch.equal(*weights)


def test_weights_begin_with_xaviers_spread() -> None:
    torch.manual_seed(1)
    network = chart_network("published", (32, 15), 2, 64, 0.5)
    second = network.blocks[4]
    bound = np.sqrt(6.0 / ((64 + 128) * 15))
    assert float(second.weight.detach().abs().max()) <= bound
    np.testing.assert_allclose(float(second.weight.detach().std()), bound / np.sqrt(3.0), rtol=0.02)
    assert float(second.bias.detach().abs().max()) == 0.0


def test_the_first_layer_has_stride_and_dilation_and_no_other() -> None:
    network = chart_network("published", (96, 180), 2, 64, 0.5)
    layers = [layer for layer in network.blocks if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.stride for layer in layers] == [(3, 1), (1, 1), (1, 1), (1, 1)]
    assert [layer.dilation for layer in layers] == [(3, 1), (1, 1), (1, 1), (1, 1)]
    assert [layer.out_channels for layer in layers] == [64, 128, 256, 512]


@pytest.mark.parametrize("variant", sorted(CHART_NETWORKS))
def test_every_variant_learns_whether_the_line_rises(variant: str) -> None:
    images, rising = charts(400)
    model = small(variant=variant, channels=8, epochs=15, patience=15).fit(images[:300], rising[:300])
    assert model.score(images[300:], rising[300:]) > 0.9


@pytest.mark.parametrize("variant", sorted(CHART_NETWORKS))
@pytest.mark.parametrize("shape", [(32, 15), (64, 60), (96, 180)])
def test_every_variant_trains_on_every_size_and_any_number_of_classes(variant: str, shape: tuple[int, int]) -> None:
    network = chart_network(variant, shape, 3, 8, 0.5)
    scores = network(torch.rand(2, 1, *shape))
    assert scores.shape == (2, 3)
    scores[:, 1].sum().backward()
    assert all(float(weight.grad.abs().sum()) > 0.0 for weight in network.blocks[0].parameters() if weight.ndim > 1)


def test_attention_follows_its_equations() -> None:
    torch.manual_seed(2)
    part = ChartAttention(8)
    maps = torch.randn(1, 8, 5, 4)
    with torch.no_grad():
        found = part(maps)[0].numpy()
        first, second = part.channels[0], part.channels[2]

        def perceptron(values: np.ndarray) -> np.ndarray:
            inner = np.maximum(first.weight.numpy() @ values + first.bias.numpy(), 0.0)
            return second.weight.numpy() @ inner + second.bias.numpy()

        seen = maps[0].numpy()
        score = perceptron(seen.mean((1, 2))) + perceptron(seen.max((1, 2)))
        seen = seen / (1.0 + np.exp(-score))[:, None, None]
        planes = np.pad(np.stack([seen.mean(0), seen.max(0)]), ((0, 0), (3, 3), (3, 3)))
        kernel = part.places.weight.numpy()[0]
        place = np.array([[(planes[:, r : r + 7, c : c + 7] * kernel).sum() for c in range(4)] for r in range(5)])
        expected = seen / (1.0 + np.exp(-(place + part.places.bias.item())))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_equal_seeds_give_equal_weights() -> None:
    images, rising = charts(60)
    one, again, other = (small(epochs=2, seed=seed).fit(images, rising).module_.state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_the_module_reads_pixels_as_they_are() -> None:
    images, rising = charts(60)
    model = small(epochs=1).fit(images, rising)
    with torch.inference_mode():
        found = model.module_(torch.from_numpy(images.astype(np.float32))).numpy()
    np.testing.assert_allclose(found, model.predict_proba(images), atol=1e-6)
    assert model.n_features_in_ == 15
    assert model.input_shape_ == (32, 15)
    assert sklearn_base.is_classifier(model)


def test_a_regression_on_charts_gives_values() -> None:
    images, rising = charts(200)
    model = small(task="regression", epochs=12, patience=12).fit(images, rising * 3.0 + 100.0)
    assert model.score(images, rising * 3.0 + 100.0) > 0.5


def test_images_that_are_no_charts_are_refused() -> None:
    images, rising = charts(60)
    with pytest.raises(InvalidInput, match=r"32 x 15, 64 x 60 or 96 x 180.*got 30 x 15"):
        small().fit(images[:, 2:], rising)
    with pytest.raises(InvalidInput, match=r"pixels should be 0..255, got 0..510"):
        small().fit(images.astype(np.float64) * 2.0, rising)
    with pytest.raises(InvalidInput, match="nan"):
        small().fit(np.where(images > 0, np.nan, 0.0), rising)
    with pytest.raises(InvalidInput, match="one class only"):
        small().fit(images, np.ones(60))
    with pytest.raises(InvalidInput, match="expecting"):
        small(epochs=1).fit(images, rising).predict(np.zeros((2, 64, 60), dtype=np.uint8))
    with pytest.raises(NotEnoughData):
        small().fit(images[:2], [0, 1])


def test_charts_are_drawn_from_bars_as_rows_are_read() -> None:
    rng = np.random.default_rng(3)
    close = 100.0 * np.exp(np.cumsum(rng.standard_normal(80) * 0.01))
    matrix = np.array([close, close * 1.01, close * 0.99, close * 1.002, rng.uniform(1.0, 2.0, 80)])
    opened_at = np.arange(80, dtype=np.int64) * 86_400_000_000_000
    at = np.arange(10, 70, dtype=np.int64)
    inputs = Inputs(
        tables=(np.zeros((80, 1)),),
        bars=(BarArrays(opened_at=opened_at, matrix=matrix),),
        columns=("none",),
        symbol=np.zeros(60, dtype=np.int64),
        bar=at,
        opened_at=opened_at[at],
        label_end=opened_at[at + 1],
        chart=ChartSpec(days=5),
    )
    y = np.arange(60) % 2
    drawn = inputs.image()
    one = small(epochs=1).fit(inputs[:50], y[:50], validation=(inputs[50:], y[50:]))
    other = small(epochs=1).fit(drawn[:50], y[:50], validation=(drawn[50:], y[50:]))
    assert np.array_equal(one.predict_proba(inputs), other.predict_proba(drawn))
