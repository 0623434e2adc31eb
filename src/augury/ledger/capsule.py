"""The run capsule: all that is needed to run something again, and digests that tell whether it came out the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from augury.errors import InvalidInput, Misconfigured
from augury.ledger.canonical import canonical_json, plain
from augury.ledger.data_key import SeriesKey

__all__ = ["Capsule", "CapsuleData", "CapsuleDifference", "StrategySource", "array_digest", "source_digest"]

SCHEMA_VERSION = 1

_HEX = frozenset("0123456789abcdef")


def array_digest(values: NDArray[Any]) -> str:
    """SHA-256 (64 hex digits) of an array's kind, shape and bytes in little-endian C order.

    Equal only when equal bit for bit; every NaN counts as the same NaN, because its bits mean nothing.

    >>> array_digest(np.array([1.0, np.nan])) == array_digest(np.array([1.0, -np.nan]))
    True
    """
    if values.dtype.kind not in "fiub":
        raise InvalidInput(f"expected numbers or booleans to digest, got {values.dtype}; turn times into int64 first")
    form = values.dtype.newbyteorder("<")
    content = np.ascontiguousarray(values, dtype=form)
    if values.dtype.kind == "f" and np.isnan(content).any():
        content = np.where(np.isnan(content), np.array(np.nan, dtype=form), content).astype(form)
    running = hashlib.sha256(f"{form.str}:{'x'.join(map(str, values.shape))}:".encode())
    running.update(content.tobytes())
    return running.hexdigest()


def source_digest(text: str) -> str:
    """SHA-256 (64 hex digits) of source text, line ends written as one newline."""
    return hashlib.sha256("\n".join(text.splitlines()).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySource:
    """The strategy that ran: a registered name, or a file whose whole text is embedded.

    `sha256` is `source_digest` of the text; for a registered name that of its code, or empty when there is none.
    """

    name: str
    text: str | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InvalidInput(f"a strategy in a capsule should have a name, got {self.name!r:.80}")
        if not isinstance(self.text, str | None):
            raise InvalidInput(f"the text of strategy {self.name!r} should be text, got {self.text!r:.80}")
        if self.text is not None and not self.sha256:
            object.__setattr__(self, "sha256", source_digest(self.text))
        if self.text is not None and self.sha256 != source_digest(self.text):
            raise InvalidInput(f"the text of strategy {self.name!r} was changed: its hash is not {self.sha256}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleData:
    """One series that was read: `path` as the caller gave it, None when the bars did not come from a file."""

    key: SeriesKey
    path: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | None):
            raise InvalidInput(f"the path of the data in a capsule should be text, got {self.path!r:.80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleDifference:
    """One result that did not come out as recorded; None where one side does not have it."""

    name: str
    recorded: str | None
    found: str | None

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.name}: recorded, but not there now"
        if self.recorded is None:
            return f"{self.name}: there now, but not recorded"
        return f"{self.name}: {self.found[:16]} instead of {self.recorded[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capsule:
    """What was run and what came out.

    `operation` and its `options`; `strategy` and `parameters`; `spec`, the engine's options; `data` as read; `seed`;
    `versions` of Python, Augury and the libraries that compute; `digests`, for each result array its `array_digest`;
    `created_at` int64 ns UTC. NaN in a mapping becomes null. Raises InvalidInput for values that JSON cannot hold.

    >>> capsule = Capsule(operation="backtest", created_at=0, digests={"equity": array_digest(np.arange(3.0))})
    >>> Capsule.from_json(capsule.to_json()) == capsule
    True
    >>> [str(one) for one in capsule.compare({"equity": array_digest(np.arange(3.0))})]
    []
    """

    operation: str
    created_at: int
    options: Mapping[str, Any] = field(default_factory=dict)
    strategy: StrategySource | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[CapsuleData, ...] = ()
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.operation, str) or not self.operation:
            raise InvalidInput(f"operation of a capsule should be its name, got {self.operation!r}")
        for name in ("created_at", "seed"):
            number = getattr(self, name)
            if (
                isinstance(number, bool)
                or not isinstance(number, int | None)
                or (name == "created_at" and number is None)
            ):
                raise InvalidInput(f"{name} of a capsule should be a whole number, got {number!r}")
        for name in ("options", "parameters", "spec", "versions", "digests"):
            value = plain(getattr(self, name), what=name)
            if not isinstance(value, dict):
                raise InvalidInput(f"{name} of a capsule should be a mapping, got {value!r:.80}")
            object.__setattr__(self, name, value)
        for name, value in self.digests.items():
            if not isinstance(value, str) or len(value) != 64 or not _HEX.issuperset(value):
                raise InvalidInput(
                    f"the digest of {name!r} should be 64 hex digits (see array_digest), got {value!r:.80}"
                )
        object.__setattr__(self, "data", tuple(self.data))

    @property
    def id(self) -> str:
        """64 hex digits: SHA-256 of the whole content."""
        return hashlib.sha256(canonical_json(self._content()).encode()).hexdigest()

    def compare(self, digests: Mapping[str, str]) -> tuple[CapsuleDifference, ...]:
        """Where the digests of a new run differ from the recorded ones, sorted by name; empty when all bits agree."""
        names = sorted(self.digests.keys() | digests.keys())
        return tuple(
            CapsuleDifference(name=name, recorded=self.digests.get(name), found=digests.get(name))
            for name in names
            if self.digests.get(name) != digests.get(name)
        )

    def compare_versions(self, versions: Mapping[str, str]) -> tuple[CapsuleDifference, ...]:
        """Which versions differ from the recorded ones: the first place to look when results do."""
        names = sorted(self.versions.keys() | versions.keys())
        return tuple(
            CapsuleDifference(name=name, recorded=self.versions.get(name), found=versions.get(name))
            for name in names
            if self.versions.get(name) != versions.get(name)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with the version of this form and the id over all of it."""
        return {"capsule": SCHEMA_VERSION, "id": self.id, **self._content()}

    def to_json(self) -> str:
        """The capsule as JSON text with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The capsule of this text; errors as `from_dict`, and InvalidInput for text that is not JSON."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"expected a run capsule in JSON, got text that is not JSON ({error})") from error
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The capsule of `to_dict`.

        Raises InvalidInput when something is missing, unknown or was changed (the id does not fit), Misconfigured when
        a newer Augury wrote it.
        """
        if not isinstance(values, Mapping) or "capsule" not in values:
            raise InvalidInput(f"expected a run capsule, a mapping with the key 'capsule', got {values!r:.80}")
        version = values["capsule"]
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise InvalidInput(f"the version of a run capsule should be a whole number from 1, got {version!r:.80}")
        if version > SCHEMA_VERSION:
            raise Misconfigured(
                f"the run capsule has version {version}, this Augury reads up to {SCHEMA_VERSION}; update augury"
            )
        content = {name: value for name, value in values.items() if name not in ("capsule", "id")}
        expected = {one.name for one in fields(cls)}
        if content.keys() != expected:
            missing, unknown = sorted(expected - content.keys()), sorted(content.keys() - expected)
            raise InvalidInput(
                f"the run capsule is damaged: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}"
            )
        capsule = cls._of(content)
        if values.get("id") != capsule.id:
            raise InvalidInput(
                f"the run capsule was changed after it was written: its content has the id {capsule.id}, it says "
                f"{values.get('id')!r:.80}; take the original"
            )
        return capsule

    @classmethod
    def _of(cls, content: dict[str, Any]) -> Self:
        try:
            strategy = None if content["strategy"] is None else StrategySource(**content["strategy"])
            data = tuple(CapsuleData(key=SeriesKey(**one["key"]), path=one["path"]) for one in content["data"])
            return cls(**(content | {"strategy": strategy, "data": data}))
        except (TypeError, KeyError, AttributeError) as error:
            raise InvalidInput(f"the run capsule is damaged: {error}") from error

    def _content(self) -> dict[str, Any]:
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values["strategy"] = None if self.strategy is None else asdict(self.strategy)
        values["data"] = [asdict(one) for one in self.data]
        return values
