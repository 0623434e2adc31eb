"""Where the platform lies on its machine is told to nobody over a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import augury
from augury.operations.registry import operations
from augury_server.api import remote_files
from augury_server.jobs.models import Job


def test_no_verb_of_a_viewer_tells_where_the_platform_lies(api: Any) -> None:
    home, client, answered = str(api.platform.settings.home), api.client(), 0
    for name, entry in operations().items():
        if entry.role != "viewer" or entry.local or entry.long or "." not in name:
            continue
        answer = client.post(f"/v1/operations/{name}", json={})
        answered += answer.status_code == 200
        assert home not in answer.text, (name, answer.text)
    assert answered > 10
    doctor = client.post("/v1/operations/doctor", json={})
    assert doctor.status_code == 200
    assert str(Path(augury.__file__).parent) not in doctor.text
    text = f"{home}/streams is not writable"
    Job.objects.create(operation="db.retain", timeout_seconds=60.0, error=text, progress_text=text)
    (job,) = client.get("/v1/jobs").json()["jobs"]
    assert (job["error"], job["step"]) == ("(home)/streams is not writable",) * 2


def test_only_the_places_themselves_are_renamed(sqlite_platform: Any) -> None:
    traps = remote_files.files_folder()
    home, installed = traps.parent, Path(augury.__file__).parent
    given = {
        "a": [f"sqlite:///{home}/x.db", f"{home}", f"{home}-old/x", f"{traps}/WALK.csv", f"{installed}/x"],
        str(home): 1,
    }
    shown = {"a": ["sqlite:///(home)/x.db", "(home)", f"{home}-old/x", "WALK.csv", "(installed)/augury/x"], "(home)": 1}
    assert remote_files.without_folder(given) == shown
