"""Which column of somebody's table is which field: the spellings in common use, and nothing guessed beyond them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from augury.errors import InvalidInput

__all__ = ["BAR_SPELLINGS", "NEWS_SPELLINGS", "find_columns", "plain_name"]

BAR_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "timestamp": (
        "timestamp",
        "time",
        "date",
        "datetime",
        "ts",
        "opentime",
        "openedat",
        "timestamputc",
        "timeutc",
        "dt",
    ),
    "open": ("open", "o", "openprice", "priceopen"),
    "high": ("high", "h", "highprice", "pricehigh"),
    "low": ("low", "l", "lowprice", "pricelow"),
    "close": ("close", "c", "closeprice", "priceclose", "last", "closelast"),
    "volume": ("volume", "v", "vol", "basevolume", "tradedvolume"),
    "symbol": ("symbol", "ticker", "sym", "instrument"),
}

NEWS_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "ticker": ("ticker", "symbol", "sym", "instrument"),
    "text": ("text", "headline", "title", "body", "content", "message", "tweet"),
    "published_at": ("publishedat", "published", "timestamp", "datetime", "date", "time", "createdat", "ts"),
    "known_at": ("knownat", "known", "seenat", "ingestedat", "receivedat", "firstseen"),
    "source": ("source", "publisher", "provider", "site", "origin"),
}


def plain_name(name: object) -> str:
    """A column name without case, spaces and punctuation: `Open Time`, `open_time` and `<OPEN.TIME>` are one name."""
    return "".join(character for character in str(name).casefold() if character.isalnum())


def find_columns(
    names: Iterable[object],
    spellings: Mapping[str, tuple[str, ...]],
    *,
    error: type[InvalidInput] = InvalidInput,
) -> dict[str, object]:
    """Map each field to the column that holds it; fields without a column are absent, other columns are ignored.

    An exact match of the field's own name wins over other spellings ("close" beside "last"). Raises `error` when two
    columns claim the same field with equal right, because choosing one would be a guess.
    """
    plain: dict[str, list[object]] = {}
    for name in names:
        plain.setdefault(plain_name(name), []).append(name)
    found: dict[str, object] = {}
    for field, known in spellings.items():
        own = plain.get(plain_name(field), [])
        claims = own or [name for spelling in known for name in plain.get(plain_name(spelling), [])]
        if len(claims) > 1:
            listed = ", ".join(repr(claim) for claim in claims)
            raise error(f"expected one column for {field}, got {len(claims)} ({listed}); drop or rename the others")
        if claims:
            found[field] = claims[0]
    return found
