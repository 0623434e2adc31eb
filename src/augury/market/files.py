"""Files as raw tables: CSV, Parquet and Feather, with an error that helps for everything that is not one."""

from __future__ import annotations

import csv
import stat
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from augury.errors import InvalidInput, NotFound, nearest
from augury.market.columns import BAR_SPELLINGS, NEWS_SPELLINGS, plain_name
from augury.market.text_guard import check_text, open_bytes

__all__ = ["TABLE_SUFFIXES", "existing_file", "kind_of", "read_table"]

TABLE_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".parquet", ".pq", ".feather", ".arrow")

_MOST_COLUMNS = 10_000
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
    if not str(path).strip():
        raise error("expected the name of a file, got an empty text")
    try:
        file = Path(path).expanduser()
        if not file.exists():
            raise NotFound(f"{file}: no such file; {_hint(file)}")
        if file.is_dir():
            raise error(f"{file}: expected a file, got a directory; name the files in it")
        if not stat.S_ISREG(file.stat().st_mode):  # opening a pipe waits until somebody writes to it
            raise error(f"{file}: expected a file, got a pipe or a device; save what it gives as a file first")
        with file.open("rb"):
            return file
    except (OSError, RuntimeError) as problem:  # the latter from a ~name without a home
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"{path}: cannot be read: {reason}; check the name and its rights") from problem


def _hint(file: Path) -> str:
    """Why there is no such file, or what there is instead."""
    if file.is_symlink():
        return f"it is a link to {file.readlink()}, which leads nowhere"
    if not file.parent.is_dir():
        above = next((folder for folder in file.parents if folder.exists()), file.parent)
        return f"{above} is a file, not a folder" if above.is_file() else f"the folder {file.parent} does not exist"
    kinds = (*TABLE_SUFFIXES, ".jsonl", ".ndjson", ".json", ".gz")
    siblings = [entry.name for entry in file.parent.iterdir() if entry.name.lower().endswith(kinds)]
    return nearest(file.name, siblings) if siblings else f"the folder {file.parent} holds no file of bars or news"


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
        raise error(f"{file}: expected a {expected} file, got {_not_arrow(file, problem)}") from problem
    return frame


def _not_arrow(file: Path, problem: Exception) -> str:
    with file.open("rb") as stream:
        start = stream.read(256)
    if start.startswith((b"PAR1", b"ARROW1", b"FEA1")):
        reason = (str(problem).splitlines() or [""])[0].replace(f"'{file}'", "it")
        return f"one that is damaged or cut short ({reason[:200]}); fetch or write it again"
    if b"\0" not in start:
        return f"text ({start[:40].decode('utf-8', 'replace')!r}...); name it .csv if it is CSV"
    return "other binary data; name it for what it is"


def _read_csv(file: Path, error: type[InvalidInput]) -> pd.DataFrame:
    check_text(file, error=error)
    try:
        delimiter, header = _header(file)
    except csv.Error as problem:
        raise error(f"{file}: expected column names in the first line: {problem}") from problem
    if len(header) > _MOST_COLUMNS:
        raise error(
            f"{file}: expected at most {_MOST_COLUMNS:,} columns, got {len(header):,}; keep time, open, high, low, "
            "close and volume, one row a bar"
        )
    if sum(_is_number(name) for name in header) > len(header) // 2:
        raise error(f"{file}: expected column names in the first line, got values: {', '.join(header[:8])}")
    repeated = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if repeated:
        listed = ", ".join(repeated[:8])
        raise error(f"{file}: expected different column names, got {listed} more than once; rename or drop them")
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
        raise error(f"{file}: {_unparsed(problem)}") from problem
    if not isinstance(frame.index, pd.RangeIndex):
        raise error(f"{file}: every row has more fields than the {len(header)} named in the header; name all columns")
    return frame


def _unparsed(problem: Exception) -> str:
    reason = str(problem).strip().removeprefix("Error tokenizing data. C error: ")
    if "inside string" in reason:
        row = reason.rpartition(" ")[2]
        return f"expected quotation marks in pairs, got one in row {row} that is never closed; close it or remove it"
    return f"rows and header differ in length: {reason}; give every row one field for each column name"


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
