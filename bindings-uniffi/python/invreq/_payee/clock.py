"""The system's clock and dice, and waiting."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

from .. import _check as check
from .. import errors
from ..host import Clock, Entropy

LONGEST_SLEEP_MS = 30_000
"""No timer runs longer at a time, so that a clock that was set back and a machine that slept are noticed."""


class SystemClock:
    """The clock of the system."""

    def now_ms(self) -> int:
        """The time, in Unix milliseconds."""
        return time.time_ns() // 1_000_000

    async def sleep_until(self, at_ms: int) -> None:
        """Waits until it is this late, but for half a minute at most."""
        await asyncio.sleep(min(max(at_ms - self.now_ms(), 0), LONGEST_SLEEP_MS) / 1000)


class TimeAndDice:
    """The time and the dice of a host; what they give is checked."""

    def __init__(self, clock: Clock | None, entropy: Entropy | None) -> None:
        given: Any = SystemClock() if clock is None else clock
        self._now = check.required(given, "clock", "now_ms")
        self._sleep = check.required(given, "clock", "sleep_until")
        if entropy is not None and not callable(entropy):
            raise check.invalid("entropy has to be a function")
        self._dice: Any = entropy

    def now_ms(self) -> int:
        """The time, in Unix milliseconds."""
        try:
            return check.integer(int(self._now()), "the clock's time", 2**53)
        except Exception as error:
            raise _may_pass(f"the clock does not tell the time: {error}") from error

    def entropy(self) -> bytes:
        """32 fresh bytes."""
        try:
            return (
                secrets.token_bytes(32) if self._dice is None else check.octets(self._dice(), "entropy", 32)
            )
        except Exception as error:
            raise _may_pass(f"there is no entropy: {error}") from error

    async def wait(self, ms: int) -> None:
        """Waits so long from now on, or until it is earlier than now: a clock that is set back must not make a wait longer."""
        start = self.now_ms()
        await self.wait_until(start, start + ms)

    async def wait_until(self, start: int, at: int) -> None:
        """Waits until it is this late, or earlier than `start`."""
        now = self.now_ms()
        while start <= now < at:
            await self._sleep(min(at, now + LONGEST_SLEEP_MS))
            later = self.now_ms()
            # A clock that wakes at once, again and again, must not keep everything else from its turn.
            if later == now:
                await asyncio.sleep(0.001)
            now = later


def _may_pass(message: str) -> errors.InvalidParameter:
    """What fails once may work the next time; what became of a copy, for one, is not to be lost for it."""
    return errors.InvalidParameter(message, retryable=True)
