"""Writing result files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from augury.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_table"]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, Parquet or Feather by the file's ending: to a temporary file first, then renamed.

    Raises InvalidInput for another ending and Unavailable when the folder cannot be written to.
    """
    if path.suffix not in (".csv", ".parquet", ".feather"):
        raise InvalidInput(f"expected an output file ending in .csv, .parquet or .feather, got {path.name!r}")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise Unavailable(f"cannot write into {path.parent}: {error.strerror}; choose another folder") from error
    os.close(handle)
    temporary = Path(name)
    try:
        if path.suffix == ".csv":
            table.to_csv(temporary)
        elif path.suffix == ".parquet":
            table.to_parquet(temporary)
        else:
            table.reset_index().to_feather(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
