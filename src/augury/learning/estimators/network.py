"""The base of the neural networks: scikit-learn's conventions around PyTorch's training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput
from augury.extras import require
from augury.learning.data.inputs import Inputs
from augury.learning.data.scaling import RobustScaler
from augury.learning.estimators.checkpoints import CheckpointFile
from augury.learning.estimators.checks import columns_of
from augury.learning.estimators.estimator import Estimator, Task, Track
from augury.learning.estimators.network_data import FitRows, Lesson, lesson_of
from augury.learning.estimators.network_options import TrainingSpec, training_identity
from augury.learning.estimators.network_rows import NetworkRows
from augury.learning.estimators.served_network import ColumnScaling, PixelScaling, ServedNetwork
from augury.learning.estimators.torch_scope import chosen_device, on_device, on_threads
from augury.learning.estimators.torch_training import MemberTraining

__all__ = ["NetworkModel"]

torch: Any = require("torch", extra="deep")

_PREDICTED_ROWS = 512


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkModel(Estimator):
    """What every network shares; `TrainingSpec` says what the options mean and bounds them.

    Fitted: `module_`, a torch module on the CPU from raw float32 input to probabilities [rows, classes] or values
    [rows], scaling included; `best_epoch_` (from 1; `best_epochs_` of every member), `history_` (a record an epoch:
    member, epoch, learning_rate, train_loss, valid_loss; it grows during `fit`), `input_shape_`, `classes_`,
    `columns_`, `n_features_in_`.

    Equal options, rows and `seed` give equal weights, bit for bit, on one machine. A family
    gives `network`, the module of one member from scaled input to scores.
    """

    spec_type: ClassVar[type[TrainingSpec]]

    task: Task = "classification"
    seed: int = 0
    members: int = 1
    epochs: int = 50
    batch_rows: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    schedule: str = "cosine"
    patience: int = 5
    gradient_clip: float = 1.0
    class_weights: bool = True
    device: str = "auto"
    threads: int = 1
    checkpoint: str | None = None

    def network(self, options: Any, shape: tuple[int, int], outputs: int) -> Any:
        """A new torch module: scaled float32 input of this shape to scores float32[rows, outputs]."""
        raise NotImplementedError

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation: tuple[Any, Any] | None = None,
        track: Track | None = None,
    ) -> NetworkModel:
        """Train on rows in order of time until the loss on validation rows stops falling; the best epoch is kept.

        `validation` (X, y) is None for the last 15 % of the time, purged when X is `Inputs`. `track(epochs, total)`
        shows progress, once a member. With a `checkpoint` file, training goes on from the last whole epoch in it.
        Raises InvalidInput for NaN, constant features, one class only, other options or data than the checkpoint's and
        a loss that diverges, NotEnoughData for too few rows, Misconfigured for a missing GPU.
        """
        options: TrainingSpec = self.checked_options()
        with on_threads(options.threads):
            return self._fit(options, FitRows.checked(X, y, sample_weight), validation, (columns_of(X), track))

    def _fit(
        self, options: TrainingSpec, given: FitRows, validation: Any, about: tuple[Any, Track | None]
    ) -> NetworkModel:
        columns, track = about
        device = chosen_device(options.device)
        blocks = given.blocks() if validation is None else (given, _validation_rows(validation))
        lesson = lesson_of(options, self.input_kind, given, blocks)
        scaling = self._scaling(lesson.train.rows, columns)
        file = None
        if options.checkpoint is not None:
            fingerprint = "".join(rows.fingerprint for rows in blocks)
            file = CheckpointFile(options.checkpoint, training_identity(self.family, options), fingerprint)
        trained = self._train(options, lesson, scaling, (device, file, track))
        members = [self._member(options, lesson, found["weights"]) for found in trained]
        self.module_ = ServedNetwork(scaling, members, lesson.scale).eval()
        self.best_epochs_ = tuple(int(found["best_epoch"]) for found in trained)
        self.best_epoch_ = self.best_epochs_[0]
        if lesson.classes is not None:
            self.classes_ = lesson.classes
        self.columns_ = columns
        self.input_shape_ = lesson.shape
        self.n_features_in_ = lesson.shape[1]
        return self

    def predict_proba(self, X: Any) -> FloatMatrix:
        """Probability of each class, float64[m, classes]; a row's depends on no other row."""
        found: FloatMatrix = self._answers(X).reshape(-1, self.classes_.size)
        return found

    def predict_values(self, X: Any) -> FloatVector:
        """Predicted values, float64[m]."""
        return self._answers(X)

    def _scaling(self, rows: NetworkRows, columns: tuple[str, ...] | None) -> Any:
        if self.input_kind == "image":
            return PixelScaling()
        scaler = RobustScaler.fit(rows.steps(), columns)
        return ColumnScaling(scaler.centre, scaler.scale)

    def _member(self, options: TrainingSpec, lesson: Lesson, weights: dict[str, Any]) -> Any:
        with torch.random.fork_rng(devices=[]):  # the untrained weights that are drawn here are thrown away
            member = self.network(options, lesson.shape, lesson.outputs)
        member.load_state_dict(weights)
        return member

    def _train(
        self,
        options: TrainingSpec,
        lesson: Lesson,
        scaling: Any,
        run: tuple[Any, CheckpointFile | None, Track | None],
    ) -> list[dict[str, Any]]:
        """Weights and best epoch of each member; `run` is the device, the checkpoint and what shows progress."""
        device, file, track = run
        kept = (file.read() if file is not None else None) or {"finished": [], "history": [], "training": None}
        finished: list[dict[str, Any]] = kept["finished"]
        self.history_: list[dict[str, float]] = kept["history"]
        for member in range(len(finished), options.members):
            training = MemberTraining(
                lambda: self.network(options, lesson.shape, lesson.outputs), scaling, lesson, options, member, device
            )
            if kept["training"] is not None:
                training.resume(kept["training"])
                kept["training"] = None
            left = range(0 if training.patience_is_over else options.epochs - training.epoch)
            for _ in left if track is None else track(left, len(left)):
                self.history_.append(training.step())
                if file is not None:
                    file.write({"finished": finished, "history": self.history_, "training": training.state()})
                if training.patience_is_over:
                    break
            finished.append({"weights": training.best_weights(), "best_epoch": training.best_epoch})
        if file is not None:
            file.write({"finished": finished, "history": self.history_, "training": None})
        return finished

    def _answers(self, inputs: Any) -> npt.NDArray[np.float64]:
        require("sklearn.utils.validation", extra="learn").check_is_fitted(self, "module_")
        rows = self._readable(inputs)
        device = chosen_device(self.device)
        with on_threads(self.threads), on_device(self.module_, device) as module, torch.inference_mode():
            found = [module(torch.from_numpy(part).to(device)).cpu().numpy() for part in rows.batches(_PREDICTED_ROWS)]
        return np.concatenate(found).astype(np.float64) if found else np.empty(0)

    def _readable(self, inputs: Any) -> NetworkRows:
        """The rows of other inputs, when they are of the form learnt; InvalidInput otherwise."""
        columns = columns_of(inputs)
        if columns is not None and self.columns_ is not None and columns != self.columns_:
            strange = [name for name in columns if name not in self.columns_] or "the same in another order"
            raise InvalidInput(
                f"{type(self).__name__} learnt from {list(self.columns_)}, got {list(columns)} ({strange}); pass the "
                "features it was fitted on, in the same order"
            )
        rows = NetworkRows(inputs if isinstance(inputs, Inputs) else np.asarray(inputs), self.input_kind)
        if rows.shape != self.input_shape_:
            raise InvalidInput(
                f"X has rows of the shape {rows.shape}, but {type(self).__name__} is expecting {self.input_shape_}; "
                "pass what it was fitted on"
            )
        rows.check()
        return rows


def _validation_rows(validation: Any) -> FitRows:
    if not isinstance(validation, tuple) or len(validation) != 2:
        raise InvalidInput(f"validation should be (X, y), got {type(validation).__name__}")
    return FitRows.checked(*validation)
