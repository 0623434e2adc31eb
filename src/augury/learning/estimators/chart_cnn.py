"""The chart-image estimator: convolutional networks that look at the chart instead of at numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from augury.learning.data.inputs import InputKind
from augury.learning.estimators.chart_networks import chart_network
from augury.learning.estimators.network import NetworkModel
from augury.learning.estimators.network_options import Dropout, TrainingSpec

__all__ = ["ChartCnn", "ChartCnnSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartCnnSpec(TrainingSpec):
    """Bounds of the options: the architecture, channels of its first block, share dropped before the last layer."""

    variant: Literal["published", "simple", "residual", "attention"]
    channels: Annotated[int, Meta(ge=1, le=512)]
    dropout: Dropout


@dataclass(kw_only=True, eq=False, repr=False)
class ChartCnn(NetworkModel):
    """Convolutional network over chart images 32 x 15, 64 x 60 or 96 x 180, pixels 0..255.

    The defaults are the published training: Xavier initialisation, Adam at 1e-5 without decay or schedule, batches of
    128, dropout one half, patience 2. Published figures average 5 networks (`members=5`). Validation is the last block
    of time, not a random share: windows overlap. Images are neither flipped nor turned, since a chart has an order of
    time and a direction. `variant` "simple", "residual" and "attention" are other networks on the same images.

    Source: Jiang, Kelly and Xiu (2023), "(Re-)Imag(in)ing Price Trends", Journal of Finance 78(6), section II.
    """

    family: ClassVar[str] = "chart_cnn"
    input_kind: ClassVar[InputKind] = "image"
    spec_type: ClassVar[type[TrainingSpec]] = ChartCnnSpec

    learning_rate: float = 1e-5
    weight_decay: float = 0.0
    schedule: str = "constant"
    patience: int = 2
    variant: str = "published"
    channels: int = 64
    dropout: float = 0.5

    def network(self, options: ChartCnnSpec, shape: tuple[int, int], outputs: int) -> Any:
        """One untrained member."""
        return chart_network(options.variant, shape, outputs, options.channels, options.dropout)
