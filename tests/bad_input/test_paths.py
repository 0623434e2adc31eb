"""Paths that are no readable file: none hangs, each is named with what it is."""

from __future__ import annotations

import os
import socket

import pytest

from augury.errors import AuguryError, InvalidInput, NotFound
from augury.market import read_bars, read_news, read_universe


@pytest.fixture
def places(good, tmp_path):
    (tmp_path / "AAPL.csv").write_text(good.text())
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "circle.csv").symlink_to(tmp_path / "circle.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "null.csv").symlink_to(os.devnull)
    return tmp_path


PATHS = {
    "AAPL.csv/x.csv": ["no such file", "AAPL.csv is a file, not a folder"],
    "nowhere/x.csv": ["no such file", "nowhere does not exist"],
    "APPL.csv": ["no such file", "did you mean 'AAPL.csv'"],
    "folder.csv": ["expected a file, got a directory"],
    "dangling.csv": ["no such file", "a link to", "nowhere.csv", "leads nowhere"],
    "circle.csv": ["a link to", "circle.csv"],
    "pipe.csv": ["expected a file, got a pipe", "save"],
    "null.csv": ["expected a file, got a pipe or a device"],
    "x" * 300 + ".csv": ["cannot be read", "name too long"],
    "a\0b.csv": ["a\\x00b.csv", "no such file|null"],
    "~nobody_of_that_name/a.csv": ["no such file|cannot be read"],
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", PATHS, ids=[name[:20].replace("\0", "0") for name in PATHS])
@pytest.mark.parametrize("command", ["features", "quality", "signals"])
def test_each_place_is_named_with_what_it_is(name, command, places, fails):
    path = name if name.startswith("~") else f"{places}/{name}"
    message = fails(3, command, path)
    for word in PATHS[name]:
        assert any(choice in message for choice in word.split("|")), message


@pytest.mark.timeout(60)
@pytest.mark.parametrize("read", [read_bars, read_news, read_universe])
def test_a_pipe_without_a_writer_does_not_make_a_reader_wait(read, places):
    for name in ("pipe.csv", "pipe.jsonl"):
        with pytest.raises(InvalidInput, match=r"pipe|suffix"):
            read(places / name)


def test_a_socket_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.csv")
        with pytest.raises(InvalidInput, match="expected a file"):
            read_bars("s.csv")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_said_to_be_empty(name, fails):
    assert "empty text" in fails(3, "features", name)


def test_a_folder_without_files_of_bars_does_not_list_other_things(tmp_path):
    (tmp_path / ".secret").write_text("x")
    with pytest.raises(NotFound, match="holds no file of bars or news"):
        read_bars(tmp_path / "a.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights_is_refused(good, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    (locked / "a.csv").write_text(good.text())
    locked.chmod(0)
    try:
        with pytest.raises(AuguryError, match="cannot be read"):
            read_bars(locked / "a.csv")
    finally:
        locked.chmod(0o700)


def test_a_file_name_that_is_no_text_is_shown_and_not_a_failure(good, tmp_path, process):
    path = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    with open(path, "wb") as stream:  # noqa: PTH123
        stream.write(good.text(50).encode())
    done = process("quality", os.fsdecode(path), "--json")
    assert done.returncode == 0, done.stderr
    assert "internal error" not in done.stderr
