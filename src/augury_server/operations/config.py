"""`augury config`: the platform's settings as they are in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["ConfigShowOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigShowOptions(PlatformOptions):
    """Options of `config show`."""

    origin: Annotated[
        bool, msgspec.Meta(description="Say for each value where it is from: default, file, environment, flag.")
    ] = option(False)
    section: Annotated[str | None, msgspec.Meta(description="Only this section, such as web or jobs.")] = option(None)


platform_operation(
    Verb(
        name="config.show",
        summary="Show every setting in force, secrets hidden, with its origin when asked.",
        example="augury config show --origin --section web",
        run="config:show_config",
        role="administrator",
        django=False,
    ),
    ConfigShowOptions,
)
