"""What kind of file this is, told by its first bytes rather than by its name."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Literal, TypeAlias

from augury.errors import InvalidInput, Refused
from augury.market.files import existing_file

__all__ = ["Content", "content_of"]

Content: TypeAlias = Literal["sqlite", "zip", "json", "parquet", "feather", "text"]

_PICKLE_NAMES = (".pkl", ".pickle", ".p", ".joblib", ".dill", ".pckl", ".pickle.gz", ".pkl.gz")
_PROTOCOL = re.compile(rb"\x80[\x02-\x05]")
_OLD_PICKLE = re.compile(rb"^\(?[cd(]\w*\n?__builtin__|^c[\w.]+\n\w+\n|^ccopy_reg\n")


def content_of(path: str | Path) -> tuple[Path, Content]:
    """The file and what it holds by its bytes.

    Raises Refused for pickles, because loading one runs whatever code it holds, and InvalidInput for empty files and
    archives that are not results.
    """
    file = existing_file(path)
    with file.open("rb") as stream:
        start = stream.read(512)
    if not start:
        raise InvalidInput(f"{file}: expected trades or a curve, got an empty file")
    if file.name.lower().endswith(_PICKLE_NAMES) or _PROTOCOL.match(start) or _OLD_PICKLE.match(start):
        raise Refused(
            f"{file}: a pickle is not read, because loading one runs whatever code it holds. Export tables instead: "
            "vectorbt: pf.trades.records_readable.to_csv('trades.csv') and pf.value().to_csv('equity.csv'); "
            "backtesting.py: stats['_trades'].to_csv('trades.csv') and stats['_equity_curve'].to_csv('equity.csv'); "
            "freqtrade: --export trades"
        )
    if start.startswith(b"SQLite format 3\0"):
        return file, "sqlite"
    if zipfile.is_zipfile(file):
        return file, "zip"
    if start.startswith(b"PAR1"):
        return file, "parquet"
    if start.startswith((b"ARROW1", b"FEA1")):
        return file, "feather"
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return file, "json"
    return file, "text"
