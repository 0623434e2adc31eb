"""A look through a text file in small pieces before it is parsed: a bad file costs an error, not the memory."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path
from typing import IO, Final, cast

from augury.errors import InvalidInput

__all__ = ["LONGEST_LINE_BYTES", "check_text", "open_bytes"]

LONGEST_LINE_BYTES: Final[int] = 4 * 1024 * 1024
"""Lines above this are refused: four MiB is forty posts of 100 kB, or a bar row a thousand times over."""

_PIECE_BYTES = 1024 * 1024
_MARKS = {
    codecs.BOM_UTF16_LE: "UTF-16; convert it: iconv -f UTF-16 -t UTF-8",
    codecs.BOM_UTF16_BE: "UTF-16; convert it: iconv -f UTF-16 -t UTF-8",
    b"PK\x03\x04": "a zip archive or an Excel file; unpack it, or save the sheet as CSV",
    b"\x1f\x8b": "gzip data; add .gz to its name",
    b"PAR1": "a Parquet file; name it .parquet",
    b"ARROW1": "a Feather file; name it .feather",
}


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked when its name ends in .gz."""
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def check_text(path: Path, *, error: type[InvalidInput] = InvalidInput) -> None:
    """Refuse what is not lines of UTF-8 text, reading no more than a few MiB at a time.

    Raises `error` for an empty file, a binary one, bytes that are not UTF-8 (with their offset), a damaged gzip stream
    and a line longer than LONGEST_LINE_BYTES (which stops the reading there, however large the file).
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = line_start = 0
    try:
        with open_bytes(path) as stream:
            while piece := stream.read(_PIECE_BYTES):
                if done == 0:
                    _check_marks(piece, path, error)
                if (at := piece.find(b"\0")) >= 0:
                    raise error(
                        f"{path}: expected UTF-8 text, got a zero byte at offset {done + at}: this is a binary file, "
                        "or UTF-16 (then convert it: iconv -f UTF-16LE -t UTF-8)"
                    )
                _decode(decoder, piece, done, path, error)
                line_start = _check_lines(piece, done, line_start, path, error)
                done += len(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise error(f"{path}: the gzip data is damaged or cut short ({problem}); fetch the file again") from problem
    if done == 0:
        raise error(f"{path}: expected rows, got an empty file")
    _decode(decoder, b"", done, path, error, final=True)


def _check_marks(piece: bytes, path: Path, error: type[InvalidInput]) -> None:
    for mark, kind in _MARKS.items():
        if piece.startswith(mark):
            raise error(f"{path}: expected UTF-8 text, got {kind}")


def _check_lines(piece: bytes, done: int, line_start: int, path: Path, error: type[InvalidInput]) -> int:
    """Offset of the line that is still open at the end of the piece; raises when a line is too long."""
    first = piece.find(b"\n")
    end = done + (first if first >= 0 else len(piece))
    if end - line_start > LONGEST_LINE_BYTES:
        raise error(
            f"{path}: a line beginning at byte {line_start} is longer than {LONGEST_LINE_BYTES} bytes; expected one "
            "record a line: look whether line ends are missing or a quotation mark is left open"
        )
    return line_start if first < 0 else done + piece.rfind(b"\n") + 1


def _decode(
    decoder: codecs.IncrementalDecoder,
    piece: bytes,
    done: int,
    path: Path,
    error: type[InvalidInput],
    *,
    final: bool = False,
) -> None:
    held = len(decoder.getstate()[0])
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError as problem:
        offset = done - held + problem.start
        raise error(
            f"{path}: expected UTF-8, got byte 0x{problem.object[problem.start]:02x} at offset {offset} "
            f"({problem.reason}); if it was written as Windows-1252 or Latin-1, convert it: "
            f"iconv -f WINDOWS-1252 -t UTF-8"
        ) from problem
