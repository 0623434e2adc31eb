"""The Operation contract: a verb of the platform as a function from a spec to a result, with what the doors need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import Field, dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from augury.spec import Spec

__all__ = ["Operation", "Place", "Progress", "Result", "Role", "Silent", "is_one_of", "option", "place_of"]

Role: TypeAlias = Literal["viewer", "operator", "administrator"]
Item = TypeVar("Item")


class Progress(Protocol):
    """How an operation reports that it is getting on; each door shows it in its own way."""

    def track(self, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
        """Yield the items, reporting `label` and how many of `total` are done."""
        ...


class Silent:
    """Progress that nobody watches."""

    def track(self, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:  # noqa: ARG002
        """Yield the items and report nothing."""
        yield from items


class Result(Protocol):
    """What every operation returns: a frozen record that can be shown as plain JSON-ready values."""

    def to_dict(self) -> dict[str, Any]:
        """The whole result as plain values."""
        ...


def _never(text: str) -> bool:  # noqa: ARG001
    return False


def is_one_of(*words: str) -> Callable[[str], bool]:
    """Whether a text is one of these words, for `Place.is_name`."""
    return frozenset(words).__contains__


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an option that names files or folders may hold, for doors that are not at this machine.

    `written`: the operation writes there. `is_name(text)` tells names, such as a strategy's, from paths. `before` is a
    regular expression of what may stand before a path, such as a label with its equals sign.
    """

    written: bool = False
    is_name: Callable[[str], bool] = _never
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One verb: every door (command line, Python, later REST, admin and agents) is derived from this record.

    `run(spec, progress)` does the work. `changes_state` operations write something that outlives them; `long` ones
    report progress; `role` is the least role that may call them where there are users. `example` is a command line.
    A name is one word, or two joined by a dot ("jobs.list": the command line's `augury jobs list`). `view` is the
    module whose `render(result, console)` shows the result in a terminal; empty: the one of that name in
    `augury.cli.render`. `local` says why it is not offered over a network; empty: it is.
    """

    name: str
    summary: str
    example: str
    spec_type: type[Spec]
    result: str
    run: Callable[[Any, Progress], Result]
    changes_state: bool = False
    role: Role = "viewer"
    long: bool = False
    view: str = ""
    local: str = ""

    @property
    def words(self) -> str:
        """Its name as it is typed: "jobs list"."""
        return self.name.replace(".", " ")


def option(
    default: Any = ...,
    *,
    positional: bool = False,
    short: str | None = None,
    path: bool | Place = False,
    local: str = "",
) -> Any:
    """A spec field with hints for the doors: `positional` makes it an argument, `short` adds a letter.

    `path` marks an option that names files or folders of this machine, so that other doors can confine it; `local` says
    why it is not taken over a network. Without a default the option is required. The help text is the
    `msgspec.Meta(description=...)` of its type.
    """
    place = (Place() if path else None) if isinstance(path, bool) else path
    metadata = {"positional": positional, "short": short, "path": place, "local": local}
    if default is ...:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def place_of(item: Field[Any]) -> Place | None:
    """What a field of a spec may hold when it names files or folders; None for every other field."""
    place: Place | None = item.metadata.get("path")
    return place
