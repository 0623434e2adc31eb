"""Files as raw tables: CSV, Parquet and Feather, with an error that helps for everything that is not one."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from augury.errors import InvalidInput, NotFound, nearest
from augury.market.columns import BAR_SPELLINGS, NEWS_SPELLINGS, plain_name
from augury.market.text_guard import check_text, open_bytes

__all__ = ["TABLE_SUFFIXES", "existing_file", "kind_of", "read_table"]

TABLE_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".parquet", ".pq", ".feather", ".arrow")

_PANDAS = tuple(int(part) for part in pd.__version__.split(".")[:2])
_EXACT: dict[str, Any] = {} if _PANDAS >= (3, 1) else {"float_precision": "round_trip"}  # since 3.1 the only way
_DELIMITERS = ",;\t|"
_UNKNOWN = ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "None"]
_TEXT_NAMES = {
    plain_name(spelling)
    for spellings in (BAR_SPELLINGS["symbol"], *(NEWS_SPELLINGS[field] for field in ("ticker", "text", "source")))
    for spelling in spellings
}


def existing_file(path: str | Path, *, error: type[InvalidInput] = InvalidInput) -> Path:
    """The path, once it is known to be a file that can be opened; NotFound or `error` otherwise."""
    file = Path(path).expanduser()
    try:
        if file.is_dir():
            raise error(f"{file}: expected a file, got a directory; name the files in it")
        if not file.exists():
            siblings = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
            hint = (
                nearest(file.name, siblings) if siblings else f"the directory {file.parent} does not exist or is empty"
            )
            raise NotFound(f"{file}: no such file; {hint}")
        with file.open("rb"):
            return file
    except OSError as problem:
        raise error(f"{file}: cannot be read: {problem.strerror or problem}") from problem


def kind_of(file: Path, suffixes: tuple[str, ...], *, error: type[InvalidInput] = InvalidInput) -> str:
    """The suffix that tells how to read the file, without .gz; raises `error` for one that is not in `suffixes`."""
    name = file.name.lower()
    for suffix in sorted(suffixes, key=len, reverse=True):
        if name.endswith(suffix):
            return suffix.removesuffix(".gz")
    raise error(f"{file}: expected a file named {', '.join(suffixes)}, got the suffix {file.suffix or '(none)'!r}")


def read_table(path: str | Path, *, error: type[InvalidInput] = InvalidInput) -> pd.DataFrame:
    """The rows of a CSV (.gz too), Parquet or Feather file as they are, column types found by the reader.

    Raises NotFound when there is no such file and `error` when it cannot be opened or is not what its name says.
    """
    file = existing_file(path, error=error)
    kind = kind_of(file, TABLE_SUFFIXES, error=error)
    if file.stat().st_size == 0:
        raise error(f"{file}: expected rows, got an empty file")
    frame = (
        _read_arrow(file, kind, error) if kind in (".parquet", ".pq", ".feather", ".arrow") else _read_csv(file, error)
    )
    if len(frame) == 0:
        raise error(f"{file}: expected rows, got a header and nothing below it")
    return frame


def _read_arrow(file: Path, kind: str, error: type[InvalidInput]) -> pd.DataFrame:
    import pyarrow
    from pyarrow import feather, parquet

    try:
        table: Any = parquet.read_table(file) if kind in (".parquet", ".pq") else feather.read_table(file)
        frame: pd.DataFrame = table.to_pandas()
    except (pyarrow.ArrowException, OSError, ValueError) as problem:
        expected = "Parquet" if kind in (".parquet", ".pq") else "Feather (Arrow IPC)"
        first_line = (str(problem).splitlines() or [""])[0]
        raise error(f"{file}: not a readable {expected} file: {first_line}") from problem
    return frame


def _read_csv(file: Path, error: type[InvalidInput]) -> pd.DataFrame:
    check_text(file, error=error)
    try:
        delimiter, header = _header(file)
    except csv.Error as problem:
        raise error(f"{file}: expected column names in the first line: {problem}") from problem
    if sum(_is_number(name) for name in header) > len(header) // 2:
        raise error(f"{file}: expected column names in the first line, got values: {', '.join(header[:8])}")
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise error(f"{file}: expected different column names, got {', '.join(repeated)} more than once")
    texts = [name for name in header if plain_name(name) in _TEXT_NAMES]  # "NA" is a ticker, "null" a headline
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame: pd.DataFrame = pd.read_csv(
                file,
                sep=delimiter,
                encoding="utf-8-sig",
                low_memory=False,
                **_EXACT,
                keep_default_na=False,
                na_values={name: _UNKNOWN for name in header if name not in texts},
                dtype=dict.fromkeys(texts, "str"),
                skipinitialspace=True,
            )
    except pd.errors.EmptyDataError as problem:
        raise error(f"{file}: expected a header and rows, got blank lines only") from problem
    except (pd.errors.ParserError, pd.errors.ParserWarning) as problem:
        raise error(f"{file}: rows and header differ in length: {str(problem).strip()}") from problem
    if not isinstance(frame.index, pd.RangeIndex):
        raise error(f"{file}: every row has more fields than the {len(header)} named in the header; name all columns")
    return frame


def _header(file: Path) -> tuple[str, list[str]]:
    with open_bytes(file) as stream:
        first = ""
        for line in stream:
            first = line.decode("utf-8-sig").strip("\r\n")
            if first.strip():
                break
    delimiter = max(_DELIMITERS, key=first.count)
    return delimiter, [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
