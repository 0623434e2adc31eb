"""SQL over stored bars: one view, nothing else in reach, nothing that can change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from augury.errors import InvalidInput
from augury.market.bars import BAR_COLUMNS
from augury.market.store_parts import PartProblem, literal

__all__ = ["select_bars"]

_COLUMNS = {
    "symbol": "VARCHAR",
    "timeframe": "VARCHAR",
    "timestamp": "TIMESTAMP_NS",
    **dict.fromkeys(BAR_COLUMNS, "DOUBLE"),
}


def select_bars(root: Path, paths: Sequence[str], sql: str, parameters: Sequence[object]) -> pd.DataFrame:
    """The result of one SELECT over the view `bars` of these Parquet files; time columns come back in UTC.

    The connection can open nothing outside `root`, load no extension and change no setting, and only a SELECT is run.
    Raises InvalidInput for any other statement and for SQL that does not work, PartProblem when a file is not readable.
    """
    import duckdb

    with duckdb.connect(":memory:", config={"python_enable_replacements": False}) as connection:
        try:
            connection.execute(_view(paths))
        except duckdb.Error as error:
            raise PartProblem(str(error)) from error
        try:
            _shut(connection, root)
            statements = connection.extract_statements(sql)
            kinds = [statement.type for statement in statements]
            if kinds != [duckdb.StatementType.SELECT]:
                came = ", ".join(kind.name for kind in kinds) or "nothing"
                raise InvalidInput(f"expected one SELECT over the view bars, got {came}: the store is read only here")
            frame: pd.DataFrame = connection.execute(sql, list(parameters)).df()
        except duckdb.Error as error:
            if any(path in str(error) for path in paths):
                raise PartProblem(str(error)) from error
            raise InvalidInput(f"the query does not work: {error}") from error
    for name in frame.columns:
        if frame[name].dtype.kind == "M" and frame[name].dt.tz is None:
            frame[name] = frame[name].dt.tz_localize("UTC")
    return frame


def _view(paths: Sequence[str]) -> str:
    if paths:
        source = f"read_parquet([{_quoted(paths)}], hive_partitioning=false)"
        return f"CREATE VIEW bars AS SELECT {', '.join(_COLUMNS)} FROM {source}"  # noqa: S608 - every path is quoted
    nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in _COLUMNS.items())
    return f"CREATE VIEW bars AS SELECT {nothing} WHERE false"


def _shut(connection: Any, root: Path) -> None:
    connection.execute(f"SET allowed_directories = [{_quoted([str(root), literal(str(root))])}]")
    for setting in ("enable_external_access", "autoinstall_known_extensions", "autoload_known_extensions"):
        connection.execute(f"SET {setting} = false")
    connection.execute("SET lock_configuration = true")


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
