"""What submitting promises: checked at once, one row a key, and no broker needed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from augury.errors import InvalidInput, NotFound, Refused
from augury_server.accounts.actor import acting
from augury_server.jobs.celery_app import messages_folder
from augury_server.jobs.messages import queue_length
from augury_server.jobs.models import Job, State
from augury_server.jobs.submit import Terms, submit


def test_a_submitted_job_is_queued_with_every_option_and_one_message(quick: Any) -> None:
    job = submit("probe.step", {"steps": 7}, by="ada")
    job.refresh_from_db()
    assert (job.state, job.by, job.attempts, job.max_attempts) == (State.QUEUED, "ada", 0, 5)
    assert job.options == {"steps": 7, "seconds": 0.0, "marks": "", "token": "t", "hold": "", "deaf": False}
    assert [event.event for event in job.events.all()] == ["queued"]
    assert queue_length("default") == 1


def test_the_message_carries_nothing_but_the_id(quick: Any) -> None:
    import base64
    import json

    job = submit("probe.step", {"token": "secret-of-the-house"}, by="ada")
    (message,) = messages_folder(quick.settings).glob("*.msg")
    text = message.read_text()
    body = json.loads(base64.b64decode(json.loads(text)["body"]))
    assert body[0] == [str(job.pk)]
    assert "secret-of-the-house" not in text + json.dumps(body)
    assert "ada" not in text


def test_what_the_operation_would_refuse_is_refused_at_submission(quick: Any) -> None:
    with pytest.raises(NotFound, match=r"probe\.step"):
        submit("probe.stepp", {})
    with pytest.raises(InvalidInput, match="steps"):
        submit("probe.step", {"stepz": 3})
    with pytest.raises(InvalidInput, match="steps"):
        submit("probe.step", {"steps": "many"})
    assert not Job.objects.exists()
    assert queue_length("default") == 0


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ({"queue": "Data/../etc"}, "queue"),
        ({"run_at": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - the defect
        ({"max_attempts": 0}, "max_attempts"),
        ({"timeout_seconds": 0.0}, "timeout_seconds"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms: dict[str, Any], names: str) -> None:
    with pytest.raises(InvalidInput, match=names):
        Terms(**terms)


def test_a_key_without_characters_is_refused(sqlite_platform: Any) -> None:
    with pytest.raises(InvalidInput, match="key"):
        submit("doctor", {}, key="")


@pytest.mark.parametrize("name", ["accounts.add", "accounts.password", "db.migrate", "server.up"])
def test_what_only_administrators_may_do_is_no_job(sqlite_platform: Any, name: str) -> None:
    with pytest.raises(Refused, match="for administrators"):
        submit(name, {})


def test_one_key_is_one_job_with_its_first_options(quick: Any) -> None:
    first = submit("probe.step", {"steps": 1}, key="nightly-2026-01-02")
    second = submit("probe.step", {"steps": 2}, key="nightly-2026-01-02")
    assert (second.pk, second.options["steps"]) == (first.pk, 1)
    assert queue_length("default") == 1


def test_one_key_is_one_job_when_processes_submit_at_once(quick: Any) -> None:
    code = (
        "from augury_server.jobs.submit import Terms, submit\n"
        "import sys; sys.stdin.readline()\n"
        "print(*{submit('probe.step', {}, key=f'k{n}').pk for n in range(8)})"
    )
    import subprocess

    children = [quick.python(code, stdin=subprocess.PIPE) for _ in range(3)]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    answers = [child.communicate(timeout=60) for child in children]
    assert all(child.returncode == 0 for child in children), answers
    assert len({frozenset(out.split()) for out, _ in answers}) == 1
    assert Job.objects.count() == 8


def test_a_rolled_back_submission_leaves_neither_row_nor_message(quick: Any) -> None:
    with transaction.atomic():
        submit("probe.step", {})
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert queue_length("default") == 0


def test_the_message_is_sent_only_when_the_row_can_be_seen(quick: Any) -> None:
    with transaction.atomic():
        submit("probe.step", {})
        assert queue_length("default") == 0
    assert queue_length("default") == 1


def test_a_job_for_later_has_no_message_yet(quick: Any) -> None:
    job = submit("probe.step", {}, terms=Terms(run_at=datetime.now(UTC) + timedelta(hours=1)))
    assert job.sent_at is None
    assert queue_length("default") == 0


def test_a_job_belongs_to_who_acts(quick: Any) -> None:
    with acting("bob@terminal"):
        assert submit("probe.step", {}).by == "bob@terminal"
        assert submit("probe.step", {}, by="schedule:nightly").by == "schedule:nightly"


def test_without_a_broker_the_row_is_kept_and_marked_as_unsent(quick: Any) -> None:
    submit("probe.step", {})
    folder = messages_folder(quick.settings)
    shutil.rmtree(folder)
    folder.write_text("a file where the folder should be")
    job = submit("probe.step", {})
    job.refresh_from_db()
    assert (job.state, job.sent_at) == (State.QUEUED, None)


def test_without_redis_the_row_is_kept_and_marked_as_unsent(quick_platform: Any, own_redis: Any, probes: None) -> None:
    quick_platform("sqlite", redis=own_redis)
    assert submit("probe.step", {}).sent_at is not None
    own_redis.stop()
    job = submit("probe.step", {})
    job.refresh_from_db()
    assert (job.state, job.sent_at) == (State.QUEUED, None)


def test_variables_of_another_celery_project_do_not_redirect_messages(
    quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from augury_server.jobs import celery_app

    celery_app._app.cache_clear()
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    submit("probe.step", {})
    assert len(list(messages_folder(quick.settings).glob("*.msg"))) == 1
