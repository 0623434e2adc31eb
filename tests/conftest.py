"""Settings of every test: properties have no time limit, and where `CI` is set they try the same examples each time."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("augury", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("augury")
