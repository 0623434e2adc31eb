"""Where the platform is and with which key it is asked: checked once, so that a key never goes where it should not."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit, urlunsplit

from augury.errors import InvalidInput, Misconfigured, Refused

__all__ = ["KEY", "SERVER", "Address", "address_of"]

SERVER, KEY = "AUGURY_SERVER", "AUGURY_API_KEY"
"""Environment variables that stand in for the URL and for the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A platform's URL without a slash at the end, and the API key to show there; the key is in no text of this."""

    url: str
    key: str = field(default="", repr=False)

    @property
    def loopback(self) -> bool:
        """Whether it is this machine itself."""
        return _is_loopback(urlsplit(self.url).hostname or "")

    def headers(self) -> dict[str, str]:
        """What every request carries to be let in."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def without_key(self, text: str) -> str:
        """A text with the key hidden, should somebody have sent it back."""
        return text.replace(self.key, "***") if self.key else text


def address_of(url: str | None, key: str | None, *, plain_http: bool = False) -> Address:
    """The address from arguments, else from AUGURY_SERVER and AUGURY_API_KEY.

    Raises Misconfigured without a URL, InvalidInput for one that is none, and Refused when a key would cross a network
    in the clear: plain http to another machine, unless `plain_http` says that this is wanted.
    """
    given = (url if url is not None else os.environ.get(SERVER, "")).strip()
    if not given:
        raise Misconfigured(f"no platform is named; give its URL, such as https://host:8000, or set {SERVER}")
    parts = urlsplit(given)
    if not _is_platform(parts):
        raise InvalidInput(f"a platform's URL looks like https://host:8000, got {_shown(given)!r}")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(f"a platform's URL holds no user or password; give the key as an argument or in {KEY}")
    secret = (key if key is not None else os.environ.get(KEY, "")).strip()
    if not secret.isascii() or any(sign.isspace() or not sign.isprintable() for sign in secret):
        raise InvalidInput("an API key has no spaces and no signs beyond ASCII; look whether it was copied whole")
    if secret and parts.scheme == "http" and not plain_http and not _is_loopback(parts.hostname or ""):
        raise Refused(
            f"plain http to {parts.hostname} would send the API key in the clear; use https, or say plain_http=True "
            "where the network between is trusted"
        )
    return Address(url=urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", "")), key=secret)


def _is_platform(parts: SplitResult) -> bool:
    try:
        named = parts.port != 0 and re.fullmatch(r"[\w.:-]+", parts.hostname or "")
    except ValueError:  # a port that is no number, or too large
        return False
    return parts.scheme in ("http", "https") and bool(named) and not parts.query and not parts.fragment


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(text: str) -> str:
    """A URL for a message, without what may be a password."""
    return text.rpartition("@")[2][:200]
