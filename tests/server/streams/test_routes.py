"""/streams as uvicorn serves it, by httpx and websockets: every path, refusals, lines, events, sockets."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from augury_server.streams.session import StreamSession
from augury_server.streams.spec import StreamSpec

NDJSON = {"content-type": "application/x-ndjson"}


def opened(client, **options):
    answer = client.post("/streams", json=options)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/streams/{answer.json()['id']}"
    return answer.json()["id"]


def lines_of(places):
    return b"".join(b'{"value":%d,"at_ns":%d}\n' % (place % 7, place) for place in places)


def events_of(lines):
    """Server-sent events as (id, event, data), by the rules of the standard."""
    update_id, event, data = None, "message", []
    for line in lines:
        if not line:
            if data:
                yield update_id, event, json.loads("\n".join(data))
            event, data = "message", []
        elif not line.startswith(":"):
            name, _, rest = line.partition(": ")
            if name == "id":
                update_id = int(rest)
            elif name == "event":
                event = rest
            elif name == "data":
                data.append(rest)


def test_a_session_is_opened_looked_at_updated_listed_and_ended(served):
    ada = served.client()
    mine = opened(ada, name="load", window=5, change={"arl0": 200})
    wanted = StreamSession(StreamSpec.from_dict({"name": "load", "window": 5, "change": {"arl0": 200}}))
    for place in range(1, 60):
        wanted.update(float(place % 7), place)
        answer = ada.post(f"/streams/{mine}", json={"value": place % 7, "at_ns": place})
        assert answer.status_code == 200
        assert answer.content == wanted.kept[-1][1]
    facts = ada.get(f"/streams/{mine}").json()
    assert (facts["updates"], facts["last_at_ns"], facts["spec"]["window"]) == (59, 59, 5)
    assert facts["last"] == answer.json()
    assert [line["name"] for line in ada.get("/streams").json()["sessions"]] == ["load"]
    assert ada.delete(f"/streams/{mine}").status_code == 204
    for answer in (ada.get(f"/streams/{mine}"), ada.delete(f"/streams/{mine}"), ada.post(f"/streams/{mine}", json={})):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_session_of_another_key_does_not_exist(served):
    mine = opened(served.client("ada"))
    bob = served.client("bob")
    mistaken = "st_" + "x" * 24
    for one in (mine, mistaken):
        answers = [
            bob.get(f"/streams/{one}"), bob.post(f"/streams/{one}", json={"value": 1}), bob.delete(f"/streams/{one}"),
            bob.get(f"/streams/{one}/events"),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [404] * 4
        with pytest.raises(InvalidStatus) as caught:
            connect(
                f"{served.url.replace('http', 'ws')}/streams/{one}/socket", additional_headers=served.headers("bob")
            )
        assert caught.value.response.status_code == 404
    assert httpx.get(f"{served.url}/streams/{mine}").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"value": 1, "at_ns": 5}', 409), (b'{"value": 1, "at_ns": 4}', 409), (b'{"value": NaN}', 400),
        (b'{"value": 1e999}', 422), (b'{"value": "1"}', 422), (b'{"value": 1, "mystery": 2}', 422), (b"{}", 422),
        (b'{"value": 1e200}', 422), (b"[" * 100_000, 400), (b"\xff", 400), (b"", 400), (b'{"value": null}', 422),
        (b'{"value": 1, "at_ns": 99999999999999999999999}', 422),
    ],
)  # fmt: skip
def test_a_refused_update_says_why_and_changes_nothing(served, body, status):
    ada = served.client()
    mine = opened(ada)
    first = ada.post(f"/streams/{mine}", json={"value": 1.5, "at_ns": 5}).json()
    answer = ada.post(f"/streams/{mine}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert len(answer.json()["detail"]) > 10
    facts = ada.get(f"/streams/{mine}").json()
    assert (facts["updates"], facts["last"]) == (1, first)


@pytest.mark.parametrize(
    "options",
    [
        {"window": 1}, {"window": 10**9}, {"mystery": 1}, {"kind": "bars", "model": "nothing"}, {"model": "trend"},
        {"change": {"method": "psychic"}}, {"durable": True}, {"simple_averages": [3, 3]}, {"change": {"arl0": 1}},
    ],
)  # fmt: skip
def test_wrong_options_are_refused(served, options):
    answer = served.client().post("/streams", json=options)
    assert answer.status_code in (404, 422)
    assert answer.json()["detail"]


def test_lists_are_read_page_by_page(served):
    ada = served.client()
    mine = {opened(ada) for _ in range(7)}
    seen, where = [], "/streams?limit=3"
    while where:
        answer = ada.get(where)
        seen += [line["id"] for line in answer.json()["sessions"]]
        where = answer.links.get("next", {}).get("url")
    assert seen == sorted(mine)
    for wrong in ("limit=0", "limit=x", "cursor=%00", "cursor=abc", "limit=1&limit=2", "mystery=1"):
        assert ada.get(f"/streams?{wrong}").status_code == 422


def test_lines_are_answered_one_by_one_and_wrong_ones_as_such(served):
    ada = served.client()
    mine = opened(ada)
    wrong = b'{"value":1,"at_ns":3}\nnot json\n\n{"value":2,"at_ns":9}\n'
    answer = ada.post(f"/streams/{mine}", content=lines_of(range(1, 6)) + wrong, headers=NDJSON)
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [one.get("id") for one in found] == [1, 2, 3, 4, 5, None, None, 6]
    assert [(one["line"], one["error"]["status"]) for one in found[5:7]] == [(6, 409), (7, 400)]


def test_a_thousand_lines_equal_a_thousand_updates(served):
    ada = served.client()
    mine = opened(ada, change={})
    answer = ada.post(f"/streams/{mine}", content=lines_of(range(1, 1001)), headers=NDJSON)
    wanted = StreamSession(StreamSpec.from_dict({"change": {}, "kept_updates": 1000}))
    for place in range(1, 1001):
        wanted.update(float(place % 7), place)
    assert answer.content.splitlines() == [found for _, found in wanted.kept]


def test_lines_are_answered_while_the_request_still_goes_on(served):
    mine = opened(served.client())
    with socket.create_connection(("127.0.0.1", served.port), 20) as plain:
        head = f"POST /streams/{mine} HTTP/1.1\r\nhost: x\r\n{_header(served)}content-type: application/x-ndjson\r\n"
        plain.sendall(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        reader = plain.makefile("rb")
        for place in (1, 2, 3):
            line = lines_of([place])
            plain.sendall(b"%x\r\n%b\r\n" % (len(line), line))
            while not (got := reader.readline()).startswith(b"{"):
                assert got
            assert json.loads(got)["id"] == place
        plain.sendall(b"0\r\n\r\n")


def _header(served):
    return f"authorization: {served.headers()['authorization']}\r\n"


def test_a_client_that_does_not_read_is_not_read_from_either(served):
    """Back-pressure: the server takes in no more than buffers hold while its answers are not taken."""
    mine = opened(served.client())
    with socket.create_connection(("127.0.0.1", served.port), 20) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = f"POST /streams/{mine} HTTP/1.1\r\nhost: x\r\n{_header(served)}content-type: application/x-ndjson\r\n"
        plain.sendall(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        plain.settimeout(2.0)
        sent = lines_until_stuck(plain)
        held = served.client().get(f"/streams/{mine}").json()["updates"]
        assert held < sent < 1_000_000


def lines_until_stuck(plain):
    for start in range(0, 3_000_000, 1000):
        body = lines_of(range(start + 1, start + 1001))
        try:
            plain.sendall(b"%x\r\n%b\r\n" % (len(body), body))
        except TimeoutError:
            return start + 1000
    return 3_000_000


def test_events_come_as_they_are_and_resume_where_they_were_cut(served):
    ada = served.client()
    mine = opened(ada, kept_updates=4)
    ada.post(f"/streams/{mine}", content=lines_of(range(1, 4)), headers=NDJSON)
    with ada.stream("GET", f"/streams/{mine}/events?after=1") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = events_of(stream.iter_lines())
        assert [next(events)[0] for _ in range(2)] == [2, 3]
        sent = served.client().post(f"/streams/{mine}", json={"value": 1, "at_ns": 50}).json()
        assert next(events) == (4, "update", sent)
    served.client().post(f"/streams/{mine}", content=lines_of(range(100, 110)), headers=NDJSON)
    with ada.stream("GET", f"/streams/{mine}/events", headers={"last-event-id": "4"}) as stream:
        events = events_of(stream.iter_lines())
        assert next(events)[1:] == ("missed", {"after": 4, "before": 11})
        assert [next(events)[0] for _ in range(4)] == [11, 12, 13, 14]
        served.client().delete(f"/streams/{mine}")
        assert next(events)[1:] == ("end", {"reason": "gone", "detail": "the session is over"})
        assert list(events) == []
    other = opened(ada)
    assert ada.get(f"/streams/{other}/events", headers={"last-event-id": "x"}).status_code == 422


def test_a_reader_that_leaves_is_forgotten(served):
    ada = served.client()
    mine = opened(ada)
    with ada.stream("GET", f"/streams/{mine}/events"):
        assert served.state.sessions.health().readers == 1
    end = time.monotonic() + 20
    while served.state.sessions.health().readers:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_socket_takes_updates_and_tells_every_answer(served):
    ada = served.client()
    mine = opened(ada)
    where = f"{served.url.replace('http', 'ws')}/streams/{mine}/socket"
    with (
        connect(where, additional_headers=served.headers()) as one,
        connect(where, additional_headers=served.headers()) as two,
    ):
        for place in range(1, 500):
            one.send(json.dumps({"value": place % 7, "at_ns": place}))
            found = one.recv(10)
            assert json.loads(found)["id"] == place
            assert two.recv(10) == found
        one.send(json.dumps({"value": 1, "at_ns": 3}))
        assert json.loads(one.recv(10))["error"]["status"] == 409
        one.send("no json")
        assert json.loads(one.recv(10))["error"]["status"] == 400
        ada.delete(f"/streams/{mine}")
        for each in (one, two):
            assert json.loads(each.recv(10)) == {"end": "gone"}
            with pytest.raises(ConnectionClosed) as caught:
                each.recv(10)
            assert caught.value.rcvd.code == 1000


def messages_until_closed(connection):
    found = []
    while True:
        try:
            found.append(json.loads(connection.recv(20)))
        except ConnectionClosed as error:
            return found, error.rcvd.code


def test_a_slow_socket_is_told_and_closed_with_its_code(served):
    """It does not read while 40,000 answers come; what it finds later is a run of answers, the reason and 1013."""
    ada = served.client()
    mine = opened(ada)
    where = f"{served.url.replace('http', 'ws')}/streams/{mine}/socket"
    with connect(where, additional_headers=served.headers(), max_queue=1, compression=None) as slow:
        for start in range(1, 400_000, 2000):
            ada.post(f"/streams/{mine}", content=lines_of(range(start, start + 2000)), headers=NDJSON)
            if not served.state.sessions.health().readers:
                break
        found, code = messages_until_closed(slow)
        assert found[-1] == {"end": "slow"}
        assert [one["id"] for one in found[:-1]] == list(range(1, len(found)))
        assert code == 1013


def test_sessions_go_on_after_a_restart_of_the_server(serve, redis_server, platforms, tmp_path):
    url = f"redis://127.0.0.1:{redis_server.port}/0"
    platform = next(platforms("sqlite", tmp_path / "shared", None, **{"redis.url": url, "redis.timeout_seconds": 2.0}))
    first = serve(platform)
    mine = opened(first.client(), durable=False)
    first.client().post(f"/streams/{mine}", content=lines_of(range(1, 21)), headers=NDJSON)
    first.stop()
    second = serve(platform, first.keys)
    answer = second.client().post(f"/streams/{mine}", json={"value": 3, "at_ns": 99})
    assert answer.status_code == 200
    assert answer.json()["id"] == 21


def test_the_description_tells_every_path():
    from augury_server.api.routes import streams, streams_live

    described = {**streams.openapi, **streams_live.openapi}
    assert set(described) == {"/streams", "/streams/{id}", "/streams/{id}/events"}
    assert "201" in described["/streams"]["post"]["responses"]
    assert "anyOf" in described["/streams/{id}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
