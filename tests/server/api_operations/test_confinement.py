"""What must not come in over a network: other people's files, code, addresses, settings; each attack is planted."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from augury.errors import Refused
from augury.operations.operation import place_of
from augury.operations.registry import operation, operations
from augury_server.api import remote_files
from augury_server.api.remote_options import confined

SECRET = "symbol,open\nSECRET-CONTENT,1\n"
ESCAPES = [
    "../outside.csv",
    "sub/../../outside.csv",
    "..",
    ".",
    "/etc/passwd",
    "//etc/passwd",
    "~/outside.csv",
    "%2e%2e/outside.csv",
    "%2e%2e%2foutside.csv",
    "..\\outside.csv",
    "C:\\outside.csv",
    "outside.csv\x00.csv",
    "out\nside.csv",
    "\u202eside.csv",
    ".hidden.csv",
    "sub/.hidden",
    "a" * 121,
    "a/" * 9 + "b.csv",
    "x" * 100_000,
    "",
    " ",
    "a.csv ",
    "file:///etc/passwd",
    "http://example.com/a.csv",
    "s3://bucket/a.csv",
    "memory://a.csv",
    "sqlite:///a.db",
    "simplecache::http://example.com/a.csv",
    "mine.py",
    "mine.py:positions",
    "mine.PY",
    "model.pkl",
    "weights.pt",
    "link.csv",
    "linked/outside.csv",
]


@pytest.fixture
def traps(sqlite_platform: Any, bars: bytes) -> Path:
    """Files beside the folder of files, and links in it that lead there."""
    files_folder = remote_files.files_folder()
    outside = files_folder.parent / "outside.csv"
    outside.write_text(SECRET, encoding="utf-8")
    (files_folder / "link.csv").symlink_to(outside)
    (files_folder / "linked").symlink_to(files_folder.parent, target_is_directory=True)
    (files_folder / "WALK.csv").write_bytes(bars)
    (files_folder / "mine.py").write_text("raise SystemExit('code was run')", encoding="utf-8")
    return files_folder


def test_no_path_leads_out_of_the_folder(traps: Path, api: Any) -> None:
    client = api.client()
    for path in ESCAPES:
        answer = client.post("/v1/operations/quality", json={"files": [path]})
        assert answer.status_code in (403, 422), (path, answer.text)
        assert "SECRET" not in answer.text
        assert len(answer.text) < 2_000
    assert api.client().post("/v1/operations/quality", json={"files": ["WALK.csv"]}).status_code == 200


def test_every_path_option_of_every_operation_is_confined(traps: Path) -> None:
    attacks = ("../outside.csv", "/etc/passwd", "link.csv", "http://example.com/a", "mine.py", "store:/etc", "a=../b")
    tried = 0
    for entry in operations().values():
        for item in (item for item in fields(entry.spec_type) if place_of(item) is not None):
            for path in attacks:
                tried += 1
                for value in (path, [path]):
                    with pytest.raises(Refused):
                        confined(entry, {item.name: value}, "administrator")
    assert tried > 300


def test_settings_of_the_server_cannot_be_given(traps: Path, api: Any) -> None:
    names = [name for name in operations() if "." in name]
    assert len(names) > 50
    for name in names:
        for options in ({"config": "other.toml"}, {"set": ["database.url=sqlite:///other.db"]}):
            with pytest.raises(Refused, match="has its settings already"):
                confined(operation(name), options, "administrator")
    for options in ({"config": "other.toml"}, {"set": ["web.port=1"]}):
        assert api.client("administrator").post("/v1/operations/registry.list", json=options).status_code == 403
    assert api.client().post("/v1/operations/registry.list", json={"config": None, "set": []}).status_code == 200


def test_code_is_not_run_as_a_strategy_or_a_feature(traps: Path, api: Any) -> None:
    client = api.client("operator")
    for name, options in (
        ("backtest", {"strategy": "mine.py", "file": "WALK.csv"}),
        ("compare", {"strategies": ["a=mine.py", "sma_crossover"], "file": "WALK.csv"}),
        ("leaks", {"subject": "mine.py:features", "file": "WALK.csv"}),
        ("validate", {"strategy": str(traps / "mine.py"), "file": "WALK.csv"}),
    ):
        answer = client.post(f"/v1/operations/{name}", json=options)
        assert answer.status_code == 403, (name, answer.text)
        assert "code" in answer.json()["detail"]


def test_code_within_the_options_of_a_job_or_a_schedule_is_found(traps: Path, api: Any) -> None:
    from augury_server.jobs.models import Job, Schedule

    client = api.client("operator")
    for option in ("strategy=mine.py", "--file=/etc/passwd", "file=../outside.csv", 'file="/etc/passwd"'):
        for verb, more in (("jobs.submit", {}), ("schedules.add", {"name": "s", "every_seconds": 60})):
            texts = ["strategy=sma_crossover", "file=WALK.csv"]
            texts = [text for text in texts if text.partition("=")[0] != option.strip("-").partition("=")[0]]
            options = {"operation": "backtest", "option": [*texts, option], **more}
            answer = client.post(f"/v1/operations/{verb}", json=options)
            assert answer.status_code == 403, (verb, option, answer.text)
    answer = client.post("/v1/operations/jobs.submit", json={"operation": "verify", "option": ["run=WALK.csv"]})
    assert answer.status_code == 403
    answer = client.post("/v1/operations/jobs.submit", json={"operation": "db.retain", "option": ["set=web.port=1"]})
    assert answer.status_code in (403, 422)
    assert not Job.objects.exists()
    assert not Schedule.objects.exists()


def test_what_a_job_within_a_verb_may_name_is_led_into_the_folder(traps: Path, api: Any) -> None:
    from augury_server.jobs.models import Job

    options = {"operation": "backtest", "option": ["strategy=sma_crossover", "file=WALK.csv", "parameters=fast=5"]}
    answer = api.client("operator").post("/v1/operations/jobs.submit", json=options)
    assert answer.status_code == 200, answer.text
    kept = Job.objects.get().options
    assert kept["file"] == str(traps / "WALK.csv")
    assert kept["strategy"] == "sma_crossover"
    assert kept["parameters"] == ["fast=5"]
    assert str(traps) not in answer.text


def test_sources_of_bars_do_not_lead_out(traps: Path, api: Any) -> None:
    from augury_server.jobs.models import Job

    client = api.client("operator")
    for options in (
        {"source": "store:/etc"},
        {"source": "store:.."},
        {"source": "file:/etc/passwd"},
        {"source": "store", "source_option": ["store=/etc"]},
        {"source": "alpaca", "source_option": ["url=http://169.254.169.254/"], "symbols": ["A"]},
    ):
        answer = client.post("/v1/operations/ingest.bars", json=options)
        assert answer.status_code in (403, 404), (options, answer.text)
    assert not Job.objects.exists()


def test_a_model_for_texts_is_a_known_one(traps: Path, api: Any) -> None:
    client = api.client()
    assert client.post("/v1/operations/sentiment", json={"texts": ["Profit up"], "model": "lexicon"}).status_code == 200
    for name in ("owner/model", "nothing", "../x"):
        answer = client.post("/v1/operations/sentiment", json={"texts": ["Profit up"], "model": name})
        assert answer.status_code in (403, 404), answer.text


def test_a_viewer_has_no_file_written_and_an_operator_does(traps: Path, api: Any) -> None:
    options = {"file": "WALK.csv", "select": ["rsi"], "output": "rsi.csv"}
    answer = api.client("viewer").post("/v1/operations/features", json=options)
    assert answer.status_code == 403
    assert answer.json()["needed_role"] == "operator"
    assert not (traps / "rsi.csv").exists()
    answer = api.client("operator").post("/v1/operations/features", json=options)
    assert answer.status_code == 200, answer.text
    assert (traps / "rsi.csv").exists()
    assert str(traps) not in answer.text
    assert api.client().get("/v1/files/rsi.csv").status_code == 200


def test_a_link_is_not_written_through(traps: Path, api: Any) -> None:
    options = {"file": "WALK.csv", "select": ["rsi"], "output": "link.csv"}
    assert api.client("operator").post("/v1/operations/features", json=options).status_code == 403
    assert (traps.parent / "outside.csv").read_text(encoding="utf-8") == SECRET


def test_the_ledger_is_that_of_the_server_or_none(traps: Path) -> None:
    entry = operation("audit")
    with pytest.raises(Refused, match="ledger of the server"):
        confined(entry, {"ledger": "WALK.csv"}, "administrator")
    assert confined(entry, {"ledger": "off"}, "operator") == {"ledger": "off"}
    assert confined(entry, {"ledger": None}, "operator") == {"ledger": None}


def test_a_folder_that_is_there_by_default_is_one_of_the_files(traps: Path, api: Any) -> None:
    (traps / "models").mkdir()
    assert confined(operation("models"), {}, "viewer") == {"folder": str(traps / "models")}
    answer = api.client().post("/v1/operations/models")
    assert answer.status_code == 200, answer.text
    assert str(traps) not in answer.text


def test_null_characters_do_not_reach_the_database(api_both: Any) -> None:
    answer = api_both.client("operator").post("/v1/operations/universe.add", json={"name": "a\0b"})
    assert answer.status_code == 422
    for path in ("/signals?universe=%00", "/v1/jobs?operation=%00", "/signals/%00", "/v1/files/%00"):
        assert api_both.client().get(path).status_code in (403, 404, 422)


def test_messages_do_not_tell_where_the_folder_is(traps: Path, api: Any) -> None:
    (traps / "broken.csv").write_text("no bars at all", encoding="utf-8")
    answer = api.client().post("/v1/operations/features", json={"file": "broken.csv"})
    assert answer.status_code == 422
    assert "broken.csv" in json.dumps(answer.json())
    assert str(traps) not in answer.text
