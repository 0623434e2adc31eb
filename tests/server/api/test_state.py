"""The parts of the API start together and end together, also when one of them fails."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from augury.errors import Misconfigured
from augury_server.accounts.api_keys import add_key, find_key
from augury_server.api.state import State


def threads() -> set[str]:
    """Names of the threads of the API's parts."""
    return {
        thread.name for thread in threading.enumerate() if thread.name.startswith(("api-", "model host", "recorder"))
    }


def test_a_part_that_fails_to_end_keeps_no_other_from_it(platform: Any) -> None:
    token = add_key("ci", by="tests").token

    async def run() -> None:
        state = State(platform.settings)
        await state.start()
        assert state.ready
        assert state.keys.find(token) is not None

        async def failing() -> None:
            raise RuntimeError("sessions cannot be saved")

        state._ending.push_async_callback(failing)
        with pytest.raises(RuntimeError, match="cannot be saved"):
            await state.stop()

    asyncio.run(run())
    assert not threads()
    assert find_key("ci").last_used_at is not None


def test_a_start_that_fails_leaves_nothing_running(sqlite_platform: Any) -> None:
    (sqlite_platform.settings.home / "spill").write_text("no folder", encoding="ascii")

    async def run() -> None:
        with pytest.raises(Misconfigured):
            await State(sqlite_platform.settings).start()

    asyncio.run(run())
    assert not threads()
