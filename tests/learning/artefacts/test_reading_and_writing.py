from __future__ import annotations

import hashlib
import json
import os
import pickle

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from augury.errors import Conflict, InvalidArtefact, InvalidInput, NotFound
from augury.learning.artefacts.exporting import build_artefact, export_model, extras_of, seal_artefact
from augury.learning.artefacts.graph_facts import graph_facts
from augury.learning.artefacts.manifest import Manifest, ManifestExtras
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.reading import decode_manifest, encode_manifest, load_artefact
from augury.learning.artefacts.writing import write_artefact


@pytest.fixture
def folder(linear_artefact, tmp_path):
    return write_artefact(linear_artefact, tmp_path / "model").folder


def rewrite(folder, **changes):
    """Change manifest fields and make its own hash right again, as somebody who wants to deceive would."""
    values = json.loads((folder / "manifest.json").read_text())["manifest"] | changes
    content = json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
    document = {"manifest": values, "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def replace_graph(folder, graph):
    data = graph.SerializeToString() if not isinstance(graph, bytes) else graph
    (folder / "model.onnx").write_bytes(data)
    rewrite(folder, graph_sha256=hashlib.sha256(data).hexdigest(), graph_bytes=len(data))


def test_an_artefact_comes_back_as_it_was_written(linear_artefact, folder):
    again = load_artefact(folder)
    assert again == linear_artefact
    assert again.manifest.to_dict() == linear_artefact.manifest.to_dict()
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.onnx"]


def test_the_manifest_says_where_the_model_comes_from(linear_artefact, dataset):
    manifest = linear_artefact.manifest
    assert manifest.model_id.startswith("linear-")
    assert manifest.feature_ids == dataset.feature_ids
    assert manifest.columns == dataset.inputs.columns
    assert manifest.classes == ("down", "up")
    assert manifest.data_fingerprint == dataset.fingerprint
    assert manifest.fit_end == dataset.inputs.label_end.max() > manifest.last_training_time
    assert manifest.inputs[0].shape == (None, len(dataset.inputs.columns))
    assert {"augury", "onnx", "onnxruntime"} <= set(manifest.libraries)
    assert manifest.scores == {"log_loss": 0.69}


def test_equal_models_have_equal_ids_and_others_have_not(fitted, dataset, linear_artefact):
    assert build_artefact(fitted("linear"), linear_extras(dataset)).model_id == linear_artefact.model_id
    assert build_artefact(fitted("linear"), extras_of(dataset)).model_id != linear_artefact.model_id
    assert build_artefact(fitted("linear(l2=9.0)"), linear_extras(dataset)).model_id != linear_artefact.model_id


def linear_extras(dataset):
    return extras_of(dataset, scores={"log_loss": 0.69})


def test_a_folder_is_written_whole_or_not_at_all(linear_artefact, tmp_path, monkeypatch):
    import augury.learning.artefacts.writing as writing

    def full_disk(path, data):
        if path.name == "model.onnx":
            raise OSError("no space left on device")
        path.write_bytes(data)

    monkeypatch.setattr(writing, "_write_durably", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_artefact(linear_artefact, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused_unless_it_may_be_replaced(fitted, dataset, folder, linear_artefact):
    with pytest.raises(Conflict, match="replace"):
        export_model(fitted("linear"), folder)
    other = export_model(fitted("linear(l2=9.0)"), folder, extras_of(dataset), replace=True)
    assert load_artefact(folder) == other != linear_artefact
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_folder_that_is_no_artefact_is_never_replaced(linear_artefact, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("ten years of work")
    with pytest.raises(Conflict, match="no artefact"):
        write_artefact(linear_artefact, tmp_path / "thesis", replace_existing=True)
    assert (tmp_path / "thesis" / "chapter.txt").exists()


@pytest.mark.parametrize("name", ["../card.md", "model.onnx", "a/b.md", ".hidden", "/tmp/card.md"])
def test_texts_beside_the_model_stay_in_its_folder(linear_artefact, tmp_path, name):
    with pytest.raises(InvalidInput, match="plain file name"):
        write_artefact(linear_artefact, tmp_path / "model", beside={name: "text"})
    kept = write_artefact(linear_artefact, tmp_path / "model", beside={"card.md": "# Model"})
    assert (kept.folder / "card.md").read_text() == "# Model"


def test_every_flipped_byte_of_either_file_is_refused(folder):
    rng = np.random.default_rng(0)
    for name in ("manifest.json", "model.onnx"):
        whole = (folder / name).read_bytes()
        for at in rng.choice(len(whole), size=min(300, len(whole)), replace=False).tolist():
            damaged = bytearray(whole)
            damaged[at] ^= 1 << int(rng.integers(8))
            (folder / name).write_bytes(bytes(damaged))
            with pytest.raises(InvalidArtefact):
                load_artefact(folder)
        (folder / name).write_bytes(whole)
    load_artefact(folder)


def test_every_truncation_and_addition_is_refused(folder):
    for name in ("manifest.json", "model.onnx"):
        whole = (folder / name).read_bytes()
        cuts = sorted({0, 1, 2, len(whole) - 1, *range(0, len(whole), max(1, len(whole) // 60))})
        for data in [*(whole[:cut] for cut in cuts), whole + b" ", whole + b"\n", whole + whole]:
            (folder / name).write_bytes(data)
            with pytest.raises(InvalidArtefact):
                load_artefact(folder)
        (folder / name).write_bytes(whole)


def test_bytes_without_meaning_are_refused_by_the_manifest_and_the_graph_reader():
    rng = np.random.default_rng(1)
    for size in (0, 1, 5, 40, 400):
        for _ in range(30):
            noise = rng.bytes(size)
            with pytest.raises(InvalidArtefact):
                decode_manifest(noise)
            with pytest.raises(InvalidArtefact):
                graph_facts(noise)
    for text in ('{"manifest": {}}', "[" * 100_000, '{"a": NaN}', "null", '{"manifest": 1, "sha256": ""}'):
        with pytest.raises(InvalidArtefact):
            decode_manifest(text.encode())


def test_damaged_graphs_with_right_hashes_are_refused_when_they_are_loaded_or_run(folder, dataset):
    whole = (folder / "model.onnx").read_bytes()
    rng = np.random.default_rng(2)
    refused = 0
    for at in rng.choice(len(whole), size=120, replace=False).tolist():
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        replace_graph(folder, bytes(damaged))
        try:
            Predictor(folder).predict(dataset.inputs[:3])
        except InvalidArtefact:
            refused += 1
    assert refused > 20  # the others changed a weight or a name, which only the hash can tell


def test_a_future_format_is_refused_with_the_remedy(folder):
    rewrite(folder, format_version=2)
    with pytest.raises(InvalidArtefact, match="reads up to 1: upgrade with pip"):
        load_artefact(folder)


@pytest.mark.parametrize("version", [0, -1, None, "1", True, 1.5])
def test_a_format_that_is_no_version_is_refused(folder, version):
    rewrite(folder, format_version=version)
    with pytest.raises(InvalidArtefact, match="format version"):
        load_artefact(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "blue"},
        {"task": "clustering"},
        {"classes": []},
        {"graph_bytes": -1},
        {"inputs": []},
        {"calibration": {"kind": "magic"}},
        {"abstention": {"min_probability": 2.0}},
        {"feature_ids": ["rsi@0"]},
        {"graph_sha256": "abc"},
    ],
)
def test_unknown_keys_and_impossible_values_are_refused_even_with_the_right_hash(folder, change):
    rewrite(folder, **change)
    with pytest.raises(InvalidArtefact):
        load_artefact(folder)


def test_missing_folders_and_files_are_said_to_be_missing(folder, tmp_path):
    with pytest.raises(NotFound, match="no artefact folder"):
        load_artefact(tmp_path / "nowhere")
    (folder / "model.onnx").unlink()
    with pytest.raises(NotFound, match=r"no readable model\.onnx"):
        load_artefact(folder)
    (folder / "model.onnx").mkdir()
    with pytest.raises(InvalidArtefact, match="no plain file"):
        load_artefact(folder)


def test_a_pipe_in_place_of_a_file_is_refused_without_waiting(folder):
    (folder / "model.onnx").unlink()
    os.mkfifo(folder / "model.onnx")
    with pytest.raises(InvalidArtefact, match="no plain file"):
        load_artefact(folder)


def test_links_are_not_followed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere.onnx"
    (folder / "model.onnx").rename(elsewhere)
    (folder / "model.onnx").symlink_to(elsewhere)
    with pytest.raises(InvalidArtefact, match="no plain file"):
        load_artefact(folder)


def test_a_file_beyond_the_size_limit_is_not_read(folder):
    with (folder / "manifest.json").open("r+b") as file:
        file.truncate(1 << 30)  # sparse: takes no room
    with pytest.raises(InvalidArtefact, match="at most"):
        load_artefact(folder)


def graph_of(nodes, initializers=(), opsets=(("", 17),), functions=()):
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", 2])],
        list(initializers),
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid(*entry) for entry in opsets], functions=list(functions)
    )


def external_tensor(name="w"):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[3, 2], data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return tensor


MATMUL = helper.make_node("MatMul", ["features", "w"], ["probabilities"])


def inner_graph_node():
    body = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["out"])],
        "body",
        [],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [3, 2])],
        [external_tensor()],
    )
    return helper.make_node("If", ["c"], ["probabilities"], then_branch=body, else_branch=body)


@pytest.mark.parametrize(
    "graph",
    [
        graph_of([MATMUL], [external_tensor()]),
        graph_of([inner_graph_node()]),
        graph_of([helper.make_node("Constant", [], ["probabilities"], value=external_tensor())]),
    ],
    ids=["initializer", "inner graph", "constant"],
)
def test_graphs_that_refer_to_other_files_are_refused(folder, graph):
    replace_graph(folder, graph)
    with pytest.raises(InvalidArtefact, match="files outside itself"):
        load_artefact(folder)


@pytest.mark.parametrize(
    "graph",
    [
        graph_of([helper.make_node("Anything", ["features"], ["probabilities"], domain="evil.corp")]),
        graph_of([MATMUL], opsets=(("", 17), ("evil.corp", 1))),
        graph_of(
            [helper.make_node("Twice", ["features"], ["probabilities"], domain="")],
            functions=[
                helper.make_function(
                    "",
                    "Twice",
                    ["a"],
                    ["b"],
                    [helper.make_node("Add", ["a", "a"], ["b"])],
                    [helper.make_opsetid("", 17)],
                )
            ],
        ),
    ],
    ids=["node", "import", "function"],
)
def test_graphs_with_operators_of_their_own_are_refused(folder, graph):
    replace_graph(folder, graph)
    with pytest.raises(InvalidArtefact, match="only the standard operators"):
        load_artefact(folder)


def test_operators_of_onnx_runtime_are_standard_and_run(folder, linear_artefact, dataset):
    model = onnx.load_model_from_string(linear_artefact.graph)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    last = model.graph.node[-1]
    assert last.op_type == "Sigmoid"
    last.CopyFrom(helper.make_node("QuickGelu", last.input, last.output, domain="com.microsoft", alpha=1e6))
    replace_graph(folder, model)
    found = Predictor(folder).predict(dataset.inputs[:5]).raw
    margins = np.log(Predictor(linear_artefact).predict(dataset.inputs[:5]).raw)
    assert np.array_equal(found > 0.0, margins > np.log(0.5))


def test_the_facts_of_a_graph_are_those_that_the_onnx_package_reads(trees_artefact, linear_artefact):
    for artefact in (trees_artefact, linear_artefact):
        model = onnx.load_model_from_string(artefact.graph)
        facts = graph_facts(artefact.graph)
        assert facts.operators == {node.op_type for node in model.graph.node}
        assert facts.domains == {entry.domain for entry in model.opset_import}
        assert not facts.external_data
        assert facts.functions == 0


def test_a_graph_that_does_not_read_what_its_manifest_says_is_refused(linear_artefact):
    values = linear_artefact.to_dict()
    values["inputs"][0]["shape"] = [None, 99]
    with pytest.raises(InvalidArtefact, match="export the model again"):
        Predictor(seal_artefact(linear_artefact.graph, values))


def test_manifests_are_the_same_bytes_every_time(linear_artefact):
    data = encode_manifest(linear_artefact.manifest)
    assert encode_manifest(decode_manifest(data)) == data
    assert isinstance(decode_manifest(data), Manifest)


def test_pickles_are_never_loaded(folder, monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("an artefact was unpickled")

    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    Predictor(load_artefact(folder))


def test_extras_that_do_not_fit_are_refused(fitted, dataset):
    with pytest.raises(InvalidInput, match="columns"):
        build_artefact(fitted("linear"), extras_of(dataset, columns=("a", "b")))
    with pytest.raises(InvalidInput, match="id for each feature"):
        ManifestExtras(features=("rsi",))
    with pytest.raises(InvalidInput, match="score 'auc' is nan"):
        ManifestExtras(scores={"auc": float("nan")})
    with pytest.raises(InvalidInput, match="in order"):
        ManifestExtras(first_training_time=5, fit_end=4)
