"""Convolutional networks over chart images: the published architecture and three others on the same input.

Jiang, Kelly and Xiu (2023), "(Re-)Imag(in)ing Price Trends", Journal of Finance 78(6), section II.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from augury.errors import InvalidInput
from augury.extras import require

__all__ = ["CHART_NETWORKS", "ChartAttention", "PublishedChartNetwork", "chart_network"]

torch: Any = require("torch", extra="deep")
nn: Any = torch.nn

_SLOPE = 0.01  # of the leaky rectifier
_LAYOUTS = {  # height, width: blocks, vertical stride and dilation of the first convolution
    (32, 15): (2, 1, 1),
    (64, 60): (3, 3, 2),
    (96, 180): (4, 3, 3),
}


def _block(inside: int, outside: int, stride: int = 1, dilation: int = 1) -> list[Any]:
    """Convolution 5 x 3 with "same" padding, batch normalisation, leaky rectifier, pooling 2 x 1."""
    return [
        nn.Conv2d(
            inside, outside, (5, 3), stride=(stride, 1), padding=(2 * dilation, 1), dilation=(dilation, 1)
        ),
        nn.BatchNorm2d(outside),
        nn.LeakyReLU(_SLOPE),
        nn.MaxPool2d((2, 1), ceil_mode=True),
    ]  # fmt: skip


def _flat_size(layers: Any, shape: tuple[int, int]) -> int:
    with torch.no_grad():
        return int(layers.eval()(torch.zeros(1, 1, *shape)).numel())


class PublishedChartNetwork(nn.Module):  # type: ignore[misc]
    """The published network: 2, 3 or 4 blocks by the image's size, doubling `channels`, one fully connected layer.

    With 64 channels and 2 outputs it has 155,138, 708,866 and 2,952,962 parameters for 5, 20 and 60 days.
    """

    def __init__(self, shape: tuple[int, int], outputs: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*self._blocks(shape, channels))
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(_flat_size(self.blocks, shape), outputs)

    def _blocks(self, shape: tuple[int, int], channels: int) -> list[Any]:
        count, stride, dilation = _LAYOUTS[shape]
        layers = _block(1, channels, stride, dilation)
        for at in range(count - 1):
            layers += _block(channels << at, channels << (at + 1))
        return layers

    def forward(self, images: Any) -> Any:
        """float32[rows, 1, height, width] in 0..1 to scores float32[rows, outputs]."""
        return self.head(self.drop(self.blocks(images).flatten(1)))


class ChartAttention(nn.Module):  # type: ignore[misc]
    """Weights for channels, then for places, both learned from their means and maxima.

    Source: Woo et al. (2018), "CBAM: convolutional block attention module", equations 2 and 3.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(1, channels // 8)
        self.channels = nn.Sequential(nn.Linear(channels, narrow), nn.ReLU(), nn.Linear(narrow, channels))
        self.places = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, maps: Any) -> Any:
        """float32[rows, channels, h, w] of the same form."""
        weights = self.channels(maps.mean((2, 3))) + self.channels(maps.amax((2, 3)))
        maps = maps * torch.sigmoid(weights)[:, :, None, None]
        seen = torch.cat([maps.mean(1, keepdim=True), maps.amax(1, keepdim=True)], dim=1)
        return maps * torch.sigmoid(self.places(seen))


class AttentionChartNetwork(PublishedChartNetwork):
    """The published blocks with attention over channels and places after each."""

    def _blocks(self, shape: tuple[int, int], channels: int) -> list[Any]:
        found: list[Any] = []
        for layer in super()._blocks(shape, channels):
            found.append(layer)
            if isinstance(layer, nn.MaxPool2d):
                found.append(ChartAttention(found[-4].out_channels))
        return found


class SimpleChartNetwork(nn.Module):  # type: ignore[misc]
    """Three 3 x 3 convolutions with pooling, the mean over places, one fully connected layer: small and quick."""

    def __init__(self, shape: tuple[int, int], outputs: int, channels: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        widths = (1, channels, 2 * channels, 4 * channels)
        layers: list[Any] = []
        for inside, outside in pairwise(widths):
            layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.LeakyReLU(_SLOPE)]
            layers += [nn.MaxPool2d(2, ceil_mode=True)]
        self.blocks = nn.Sequential(*layers)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], outputs)

    def forward(self, images: Any) -> Any:
        """float32[rows, 1, height, width] in 0..1 to scores float32[rows, outputs]."""
        return self.head(self.drop(self.blocks(images).mean((2, 3))))


class ResidualBlock(nn.Module):  # type: ignore[misc]
    """Two 3 x 3 convolutions added to a 1 x 1 of what came in; halves height and width (He et al. 2016)."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride=2, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)
        self.short = nn.Conv2d(inside, outside, 1, stride=2)

    def forward(self, maps: Any) -> Any:
        """float32[rows, inside, h, w] to float32[rows, outside, h/2, w/2]."""
        found = torch.relu(self.first_norm(self.first(maps)))
        return torch.relu(self.second_norm(self.second(found)) + self.short(maps))


class ResidualChartNetwork(nn.Module):  # type: ignore[misc]
    """A stem and three residual blocks, the mean over places, one fully connected layer."""

    def __init__(self, shape: tuple[int, int], outputs: int, channels: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        stem = [nn.Conv2d(1, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        rest = [ResidualBlock(channels << at, channels << (at + 1)) for at in range(3)]
        self.blocks = nn.Sequential(*stem, *rest)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(channels << 3, outputs)

    def forward(self, images: Any) -> Any:
        """float32[rows, 1, height, width] in 0..1 to scores float32[rows, outputs]."""
        return self.head(self.drop(self.blocks(images).mean((2, 3))))


CHART_NETWORKS: dict[str, Callable[[tuple[int, int], int, int, float], Any]] = {
    "published": PublishedChartNetwork,
    "simple": SimpleChartNetwork,
    "residual": ResidualChartNetwork,
    "attention": AttentionChartNetwork,
}


def chart_network(variant: str, shape: tuple[int, int], outputs: int, channels: int, dropout: float) -> Any:
    """An untrained network of that variant, Xavier-initialised; InvalidInput for images of another size."""
    if shape not in _LAYOUTS:
        raise InvalidInput(
            f"chart images should be 32 x 15, 64 x 60 or 96 x 180 (5, 20 or 60 days), got {shape[0]} x {shape[1]}; "
            "build the data set with chart_days"
        )
    # Weights keep the default memory format: with channels last (an eighth faster), PyTorch 2.13 crashes on CPUs in the
    # backward pass of the residual variant.
    network = CHART_NETWORKS[variant](shape, outputs, channels, dropout)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network
