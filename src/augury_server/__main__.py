"""`python -m augury_server`: Django's management commands with Augury's settings."""

from __future__ import annotations

import sys

from augury.errors import AuguryError
from augury_server.settings.preparing import prepare

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Run one management command; an error of ours becomes one line on standard error and exit code 1."""
    try:
        prepare()
        from django.core.management import execute_from_command_line

        execute_from_command_line(arguments)
    except AuguryError as error:
        sys.exit(f"augury: {error}")


if __name__ == "__main__":
    main(sys.argv)
