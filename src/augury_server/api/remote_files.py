"""The one folder whose files may be named over the network, and which names lie in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import augury
from augury.errors import Refused
from augury_server.settings.current import current_settings
from augury_server.settings.home import make_home, writing_home

__all__ = [
    "LONGEST_NAME",
    "NAME_PATTERN",
    "checked_name",
    "files_folder",
    "place_in_files",
    "used_bytes",
    "without_folder",
]

LONGEST_NAME = 120
NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_ .,+=@()\-]{0,118}[A-Za-z0-9_)]$|^[A-Za-z0-9_]$"
"""What a file may be called."""
_NAME = re.compile(NAME_PATTERN)
_LONGEST_PATH = 400
_DEEPEST = 8
_CODE = re.compile(r"\.(py[a-z]?|pyx|so|pyd|dll|dylib|sh|pickle|pkl|joblib|dill|pt|pth|npy|npz)(:|/|$)", re.IGNORECASE)
_INSTALLED = str(Path(augury.__file__).resolve().parent.parent)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[a-z0-9]+::")


def files_folder() -> Path:
    """The folder, made when it is not there, with every link in its own path followed."""
    settings = current_settings()
    make_home(settings.home)
    folder = Path(settings.api.files) if settings.api.files else settings.home / "files"
    with writing_home(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder.resolve()


def checked_name(name: str, what: str = "the file's name") -> str:
    """A name of a file, if it is one that may be used; Refused with the reason otherwise."""
    if _CODE.search(name):
        raise Refused(f"{what} is {_shown(name)}: code and pickles are not taken over the network")
    if not _NAME.fullmatch(name):
        raise Refused(
            f"{what} is {_shown(name)}: expected at most {LONGEST_NAME} letters, digits, spaces and . , + = @ ( ) - _, "
            "beginning with a letter, a digit or _, not ending in a space or a sign"
        )
    return name


def place_in_files(text: str, what: str) -> Path:
    """Where a relative path lies in the folder of files; what is there is no link and leads nowhere else.

    Raises Refused for addresses, code, absolute paths, "..", hidden and odd names, and links.
    """
    if _ADDRESS.match(text):
        raise Refused(f"{what} is {_shown(text)}: addresses are not taken over the network; upload the file first")
    if _CODE.search(text):
        raise Refused(f"{what} is {_shown(text)}: code and pickles are not taken over the network")
    if not text or len(text) > _LONGEST_PATH or text.count("/") >= _DEEPEST:
        raise Refused(f"{what} is {_shown(text)}: expected the name of an uploaded file")
    folder = files_folder()
    place = folder
    for part in text.split("/"):
        place = place / checked_name(part, what)
        if place.is_symlink():
            raise Refused(f"{what} is {_shown(text)}: it is a link, which is not followed")
    if not place.resolve().is_relative_to(folder):
        raise Refused(f"{what} is {_shown(text)}: it leads out of the folder of files")
    return place


def used_bytes() -> int:
    """How much the folder holds, in bytes; links are not followed."""
    return sum(_size(path) for path in files_folder().rglob("*"))


def without_folder(value: Any) -> Any:
    """A result or a message without places of the server: files are called as whoever asked calls them, the home of
    the platform, wherever it is, "(home)", and the folder that Augury is installed in "(installed)".
    """
    home = current_settings().home
    names = {_INSTALLED: "(installed)", str(home): "(home)", str(home.resolve()): "(home)"}
    names = {place: name for place, name in names.items() if place not in ("/", ".")}
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?![\w.-])")
    folder = str(files_folder())

    def shown(text: str) -> str:
        if folder in text:
            text = text.replace(f"{folder}/", "").replace(folder, "files")
        return pattern.sub(lambda found: names[found[0]], text) if "/" in text else text

    return _renamed(value, shown)


def _renamed(value: Any, shown: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {_renamed(key, shown): _renamed(item, shown) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, shown) for item in value]
    return value


def _size(path: Path) -> int:
    try:
        found = path.lstat()
    except OSError:
        return 0  # removed meanwhile
    return found.st_size


def _shown(text: str) -> str:
    """At most 80 characters of it, in quotes, with nothing that a terminal or a log would take for more than text."""
    plain = "".join(char if unicodedata.category(char)[0] != "C" else "?" for char in text[:80])
    return repr(plain) + ("..." if len(text) > 80 else "")
