"""What the platform answers, as frozen records. Fields of a newer platform that are not known here are left out."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "ENDED",
    "Health",
    "Job",
    "Model",
    "OperationInfo",
    "Prediction",
    "RunResult",
    "StoredFile",
    "StreamUpdate",
]

ENDED = frozenset({"succeeded", "failed", "cancelled"})
"""States of a job after which nothing more happens to it by itself."""


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a model: probabilities in the order of `classes`, the decision, and which version gave it.

    `p_up` is the probability of a rise where the model knows one; a regression has a `value` instead of classes.
    `abstained`: the model is not sure enough to be used. `id` names the record that was kept; `experiment` and
    `variant` say how the version was chosen. Numbers have every bit that the model computed, null stands for NaN.
    """

    id: str = ""
    model: str = ""
    version: int = 0
    artefact: str = ""
    classes: tuple[str, ...] = ()
    probabilities: tuple[float | None, ...] = ()
    decision: str = ""
    p_up: float | None = None
    abstained: bool = False
    value: float | None = None
    experiment: str = ""
    variant: str = ""
    took_us: float = 0.0


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model version at work: what it reads (`columns` of a row, or bars) and says, and the evidence for it.

    `reference` ("trend@3") asks for this very version; `champion`: it answers for the bare name too. `manifest` and
    `pace` are told by `model(name)` alone.
    """

    name: str
    version: int
    reference: str = ""
    champion: bool = False
    artefact: str = ""
    family: str = ""
    task: str = ""
    label: str = ""
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    reads_bars: bool = False
    evidence: dict[str, Any] = msgspec.field(default_factory=dict)
    manifest: dict[str, Any] = msgspec.field(default_factory=dict)
    row_us: float | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the platform is: `status` is ok, degraded (it answers), down, or unavailable (nothing came from it at all).

    `parts` are what it looked at, each with its name and state; `reason` says why nothing came.
    """

    status: str
    version: str = ""
    started_at: str | None = None
    parts: tuple[dict[str, Any], ...] = ()
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it says that all is well."""
        return self.status == "ok"


class OperationInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One verb of the platform: what it does, who may call it, and the JSON schema of its options."""

    name: str
    summary: str = ""
    role: str = "viewer"
    changes_state: bool = False
    long: bool = False
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of background work as it stands: `progress` runs from 0 to 1, `result` is there when it succeeded."""

    id: str
    operation: str = ""
    state: str = "queued"
    progress: float = 0.0
    step: str = ""
    attempts: int = 0
    by: str = ""
    result: Any = None
    error: str = ""
    created_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None

    @property
    def ended(self) -> bool:
        """Whether it succeeded, failed or was cancelled."""
        return self.state in ENDED


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation gave: the same plain values that `to_dict()` gives here, and the job where it became one.

    `exit_code` is 1 when the operation itself found something wrong, as on the command line.
    """

    operation: str
    result: dict[str, Any]
    job: Job | None = None
    exit_code: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values."""
        return self.result


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the platform keeps for operations, or a folder that one made; `etag` is its SHA-256 in quotes."""

    name: str
    folder: bool = False
    bytes: int = 0
    etag: str | None = None
    changed_at: str | None = None


class StreamUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What a session makes of one value: its window, averages by name, the trend, alarms of change, a prediction.

    `id` counts the updates of a session from 1; `at_ns` is int64 ns UTC. Parts that were not asked for are None.
    """

    id: int
    at_ns: int = 0
    value: float = 0.0
    window: dict[str, Any] = msgspec.field(default_factory=dict)
    averages: dict[str, float | None] = msgspec.field(default_factory=dict)
    trend: dict[str, Any] | None = None
    change: dict[str, Any] | None = None
    prediction: dict[str, Any] | None = None

    @property
    def alarm(self) -> bool:
        """Whether a change of the mean was found at this value."""
        return bool(self.change and self.change.get("alarm"))
