"""JSON as it comes from outside: read whole, or refused with the place where it breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from augury.errors import InvalidInput

__all__ = ["json_of"]

_LARGEST = 512 * 1024 * 1024


def json_of(data: bytes, where: str | Path) -> Any:
    """The value of a JSON document; NaN and Infinity are read as such. InvalidInput names line and column otherwise."""
    if len(data) > _LARGEST:
        raise InvalidInput(
            f"{where}: expected at most {_LARGEST >> 20} MB of JSON, got {len(data) >> 20} MB; export tables"
        )
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise InvalidInput(f"{where}: expected JSON in UTF-8, byte {problem.start} is not") from problem
    except json.JSONDecodeError as problem:
        if problem.msg == "Extra data" and b'"op_code"' in data[:200]:
            raise InvalidInput(
                f"{where}: this is an Optuna journal; copy the study to SQLite first: optuna.copy_study("
                "from_study_name=..., from_storage=..., to_storage='sqlite:///study.db')"
            ) from problem
        raise InvalidInput(
            f"{where}: expected JSON, but it breaks in line {problem.lineno}, column {problem.colno}: {problem.msg}; "
            "is the file complete?"
        ) from problem
    except RecursionError as problem:
        raise InvalidInput(f"{where}: the JSON is nested too deeply to be a result") from problem
