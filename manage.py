#!/usr/bin/env python
"""Django's management commands, with Augury's settings: `python manage.py help`."""

from __future__ import annotations

import sys

from augury_server.__main__ import main

if __name__ == "__main__":
    main(sys.argv)
