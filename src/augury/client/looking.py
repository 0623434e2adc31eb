"""What the platform is, holds and offers."""

from __future__ import annotations

from typing import Any

import msgspec

from augury.client.encoding import decoded
from augury.client.flows import Flows, items_of, name_in_path
from augury.client.problems import error_of
from augury.client.records import Health, Model, OperationInfo
from augury.client.steps import Attempt, Call, Failure, Flow, Reply
from augury.errors import Unavailable

__all__ = ["ask_health", "ask_model", "ask_models", "ask_operations"]


class _Models(msgspec.Struct, frozen=True):
    """What lists models."""

    models: tuple[Model, ...]


class _ModelDetail(msgspec.Struct, frozen=True):
    """What tells all about one."""

    model: Model
    manifest: dict[str, Any]
    row_us: float | None = None


def ask_health(flows: Flows) -> Flow[Health]:
    """Health as told, asked once; a platform that is down says so with a 503, which is no error here."""
    call = Call(method="GET", path="/health")
    outcome = yield Attempt(call=call, seconds=flows.timeouts.total_seconds)
    assert isinstance(outcome, Reply | Failure)
    try:
        if isinstance(outcome, Reply) and outcome.status in (200, 503):
            return decoded(outcome, Health, "a report of health")
    except Unavailable:
        pass
    return Health(status="unavailable", reason=str(error_of(call, outcome, 1)))


def ask_models(flows: Flows) -> Flow[tuple[Model, ...]]:
    """Every model version at work."""
    return (yield from flows.fetch("/models", _Models, "a list of models")).models


def ask_model(flows: Flows, name: str) -> Flow[Model]:
    """One model version."""
    path = f"/models/{name_in_path(name, 'a model')}"
    found = yield from flows.fetch(path, _ModelDetail, "a model")
    return msgspec.structs.replace(found.model, manifest=found.manifest, row_us=found.row_us)


def ask_operations(flows: Flows) -> Flow[tuple[OperationInfo, ...]]:
    """Every operation that the platform offers."""
    reply = yield from flows.send(Call(method="GET", path="/v1/operations"))
    items = items_of(decoded(reply, object, "a list of operations"))
    return tuple(msgspec.convert({**item, "facts": item}, OperationInfo, strict=False) for item in items)
