"""Two schedulers at the same moments, and one killed in the middle: nothing doubled, nothing lost."""

from __future__ import annotations

import signal
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

from augury_server.jobs.models import Job
from augury_server.jobs.schedules.add import ScheduleTerms, add_schedule
from augury_server.jobs.schedules.run_due import run_due

START = datetime(2026, 3, 2, 8, tzinfo=UTC)

LOOP = """
import sys, time
from datetime import UTC, datetime, timedelta
from augury_server.jobs.schedules.run_due import run_due
print("ready", flush=True)
sys.stdin.readline()
now, taken = datetime(2026, 3, 2, 8, tzinfo=UTC), []
for second in range(40):
    taken += run_due(now + timedelta(seconds=second))
print("\\n".join(f"{each.schedule} {each.occurrence.isoformat()}" for each in taken), flush=True)
"""


def test_two_schedulers_at_the_same_moments_submit_each_occurrence_once(platform: Any) -> None:
    for name, every in (("fast", 1.0), ("slow", 3.0)):
        add_schedule(name, "features", {}, ScheduleTerms(every_seconds=every), by="ada", now=START)
    both = [platform.python(LOOP, stdin=subprocess.PIPE) for _ in range(2)]
    for child in both:
        assert child.stdout.readline().strip() == "ready", child.stderr.read()
    for child in both:
        child.stdin.write("go\n")
        child.stdin.flush()
    taken = []
    for child in both:
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
        taken.append([line for line in out.splitlines() if line])
    together = sorted(taken[0] + taken[1])
    expected = [f"fast {(START + timedelta(seconds=n)).isoformat()}" for n in range(1, 40)]
    expected += [f"slow {(START + timedelta(seconds=n)).isoformat()}" for n in range(3, 40, 3)]
    assert together == sorted(set(together)), "nothing was taken twice"
    # the one that is ahead of the other by some seconds may pass over occurrences for both: never more than once each
    assert set(together) <= set(expected)
    assert Job.objects.count() == len(together)
    assert together[-1] == expected[-1]


DIES = """
import os, signal, sys
from datetime import UTC, datetime
from augury_server.jobs.schedules import run_due as module
from augury_server.jobs.models import Schedule

def die(*_, **__):
    assert Schedule.objects.get().next_run_at > datetime(2026, 3, 2, 9, tzinfo=UTC), "taken, not yet submitted"
    os.kill(os.getpid(), signal.SIGKILL)

module.submit = die
module.run_due(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC))
"""


def test_a_scheduler_killed_between_taking_and_submitting_loses_nothing(platform: Any) -> None:
    add_schedule("hourly", "features", {}, ScheduleTerms(cron="0 * * * *"), by="ada", now=START)
    child = platform.python(DIES)
    _, err = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, err
    (each,) = run_due(START + timedelta(hours=1, seconds=2))
    assert each.occurrence == START + timedelta(hours=1)
    assert Job.objects.count() == 1
