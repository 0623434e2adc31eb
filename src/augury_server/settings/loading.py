"""Settings from defaults < a TOML file < the environment < flags, with the origin of every value."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from augury.errors import Misconfigured, nearest
from augury_server.settings.hiding import without_password
from augury_server.settings.model import Settings

__all__ = ["CONFIG", "FLAGS", "PREFIX", "Loaded", "Setting", "load_settings", "setting_fields"]

PREFIX = "AUGURY_"
CONFIG = "AUGURY_CONFIG"
FLAGS = "AUGURY_FLAGS"
"""Names flags in the environment of child processes: a JSON object from dotted names to values."""
FILE_NAME = "augury.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One field: its dotted name, whether it is a secret, and what it is for."""

    name: str
    secret: bool
    description: str
    default: Any

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.replace(".", "__").upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings and, for each dotted name that was set, where its value came from."""

    settings: Settings
    origins: Mapping[str, str]

    def origin(self, name: str) -> str:
        """Where the value of a dotted name came from; "default" when nobody set it."""
        return self.origins.get(name, "default")


@cache
def setting_fields() -> dict[str, Setting]:
    """Every setting by its dotted name."""
    return {setting.name: setting for setting in _fields(Settings, "")}


def _fields(model: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, f"{prefix}{name}.")
        else:
            secret = kind is SecretStr or SecretStr in get_args(kind)
            yield Setting(name=prefix + name, secret=secret, description=field.description or "", default=field.default)


def load_settings(
    *,
    file: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read settings; later sources win: defaults, the TOML file, environment variables, flags.

    `file` is `augury.toml` in the working folder, or what AUGURY_CONFIG names, unless given. Variables are
    `AUGURY_SECTION__NAME`; a secret may instead be named by `AUGURY_SECTION__NAME_FILE`, a file that holds it. `flags`
    maps dotted names to values. Raises Misconfigured, naming the key, its origin and the nearest name, for a key that
    does not exist or a value out of bounds.
    """
    variables = dict(os.environ if environment is None else environment)
    given = dict(flags) if flags is not None else json.loads(variables.get(FLAGS, "{}"))
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, values in (
        *_of_file(file, variables),
        ("environment", _of_environment(variables)),
        ("flag", given),
    ):
        for name, value in values.items():
            known = setting_fields()
            if name not in known:
                raise Misconfigured(f"no setting is named {name!r} ({origin}); {nearest(name, known)}")
            _put(merged, name, value)
            origins[name] = f"environment {known[name].variable}" if origin == "environment" else origin
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise Misconfigured(_explained(error, origins)) from None
    home = settings.home.expanduser().absolute()
    return Loaded(settings=settings.model_copy(update={"home": home}), origins=origins)


def _of_file(file: str | Path | None, variables: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    named = file or variables.get(CONFIG)
    path = Path(named or FILE_NAME)
    if not path.is_file():
        if path.is_dir():
            raise Misconfigured(f"the settings file {path} is a folder; expected a file of TOML")
        if named:
            raise Misconfigured(f"the settings file {path} is not there; create it or name another one")
        return []
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise Misconfigured(f"{path} is not readable as TOML: {error}") from None
    return [(f"file {path}", dict(_flat(tables)))]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _of_environment(variables: dict[str, str]) -> dict[str, Any]:
    """Values of the environment by dotted name; lists are JSON or separated by commas."""
    known = {setting.variable: setting for setting in setting_fields().values()}
    found: dict[str, Any] = {}
    for variable, text in variables.items():
        if not variable.startswith(PREFIX):
            continue
        setting = known.get(variable)
        if setting is not None:
            found[setting.name] = _listed(setting, text)
        elif variable.endswith("_FILE") and (named := known.get(variable[:-5])) is not None and named.secret:
            found[named.name] = _secret_in(variable, text)
        elif "__" in variable:
            raise Misconfigured(f"the environment variable {variable} names no setting; {nearest(variable, known)}")
    return found


def _listed(setting: Setting, text: str) -> Any:
    if not isinstance(setting.default, tuple):
        return text
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError as error:
            raise Misconfigured(f"{setting.variable} should hold a JSON list or parts with commas: {error}") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _secret_in(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"{variable} names {path}, which cannot be read: {error.strerror}") from None


def _put(merged: dict[str, Any], name: str, value: Any) -> None:
    *sections, last = name.split(".")
    for section in sections:
        merged = merged.setdefault(section, {})
    merged[last] = value


def _explained(error: ValidationError, origins: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(part) for part in problem["loc"])
        secret = name in setting_fields() and setting_fields()[name].secret
        came = "a secret" if secret else without_password(repr(problem["input"]))
        lines.append(
            f"{name} ({origins.get(name, 'default')}): {problem['msg'].removeprefix('Value error, ')}, got {came}"
        )
    return "; ".join(lines)
