"""Messages as files: whole or not there, taken once, in the order in which they were put."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kombu import Connection

from augury_server.jobs import file_messages
from augury_server.jobs.file_messages import count_messages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "control").mkdir()
    return tmp_path


def connect(folder: Path) -> Any:
    options = {
        "control_folder": str(folder / "control"), "data_folder_in": str(folder), "data_folder_out": str(folder),
    }  # fmt: skip
    return Connection(
        "filesystem://localhost", transport="augury_server.jobs.file_messages:Transport", transport_options=options
    )


def take_all(channel: Any, queue: str) -> list[Any]:
    found = []
    while True:
        try:
            found.append(channel._get(queue))
        except Empty:
            return found


def test_messages_come_out_once_and_in_order_each_from_its_own_queue(folder: Path) -> None:
    with connect(folder) as writer, connect(folder) as reader:
        for number in range(50):
            writer.default_channel._put(f"q{number % 2}", {"n": number})
        assert [count_messages(folder, f"q{n}") for n in range(3)] == [25, 25, 0]
        assert [message["n"] for message in take_all(reader.default_channel, "q1")] == list(range(1, 50, 2))
        assert take_all(reader.default_channel, "q1") == []
        assert len(take_all(reader.default_channel, "q0")) == 25
    assert not list(folder.glob("*.*"))


def test_a_message_half_written_or_damaged_is_not_delivered_and_stops_nobody(folder: Path) -> None:
    with connect(folder) as broker:
        channel = broker.default_channel
        (folder / "0-half.draft").write_text('{"n":')
        (folder / "0-damaged.q.msg").write_text('{"n":')
        channel._put("q", {"n": 1})
        assert take_all(channel, "q") == [{"n": 1}]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=8), st.text() | st.integers() | st.none(), max_size=3), max_size=8))
def test_what_is_put_is_what_is_taken(tmp_path_factory: pytest.TempPathFactory, messages: list[dict[str, Any]]) -> None:
    folder = tmp_path_factory.mktemp("messages")
    (folder / "control").mkdir()
    with connect(folder) as broker:
        for message in messages:
            broker.default_channel._put("q", message)
        assert take_all(broker.default_channel, "q") == messages


def test_with_no_room_for_another_message_the_worker_gets_to_acknowledge_soon_and_the_longer_jobs_take_the_rarer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(file_messages.time, "sleep", pauses.append)
    came: list[Any] = []
    with connect(folder) as broker:
        channel = broker.default_channel
        channel.basic_qos(0, 1, False)
        for number in range(2):
            channel.queue_declare("q")
            channel.basic_publish(channel.prepare_message(str(number)), "", "q")
        channel.basic_consume("q", no_ack=False, callback=came.append, consumer_tag="c")
        broker.drain_events(timeout=2.0)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                broker.drain_events(timeout=2.0)
        assert len(came) == 1
        assert pauses[0] == file_messages.SHORTEST_PAUSE
        assert pauses == sorted(pauses)
        assert pauses[-1] == file_messages.LONGEST_PAUSE
        assert len(pauses) == 20, "one pause a call: acknowledgements wait for its end"
        channel.basic_ack(came[0].delivery_tag)
        broker.drain_events(timeout=2.0)
        assert len(came) == 2
        with pytest.raises(TimeoutError):
            broker.drain_events(timeout=2.0)
        assert pauses[-1] == file_messages.SHORTEST_PAUSE


def test_processes_that_take_and_put_at_once_neither_lose_nor_double(folder: Path) -> None:
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[2])\n"
        "from test_file_messages import connect, take_all\n"
        "from pathlib import Path\n"
        "broker = connect(Path(sys.argv[1])); channel = broker.default_channel\n"
        "found = []; until = time.monotonic() + 60; end = Path(sys.argv[1]) / 'end'\n"
        "while not end.exists() and time.monotonic() < until:\n    found += take_all(channel, 'q')\n"
        "found += take_all(channel, 'q')\n"
        "print(*[message['n'] for message in found])"
    )
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder), str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    with connect(folder) as broker:
        for number in range(400):
            broker.default_channel._put("q", {"n": number, "filler": "x" * 2000})
    (folder / "end").touch()
    taken = [int(number) for taker in takers for number in taker.communicate(timeout=90)[0].split()]
    assert sorted(taken) == list(range(400))
