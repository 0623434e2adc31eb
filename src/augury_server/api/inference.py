"""The Open Inference Protocol on the desk: requests to questions, answers to named tensors, models to metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from augury.errors import InvalidInput, NotFound, nearest
from augury.learning import Manifest
from augury_server.api.inference_bodies import InferBody, InferReply, RequestedOutput
from augury_server.api.predict_bodies import moment_of
from augury_server.api.tensors import output_tensor, read_tensors
from augury_server.serving.asking import Answer, Ask
from augury_server.serving.deciding import Desk
from augury_server.serving.host import ModelHost
from augury_server.serving.hosted import HostedModel
from augury_server.serving.routing import Route

__all__ = ["PLATFORM", "Said", "ask_of_infer", "decided", "model_metadata", "referred", "reply_of_infer"]

PLATFORM = "onnxruntime_onnx"
_CLASSIFICATION = {"probabilities": "FP64", "decision": "INT64", "p_up": "FP64"}
_REGRESSION = {"values": "FP64"}
_NOT_OFFERED = {
    "classification": "read probabilities and decision instead",
    "shared_memory_region": "shared memory is not written here",
}


class Said(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Tensors by name, as far as the model gives them, and who answered; no version where there were no rows."""

    tensors: Mapping[str, Any]
    version: int = 0
    artefact: str = ""
    experiment: str = ""
    variant: str = ""


def referred(name: str, version: str | None) -> str:
    """How the host calls what a path names; without a version the champion, where experiments route."""
    if version is None:
        return name
    if not (version.isascii() and version.isdigit()):
        raise NotFound(f"a version of {name[:100]!r} is a number, got {version[:40]!r}")
    return f"{name}@{int(version)}" if len(version) < 10 else f"{name}@{version}"


def model_metadata(host: ModelHost, reference: str) -> dict[str, Any]:
    """The protocol's description of a hosted model; NotFound when there is none."""
    model = host.model(reference)
    manifest = model.manifest
    versions = [str(one.version) for one in host.models() if one.name == model.name]
    inputs = [
        {"name": form.name, "datatype": "FP32", "shape": [length or -1 for length in form.shape]}
        for form in manifest.inputs
    ]
    outputs = [
        {"name": name, "datatype": kind, "shape": [-1, len(manifest.classes)] if name == "probabilities" else [-1]}
        for name, kind in _outputs(manifest).items()
    ]
    return {"name": model.name, "versions": versions, "platform": PLATFORM, "inputs": inputs, "outputs": outputs}


def ask_of_infer(
    asked: InferBody, binary: memoryview, route: Route, reference: str, *, request_id: str, most: int
) -> Ask:
    """The question to the desk. Its parameters `symbol`, `bar_opened_at` and `unit` say what the rows are about.

    Raises InvalidInput for what the model does not read, does not give or this server does not do.
    """
    if asked.parameters.get("sequence_id"):
        raise InvalidInput("sequences that keep a state are not offered; open a session under /streams")
    manifest = route.model.manifest
    _check_outputs(asked.outputs, _outputs(manifest))
    arrays = read_tensors(asked.inputs, binary, most=most)
    forms = manifest.inputs
    alone = len(forms) == 1 and list(arrays) == [forms[0].name]
    return Ask(
        model=reference,
        route=route,
        rows=arrays[forms[0].name] if alone else arrays,
        symbol=_text(asked.parameters, "symbol"),
        bar_opened_at_ns=_moment(asked.parameters),
        unit=_text(asked.parameters, "unit"),
        request_id=request_id,
    )


async def decided(desk: Desk, ask: Ask, asked: InferBody) -> Said:
    """What the desk says: about one row alone, which takes a quarter of the time, or about any other number."""
    if all(tensor.shape[0] == 1 for tensor in asked.inputs):
        return _said_of_one(await desk.decide(ask))
    found = await desk.decide_rows(ask)
    places = {decision: place for place, decision in enumerate(found.classes)}
    decisions = np.array([places.get(decision, -1) for decision in found.decisions], dtype=np.int64)
    tensors = {"probabilities": found.probabilities, "decision": decisions, "p_up": found.p_up, "values": found.values}
    if not len(found):
        return Said(tensors=tensors)
    return Said(
        tensors=tensors,
        version=found.versions[0],
        artefact=found.artefacts[0],
        experiment=found.experiment,
        variant=found.variants[0],
    )


def reply_of_infer(asked: InferBody, model: HostedModel, said: Said) -> tuple[InferReply, list[bytes]]:
    """The answers as the tensors that were asked for, all of them if none was, and the bytes that follow the JSON."""
    kinds = _outputs(model.manifest)
    as_bytes = asked.parameters.get("binary_data_output") is True
    tensors, content = [], []
    for output in asked.outputs or [RequestedOutput(name=name) for name in kinds]:
        binary = output.parameters.get("binary_data", as_bytes) is True
        tensor, following = output_tensor(output.name, kinds[output.name], said.tensors[output.name], binary=binary)
        tensors.append(tensor)
        content.append(following)
    parameters: dict[str, Any] = {"artefact": said.artefact or model.artefact_id}
    if said.experiment:
        parameters |= {"experiment": said.experiment, "variant": said.variant}
    reply = InferReply(
        model_name=model.name,
        model_version=str(said.version or model.version),
        id=asked.id,
        parameters=parameters,
        outputs=tensors,
    )
    return reply, content


def _said_of_one(answer: Answer) -> Said:
    decision = answer.classes.index(answer.decision) if answer.decision else -1
    return Said(
        tensors={
            "probabilities": np.array([answer.probabilities]),
            "decision": np.array([decision]),
            "p_up": np.array([answer.p_up]),
            "values": np.array([answer.value]),
        },
        version=answer.version,
        artefact=answer.artefact,
        experiment=answer.experiment,
        variant=answer.variant,
    )


def _outputs(manifest: Manifest) -> Mapping[str, str]:
    """Names and types of what a model gives."""
    return _CLASSIFICATION if manifest.classes else _REGRESSION


def _check_outputs(wanted: Sequence[RequestedOutput], kinds: Mapping[str, str]) -> None:
    names = [output.name for output in wanted]
    for output in wanted:
        if output.name not in kinds:
            raise InvalidInput(f"there is no output {output.name!r:.80}; {nearest(output.name, kinds)}")
        for parameter, reason in _NOT_OFFERED.items():
            if parameter in output.parameters:
                raise InvalidInput(f"output {output.name!r} asks for {parameter}, which is not offered; {reason}")
    if len(set(names)) < len(names):
        raise InvalidInput(f"an output is asked for twice: {', '.join(names)}")


def _text(parameters: Mapping[str, Any], name: str) -> str:
    value = parameters.get(name, "")
    if not isinstance(value, str):
        raise InvalidInput(f"parameter {name!r} should be text, got {value!r:.80}")
    return value


def _moment(parameters: Mapping[str, Any]) -> int | None:
    value = parameters.get("bar_opened_at")
    if value is not None and (not isinstance(value, int | str) or isinstance(value, bool)):
        raise InvalidInput(f"parameter 'bar_opened_at' should be ns since 1970 or ISO 8601 text, got {value!r:.80}")
    return moment_of(value)
