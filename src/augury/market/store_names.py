"""Symbols as names of folders: every symbol its own, on file systems that fold case too."""

from __future__ import annotations

import re

from augury.errors import InvalidInput

__all__ = ["checked_symbol", "folder_name", "symbol_of"]

_PREFIX = "symbol="
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_LONGEST = 200  # file systems allow 255 bytes a name


def checked_symbol(symbol: str) -> str:
    """The symbol itself; raises InvalidInput when it is empty, padded with blanks, not text or too long to store."""
    if not isinstance(symbol, str) or not symbol or symbol != symbol.strip():
        raise InvalidInput(f"a symbol is text without blanks around it such as 'AAPL' or 'BTC/USDT', got {symbol!r}")
    try:
        encoded = folder_name(symbol)
    except UnicodeEncodeError as error:
        raise InvalidInput(f"a symbol is valid Unicode text, got {symbol!r}: {error.reason}") from error
    if len(encoded) > _LONGEST:
        raise InvalidInput(
            f"a symbol should take at most {_LONGEST} bytes as a folder name, {symbol[:40]!r}... is longer"
        )
    return symbol


def folder_name(symbol: str) -> str:
    """The folder of a symbol: A-Z, 0-9, "_" and "-" stay, every other byte of its UTF-8 form becomes %XX.

    Small letters are written as %XX too, so that "ab" and "AB" differ where the file system does not tell case apart.

    >>> folder_name("BRK/B")
    'symbol=BRK%2FB'
    """
    return _PREFIX + "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in symbol.encode())


def symbol_of(name: str) -> str | None:
    """The symbol of a folder name, or None for a folder that `folder_name` did not make.

    >>> symbol_of("symbol=%5EGSPC")
    '^GSPC'
    """
    if not name.startswith(_PREFIX):
        return None
    plain = re.sub(rb"%([0-9A-F]{2})", lambda match: bytes.fromhex(match[1].decode()), name[len(_PREFIX) :].encode())
    try:
        symbol = plain.decode()
    except UnicodeDecodeError:
        return None
    return symbol if symbol and folder_name(symbol) == name else None
