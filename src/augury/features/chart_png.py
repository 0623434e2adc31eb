"""Chart images as PNG files to look at."""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augury.errors import InvalidInput, NotFound

__all__ = ["png_bytes", "write_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREYSCALE = 0
_MOST_PIXELS = 16_384  # a side: beyond, viewers give up


def png_bytes(image: NDArray[np.uint8], *, zoom: int = 1) -> bytes:
    """The image uint8[height, width] as an 8-bit greyscale PNG, every pixel `zoom` x `zoom` large.

    Raises InvalidInput for another form, for nothing to show, and for a zoom below 1 or beyond 16,384 pixels a side.
    Source: Portable Network Graphics Specification (second edition), W3C 2003.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 2 or image.size == 0:
        form = f"{image.dtype}{list(image.shape)}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InvalidInput(f"expected one image uint8[height, width]; got {form}; take one of a batch: images[0]")
    if not isinstance(zoom, int | np.integer) or zoom < 1 or zoom * max(image.shape) > _MOST_PIXELS:
        most = _MOST_PIXELS // max(image.shape)
        raise InvalidInput(f"expected zoom as a whole number from 1 to {most} for this image; got {zoom!r}")
    large = np.repeat(np.repeat(image, zoom, axis=0), zoom, axis=1)
    height, width = large.shape
    lines = np.zeros((height, width + 1), dtype=np.uint8)  # the byte before each line says: no filter
    lines[:, 1:] = large
    header = struct.pack(">IIBBBBB", width, height, 8, _GREYSCALE, 0, 0, 0)
    parts = [_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)), _chunk(b"IEND", b"")]
    return _SIGNATURE + b"".join(parts)


def write_png(image: NDArray[np.uint8], path: str | os.PathLike[str], *, zoom: int = 8) -> Path:
    """Write the image to `path` (.png), every pixel `zoom` x `zoom` large, and return the path.

    Written to a temporary file beside the target and renamed, so that nobody ever sees half a picture. Raises
    InvalidInput as `png_bytes` does, for another ending and for a folder; NotFound for a missing folder; OSError when
    the disk refuses.

    >>> import tempfile
    >>> write_png(np.eye(4, dtype=np.uint8) * 255, tempfile.mkdtemp() + "/line.png").name
    'line.png'
    """
    target = Path(path)
    if target.is_dir():
        raise InvalidInput(f"an image is a file, but {str(target)!r} is a folder; name a file in it, such as chart.png")
    if target.suffix.lower() != ".png":
        raise InvalidInput(f"an image's name should end in .png, got {target.name!r}")
    if not target.parent.is_dir():
        raise NotFound(f"the folder {str(target.parent)!r} for the image does not exist; create it first")
    content = png_bytes(image, zoom=zoom)
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return target


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
