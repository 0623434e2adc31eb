"""Recurrent networks over windows of features: LSTM and GRU, head on the last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from augury.extras import require
from augury.learning.data.inputs import InputKind
from augury.learning.estimators.network import NetworkModel
from augury.learning.estimators.network_options import Dropout, TrainingSpec

__all__ = ["GruModel", "LstmModel", "RecurrentNetwork", "RecurrentSpec"]

torch: Any = require("torch", extra="deep")
nn: Any = torch.nn


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentSpec(TrainingSpec):
    """Bounds of the options: units in a layer, layers, and the share dropped between them while training."""

    hidden: Annotated[int, Meta(ge=1, le=1024)]
    layers: Annotated[int, Meta(ge=1, le=8)]
    dropout: Dropout


class RecurrentNetwork(nn.Module):  # type: ignore[misc]
    """float32[rows, T, k] to scores float32[rows, outputs]: recurrent layers, then a linear head on the last step."""

    def __init__(self, cell: Literal["lstm", "gru"], options: RecurrentSpec, columns: int, outputs: int) -> None:
        super().__init__()
        self.recurrent = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](
            columns,
            options.hidden,
            options.layers,
            batch_first=True,
            dropout=options.dropout if options.layers > 1 else 0.0,
        )
        self.head = nn.Linear(options.hidden, outputs)

    def forward(self, windows: Any) -> Any:
        """Scores before the softmax."""
        steps, _ = self.recurrent(windows)
        return self.head(steps[:, -1])


@dataclass(kw_only=True, eq=False, repr=False)
class LstmModel(NetworkModel):
    """Long short-term memory over windows of features, 2 layers of 64 units as a default.

    Options beside those of `NetworkModel`: `hidden` units a layer, `layers`, `dropout` between layers.

    Source: Hochreiter and Schmidhuber (1997), "Long short-term memory", Neural Computation 9(8).

    >>> import numpy as np
    >>> windows = np.random.default_rng(1).standard_normal((400, 8, 3))
    >>> rising = (windows[:, -1, 0] > 0).astype(int)
    >>> model = LstmModel(hidden=8, layers=1, epochs=30, learning_rate=0.03, device="cpu").fit(windows, rising)
    >>> model.score(windows, rising) > 0.9
    True
    """

    family: ClassVar[str] = "lstm"
    input_kind: ClassVar[InputKind] = "sequence"
    spec_type: ClassVar[type[TrainingSpec]] = RecurrentSpec

    hidden: int = 64
    layers: int = 2
    dropout: float = 0.2

    def network(self, options: RecurrentSpec, shape: tuple[int, int], outputs: int) -> RecurrentNetwork:
        """One untrained member."""
        return RecurrentNetwork("lstm", options, shape[1], outputs)


@dataclass(kw_only=True, eq=False, repr=False)
class GruModel(NetworkModel):
    """Gated recurrent units over windows of features, 2 layers of 64 units as a default; options as for `LstmModel`.

    Source: Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder", EMNLP.
    """

    family: ClassVar[str] = "gru"
    input_kind: ClassVar[InputKind] = "sequence"
    spec_type: ClassVar[type[TrainingSpec]] = RecurrentSpec

    hidden: int = 64
    layers: int = 2
    dropout: float = 0.2

    def network(self, options: RecurrentSpec, shape: tuple[int, int], outputs: int) -> RecurrentNetwork:
        """One untrained member."""
        return RecurrentNetwork("gru", options, shape[1], outputs)
