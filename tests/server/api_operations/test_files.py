"""Files: whole or not at all, told by their hash, within their room."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from pathlib import Path
from typing import Any


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()}"'


def test_a_file_comes_back_as_it_was_sent(api: Any, bars: bytes) -> None:
    client = api.client("operator")
    made = client.put("/v1/files/WALK.csv", content=bars)
    assert made.status_code == 201
    assert made.headers["etag"] == _tag(bars)
    assert made.json()["bytes"] == len(bars)
    got = api.client("viewer").get("/v1/files/WALK.csv")
    assert (got.content, got.headers["etag"]) == (bars, _tag(bars))
    assert got.headers["content-disposition"] == 'attachment; filename="WALK.csv"'
    head = api.client().head("/v1/files/WALK.csv")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(bars)))
    assert api.client().get("/v1/files/WALK.csv", headers={"if-none-match": _tag(bars)}).status_code == 304
    assert client.delete("/v1/files/WALK.csv").status_code == 204
    assert client.get("/v1/files/WALK.csv").status_code == 404
    assert client.delete("/v1/files/WALK.csv").status_code == 404


def test_a_large_file_goes_through_in_pieces(api: Any) -> None:
    content = os.urandom(3_000_001)
    client = api.client("operator")

    def pieces() -> Any:
        for start in range(0, len(content), 70_000):
            yield content[start : start + 70_000]

    assert client.put("/v1/files/large.bin", content=pieces()).status_code == 201
    assert client.get("/v1/files/large.bin").content == content
    assert client.put("/v1/files/empty.csv", content=b"").status_code == 201
    assert client.get("/v1/files/empty.csv").content == b""


def test_conditions_guard_what_is_there(api: Any) -> None:
    client = api.client("operator")
    assert client.put("/v1/files/a.csv", content=b"1", headers={"if-match": "*"}).status_code == 412
    assert client.put("/v1/files/a.csv", content=b"1", headers={"if-none-match": "*"}).status_code == 201
    assert client.put("/v1/files/a.csv", content=b"2", headers={"if-none-match": "*"}).status_code == 412
    assert client.put("/v1/files/a.csv", content=b"2", headers={"if-match": _tag(b"0")}).status_code == 412
    assert client.get("/v1/files/a.csv").content == b"1"
    assert client.put("/v1/files/a.csv", content=b"2", headers={"if-match": _tag(b"1")}).status_code == 200
    assert client.delete("/v1/files/a.csv", headers={"if-match": _tag(b"1")}).status_code == 412
    assert client.delete("/v1/files/a.csv", headers={"if-match": f"W/{_tag(b'2')}"}).status_code == 412
    assert client.delete("/v1/files/a.csv", headers={"if-match": f'"x", {_tag(b"2")}'}).status_code == 204


def test_a_file_that_was_replaced_on_disk_has_another_tag(api: Any, files_folder: Path) -> None:
    client = api.client("operator")
    client.put("/v1/files/a.csv", content=b"first")
    other = files_folder / "draft"
    other.write_bytes(b"other")
    other.replace(files_folder / "a.csv")
    assert client.get("/v1/files/a.csv").headers["etag"] == _tag(b"other")


NAMES = [
    "%2e%2e", "%2e%2e%2fx.csv", "..%5cx.csv", "a%2fb.csv", ".hidden", "a%00b", "a%0ab", "x" * 121, "x" * 5_000,
    "mine.py", "m.pickle", "a.csv%20", "%ff", "caf%C3%A9", ".lock", ".upload-1", "-", "%20",
]  # fmt: skip


def test_names_that_may_not_be_are_refused_by_every_method(api: Any, files_folder: Path) -> None:
    client = api.client("operator")
    before = sorted(files_folder.parent.rglob("*"))
    for name in NAMES:
        for method in ("PUT", "GET", "HEAD", "DELETE"):
            answer = client.request(method, f"/v1/files/{name}", content=b"x" if method == "PUT" else None)
            assert answer.status_code in (403, 404, 405, 422), (name, method, answer.status_code)
    assert [path for path in sorted(files_folder.parent.rglob("*")) if path not in before] == []


def test_links_are_neither_sent_nor_listed_nor_replaced_nor_followed(api: Any, files_folder: Path) -> None:
    outside = files_folder.parent / "outside.csv"
    outside.write_text("SECRET", encoding="utf-8")
    (files_folder / "link.csv").symlink_to(outside)
    (files_folder / "folder").symlink_to(files_folder.parent, target_is_directory=True)
    client = api.client("operator")
    assert client.get("/v1/files/link.csv").status_code == 404
    assert client.get("/v1/files/folder").status_code == 404
    assert client.put("/v1/files/link.csv", content=b"x").status_code == 409
    assert client.delete("/v1/files/folder").status_code == 404
    assert client.get("/v1/files").json()["files"] == []
    assert outside.read_text(encoding="utf-8") == "SECRET"


def test_a_folder_that_an_operation_made_is_listed_and_removed_without_what_it_links_to(
    api: Any, files_folder: Path
) -> None:
    outside = files_folder.parent / "kept"
    outside.mkdir()
    (outside / "kept.csv").write_text("kept", encoding="utf-8")
    (files_folder / "model").mkdir()
    (files_folder / "model" / "manifest.json").write_text("{}", encoding="utf-8")
    (files_folder / "model" / "link").symlink_to(outside, target_is_directory=True)
    client = api.client("operator")
    (listed,) = client.get("/v1/files").json()["files"]
    assert (listed["name"], listed["folder"], listed["bytes"]) == ("model", True, 2)
    assert client.get("/v1/files/model").status_code == 409
    assert client.put("/v1/files/model", content=b"x").status_code == 409
    assert client.delete("/v1/files/model").status_code == 204
    assert (outside / "kept.csv").exists()


def test_the_list_is_walked_page_by_page(api: Any) -> None:
    client = api.client("operator")
    names = [f"{name}.csv" for name in "dbace"]
    for name in names:
        client.put(f"/v1/files/{name}", content=b"1")
    seen, place = [], "/v1/files?limit=2"
    for _ in range(10):
        page = client.get(place)
        seen += [item["name"] for item in page.json()["files"]]
        if "link" not in page.headers:
            break
        place = page.links["next"]["url"]
    assert seen == sorted(names)
    assert client.get("/v1/files?cursor=nonsense").status_code == 422
    assert client.get("/v1/files?limit=0").status_code == 422


def test_viewers_read_only_and_changes_are_recorded(api: Any) -> None:
    from augury_server.accounts.models import AuditEntry

    assert api.client("viewer").put("/v1/files/a.csv", content=b"1").status_code == 403
    api.client("operator").put("/v1/files/a.csv", content=b"1")
    assert api.client("viewer").delete("/v1/files/a.csv").status_code == 403
    api.client("operator").delete("/v1/files/a.csv")
    entries = list(
        AuditEntry.objects.filter(action__startswith="files").order_by("id").values_list("action", "target", "actor")
    )
    assert entries == [("files.upload", "a.csv", "key:operator-key"), ("files.delete", "a.csv", "key:operator-key")]


def test_the_room_has_an_end(platforms: Any, tmp_path: Path, serve: Any) -> None:
    platform = next(platforms("sqlite", tmp_path, None, **{"api.files_megabytes": 1}))
    api = serve(platform)
    client = api.client("operator")
    assert client.put("/v1/files/a.bin", content=b"a" * 700_000).status_code == 201
    assert client.put("/v1/files/b.bin", content=b"b" * 400_000).status_code == 413

    def pieces() -> Any:
        for _ in range(40):
            yield b"b" * 10_000

    assert client.put("/v1/files/b.bin", content=pieces()).status_code == 413
    assert client.put("/v1/files/a.bin", content=b"c" * 900_000).status_code == 200  # in the place of its own room
    assert [item["name"] for item in client.get("/v1/files").json()["files"]] == ["a.bin"]
    assert client.put("/v1/files/c.bin", content=b"c" * 90_000).status_code == 201
    filled = {"file": "a.bin", "output": "more.csv"}
    (platform.settings.home / "files" / "d.bin").write_bytes(b"d" * 20_000)
    answer = client.post("/v1/operations/features", json=filled)
    assert answer.status_code == 403
    assert "full" in answer.json()["detail"]


def test_an_upload_that_breaks_off_leaves_nothing(api: Any, files_folder: Path) -> None:
    host, port = api.address
    request = (
        f"PUT /v1/files/broken.csv HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {api.keys['operator']}\r\n"
        "content-length: 5000000\r\n\r\n"
    )
    with socket.create_connection((host, port)) as connection:
        connection.sendall(request.encode() + b"x" * 100_000)
        until = time.monotonic() + 20
        while not list(files_folder.glob(".upload-*")):
            assert time.monotonic() < until
            time.sleep(0.01)
    until = time.monotonic() + 20
    while list(files_folder.glob(".upload-*")):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert api.client().get("/v1/files").json()["files"] == []


def test_a_draft_of_a_killed_process_is_removed_and_one_of_a_living_is_not(api: Any, files_folder: Path) -> None:
    code = (
        "from augury_server.api.file_uploads import Upload; import time\n"
        "going = Upload('dead.csv'); going.write(b'x' * 1000); print('ready', flush=True); time.sleep(60)"
    )
    process = api.platform.python(code)
    assert process.stdout.readline() == "ready\n"
    assert len(list(files_folder.glob(".upload-*"))) == 1
    client = api.client("operator")
    client.put("/v1/files/a.csv", content=b"1")
    assert len(list(files_folder.glob(".upload-*"))) == 1
    process.kill()
    process.communicate()
    client.put("/v1/files/b.csv", content=b"1")
    assert list(files_folder.glob(".upload-*")) == []
