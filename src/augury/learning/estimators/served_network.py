"""The graph that is served: raw numbers in, scaling, the network or networks, probabilities or values out.

Everything a prediction needs is inside as buffers and weights, so that an exported graph needs nothing beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augury.arrays import FloatVector
from augury.extras import require

__all__ = ["ColumnScaling", "PixelScaling", "ServedNetwork"]

torch: Any = require("torch", extra="deep")
nn: Any = torch.nn

_CLIP = 5.0


def _buffer(values: Any) -> Any:
    return torch.as_tensor(values, dtype=torch.float32)


class ColumnScaling(nn.Module):  # type: ignore[misc]
    """(x - centre) / scale, clipped to +-5, for float32[..., k]."""

    def __init__(self, centre: FloatVector, scale: FloatVector) -> None:
        super().__init__()
        self.register_buffer("centre", _buffer(centre))
        self.register_buffer("scale", _buffer(scale))

    def forward(self, values: Any) -> Any:
        """The scaled values, in the form of `values`."""
        return torch.clamp((values - self.centre) / self.scale, -_CLIP, _CLIP)


class PixelScaling(nn.Module):  # type: ignore[misc]
    """Pixels 0..255, float32[rows, height, width], as float32[rows, 1, height, width] in 0..1."""

    def forward(self, pixels: Any) -> Any:
        """One channel of brightness."""
        return (pixels / 255.0).unsqueeze(1)


class ServedNetwork(nn.Module):  # type: ignore[misc]
    """Scaling, then the mean over `members` of their softmax, or of their values in the target's own units.

    `scaling` maps raw input to what the members read; each of `members` gives scores [rows, classes], or [rows, 1] for
    a regression, where `target` holds the centre and the scale of the values that the members were trained on.
    """

    def __init__(self, scaling: Any, members: Sequence[Any], target: tuple[float, float] | None = None) -> None:
        super().__init__()
        self.scaling = scaling
        self.members = nn.ModuleList(members)
        self.values = target is not None
        self.register_buffer("target_centre", _buffer(target[0] if target else 0.0))
        self.register_buffer("target_scale", _buffer(target[1] if target else 1.0))

    def forward(self, raw: Any) -> Any:
        """float32[rows, classes] probabilities, or float32[rows] values."""
        scaled = self.scaling(raw)
        found = [self._answer(member(scaled)) for member in self.members]
        mean = found[0] if len(found) == 1 else torch.stack(found).mean(0)
        return mean * self.target_scale + self.target_centre if self.values else mean

    def _answer(self, scores: Any) -> Any:
        return scores.squeeze(1) if self.values else torch.softmax(scores, dim=1)
