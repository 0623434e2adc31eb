"""The training loop of one network: AdamW, gradient clipping, a cosine schedule, and the best epoch kept.

Loshchilov and Hutter (2019), "Decoupled weight decay regularization"; the schedule is that of their SGDR (2017)
without restarts. Every epoch draws its random numbers from (seed, member, epoch), so a run that stops after any epoch
and goes on from its state learns what it would have learnt without the stop, bit for bit.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from augury.errors import InvalidInput
from augury.extras import require
from augury.learning.estimators.network_data import Lesson, NetworkData
from augury.learning.estimators.network_options import TrainingSpec
from augury.learning.estimators.torch_scope import deterministic, step_seed

__all__ = ["MemberTraining"]

torch: Any = require("torch", extra="deep")

Loss = Callable[[Any, Any], Any]


class MemberTraining:
    """One member's training: `step` trains an epoch and returns its record; `patience_is_over` asks to stop.

    `scaling` maps raw rows to what `network` reads. `state` and `resume` take the whole of it out and in. The record
    of an epoch holds member, epoch (from 1), learning_rate, train_loss (while learning) and valid_loss.
    """

    def __init__(
        self, build: Callable[[], Any], scaling: Any, lesson: Lesson, options: TrainingSpec,
        member: int, device: Any,
    ) -> None:  # fmt: skip
        self._train, self._valid = lesson.train, lesson.valid
        self._options = options
        self._member = member
        self._device = device
        with deterministic(step_seed(options.seed, member, 0), device):
            self.network = build().to(device)
        self._scaling = copy.deepcopy(scaling).to(device)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self._loss = _cross_entropy if options.task == "classification" else _squared_error
        self.epoch = 0
        self.best_epoch = 0
        self.best_loss = math.inf
        self._best_weights: dict[str, Any] = {}

    @property
    def patience_is_over(self) -> bool:
        """The validation loss has not fallen for `patience` epochs."""
        return self.epoch - self.best_epoch >= self._options.patience

    def step(self) -> dict[str, float]:
        """Train one more epoch; InvalidInput when the loss is no longer finite."""
        self.epoch += 1
        rate = self._learning_rate()
        with deterministic(step_seed(self._options.seed, self._member, self.epoch), self._device):
            train_loss = self._learn(rate)
            valid_loss = self._validate()
        if not (math.isfinite(train_loss) and math.isfinite(valid_loss)):
            raise InvalidInput(
                f"training diverged in epoch {self.epoch}: loss {train_loss}, validation loss {valid_loss}; use a "
                f"learning_rate below {self._options.learning_rate:g}"
            )
        if valid_loss < self.best_loss:
            self.best_loss, self.best_epoch = valid_loss, self.epoch
            self._best_weights = _copied(self.network.state_dict())
        record = {"member": self._member, "epoch": self.epoch, "learning_rate": rate}
        return record | {"train_loss": train_loss, "valid_loss": valid_loss}

    def best_weights(self) -> dict[str, Any]:
        """The weights after the best epoch, on the CPU."""
        return {name: value.cpu() for name, value in self._best_weights.items()}

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on."""
        return {
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "best_weights": self._best_weights,
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.best_epoch, self.best_loss = state["epoch"], state["best_epoch"], state["best_loss"]
        self._best_weights = {name: value.to(self._device) for name, value in state["best_weights"].items()}

    def _learning_rate(self) -> float:
        full = self._options.learning_rate
        if self._options.schedule == "constant":
            return full
        return full * 0.5 * (1.0 + math.cos(math.pi * (self.epoch - 1) / self._options.epochs))

    def _learn(self, rate: float) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        parameters = list(self.network.parameters())
        order = torch.randperm(len(self._train)).numpy()
        total = 0.0
        for start in range(0, order.size, self._options.batch_rows):
            rows = order[start : start + self._options.batch_rows]
            self._optimiser.zero_grad(set_to_none=True)
            weighted = self._weighted(self._train, rows)
            weighted.mean().backward()
            torch.nn.utils.clip_grad_norm_(parameters, self._options.gradient_clip)
            self._optimiser.step()
            total += float(weighted.detach().sum())
        return total / float(self._train.weights.sum())

    def _validate(self) -> float:
        self.network.eval()
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(self._valid), self._options.batch_rows):
                rows = np.arange(start, min(start + self._options.batch_rows, len(self._valid)))
                total += float(self._weighted(self._valid, rows).sum())
        return total / float(self._valid.weights.sum())

    def _weighted(self, data: NetworkData, rows: Any) -> Any:
        """The loss of each of these rows times its weight."""
        scores = self.network(self._scaling(torch.from_numpy(data.rows.batch(rows)).to(self._device)))
        target = torch.from_numpy(data.target[rows]).to(self._device)
        weights = torch.from_numpy(data.weights[rows].astype(np.float32)).to(self._device)
        return self._loss(scores, target) * weights


def _cross_entropy(scores: Any, target: Any) -> Any:
    return torch.nn.functional.cross_entropy(scores, target, reduction="none")


def _squared_error(scores: Any, target: Any) -> Any:
    return (scores.squeeze(1) - target.to(scores.dtype)) ** 2


def _copied(weights: dict[str, Any]) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in weights.items()}
