"""Waiting for a time, or for something to happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class Alarm:
    """Lets one loop wait until it is poked or it is late enough."""

    def __init__(self, sleep_until: Callable[[int], Awaitable[None]]) -> None:
        self._sleep_until = sleep_until
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Ends the wait, or the next one where nobody waits."""
        self._poked.set()

    async def wait(self, until_ms: float) -> None:
        """Waits until it is poked, or until this time; it may wake early."""
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._poked.wait())}
        if until_ms != float("inf"):
            waits.add(asyncio.ensure_future(self._sleep_until(int(until_ms))))
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in waits:
                task.cancel()
        self._poked.clear()
