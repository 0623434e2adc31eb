"""A Transformer encoder over windows of features, head on the last step.

Attention is written out as matrix products along the window alone: a row's answer depends on no other row of its
batch, graphs export to any ONNX opset, and heads and hidden units stand in plain linear layers that can be cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from augury.errors import InvalidInput
from augury.extras import require
from augury.learning.data.inputs import InputKind
from augury.learning.estimators.network import NetworkModel
from augury.learning.estimators.network_options import Dropout, TrainingSpec

__all__ = ["Attention", "EncoderBlock", "TransformerModel", "TransformerNetwork", "TransformerSpec"]

torch: Any = require("torch", extra="deep")
nn: Any = torch.nn

_POSITION_SPREAD = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerSpec(TrainingSpec):
    """Bounds of the options: numbers a step, heads, blocks, hidden units of the feed-forward part, share dropped."""

    width: Annotated[int, Meta(ge=2, le=1024)]
    heads: Annotated[int, Meta(ge=1, le=64)]
    blocks: Annotated[int, Meta(ge=1, le=24)]
    feed_forward: Annotated[int, Meta(ge=1, le=8192)]
    dropout: Dropout

    def check(self) -> None:
        """Every head gets the same share of the width."""
        if self.width % self.heads:
            raise InvalidInput(f"TransformerSpec.width = {self.width}: Expected a multiple of heads = {self.heads}")


class Attention(nn.Module):  # type: ignore[misc]
    """Scaled dot-product attention of some steps of a window over all its steps, in `heads` heads.

    `width_of_head` is kept apart from the width of a step, so that a network keeps working when heads are cut.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.width_of_head = width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, asking: Any, steps: Any) -> Any:
        """What each step of float32[rows, A, width] finds in float32[rows, T, width]: float32[rows, A, width]."""
        query, key, value = (self._split(part) for part in (self.query(asking), self.key(steps), self.value(steps)))
        likeness = query @ key.transpose(2, 3) / math.sqrt(self.width_of_head)
        mixed = self.drop(torch.softmax(likeness, dim=-1)) @ value
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, projected: Any) -> Any:
        """[rows, T, heads * width] as [rows, heads, T, width]."""
        return projected.unflatten(2, (self.heads, self.width_of_head)).transpose(1, 2)


class EncoderBlock(nn.Module):  # type: ignore[misc]
    """Attention and a feed-forward part, each normalised before and added to what came in.

    The `last` block of a network works out the last step alone, since the head reads no other.
    """

    def __init__(self, options: TransformerSpec, *, last: bool = False) -> None:
        super().__init__()
        self.first_step = -1 if last else 0
        self.attention_norm = nn.LayerNorm(options.width)
        self.attention = Attention(options.width, options.heads, options.dropout)
        self.feed_norm = nn.LayerNorm(options.width)
        self.feed_in = nn.Linear(options.width, options.feed_forward)
        self.feed_out = nn.Linear(options.feed_forward, options.width)
        self.drop = nn.Dropout(options.dropout)

    def forward(self, steps: Any) -> Any:
        """float32[rows, T, width] to the same, or to float32[rows, 1, width] in the last block."""
        normed = self.attention_norm(steps)
        found = steps[:, self.first_step :] + self.drop(self.attention(normed[:, self.first_step :], normed))
        hidden = self.drop(torch.relu(self.feed_in(self.feed_norm(found))))
        return found + self.drop(self.feed_out(hidden))


class TransformerNetwork(nn.Module):  # type: ignore[misc]
    """float32[rows, T, k] to scores float32[rows, outputs], T fixed by the learned positions."""

    def __init__(self, options: TransformerSpec, shape: tuple[int, int], outputs: int) -> None:
        super().__init__()
        bars, columns = shape
        self.embed = nn.Linear(columns, options.width)
        self.positions = nn.Parameter(torch.randn(bars, options.width) * _POSITION_SPREAD)
        self.drop = nn.Dropout(options.dropout)
        self.blocks = nn.Sequential(
            *(EncoderBlock(options, last=at == options.blocks - 1) for at in range(options.blocks))
        )
        self.norm = nn.LayerNorm(options.width)
        self.head = nn.Linear(options.width, outputs)

    def forward(self, windows: Any) -> Any:
        """Scores before the softmax."""
        steps = self.blocks(self.drop(self.embed(windows) + self.positions))
        return self.head(self.norm(steps[:, -1]))


@dataclass(kw_only=True, eq=False, repr=False)
class TransformerModel(NetworkModel):
    """Transformer encoder over windows of features: width 128, 8 heads, 4 blocks, 512 feed-forward units as a default.

    Positions are learned; the blocks normalise before each part, which trains steadily without a warm-up. No mask is
    needed: a window holds nothing after its row's bar.

    Sources: Vaswani et al. (2017), "Attention is all you need"; Xiong et al. (2020), "On layer normalization in the
    Transformer architecture".
    """

    family: ClassVar[str] = "transformer"
    input_kind: ClassVar[InputKind] = "sequence"
    spec_type: ClassVar[type[TrainingSpec]] = TransformerSpec

    width: int = 128
    heads: int = 8
    blocks: int = 4
    feed_forward: int = 512
    dropout: float = 0.1

    def network(self, options: TransformerSpec, shape: tuple[int, int], outputs: int) -> TransformerNetwork:
        """One untrained member."""
        return TransformerNetwork(options, shape, outputs)
