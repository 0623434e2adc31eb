"""`augury config show` says what is in force and where it is from, and never a secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def config(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
    return subprocess.run(
        [sys.executable, "-m", "augury", "config", "show", *arguments],
        cwd=folder, capture_output=True, text=True, env={**environment, **variables},
    )  # fmt: skip


def test_each_origin_is_named(tmp_path: Path) -> None:
    (tmp_path / "augury.toml").write_text("[web]\nhost = '0.0.0.0'\n", encoding="utf-8")
    done = config(tmp_path, "--origin", "--json", "--set", "jobs.concurrency=3", AUGURY_WEB__PORT="8123")
    assert done.returncode == 0, done.stderr
    rows = {row["setting"]: (row["value"], row["origin"]) for row in json.loads(done.stdout)["rows"]}
    assert rows["web.host"] == ("0.0.0.0", "file augury.toml")
    assert rows["web.port"] == (8123, "environment AUGURY_WEB__PORT")
    assert rows["jobs.concurrency"] == (3, "flag")
    assert rows["logs.level"] == ("info", "default")


def test_secrets_are_hidden(tmp_path: Path) -> None:
    done = config(tmp_path, "--json", AUGURY_WEB__SECRET_KEY="very-secret-words")
    assert "very-secret" not in done.stdout + done.stderr
    rows = {row["setting"]: row["value"] for row in json.loads(done.stdout)["rows"]}
    assert rows["web.secret_key"] == "(set, hidden)"


def test_a_wrong_setting_is_one_line_with_the_nearest_name(tmp_path: Path) -> None:
    done = config(tmp_path, "--set", "web.prot=1")
    assert done.returncode == 1
    assert "web.port" in done.stderr
    assert "Traceback" not in done.stderr
