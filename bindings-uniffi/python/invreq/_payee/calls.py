"""Who waits for the reply to which call."""

from __future__ import annotations

import asyncio
from typing import Any

from .._error import InvreqError
from .closing import closed


class Calls:
    """The calls under way."""

    def __init__(self) -> None:
        self._callers: dict[int, asyncio.Future[Any]] = {}
        self._last = 0

    def begin(self) -> tuple[int, asyncio.Future[Any]]:
        """A number for a call, and what will hold its reply."""
        self._last += 1
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # Its caller may have gone.
        reply.add_done_callback(lambda reply: reply.cancelled() or reply.exception())
        self._callers[self._last] = reply
        return self._last, reply

    def leave(self, call: int) -> bool:
        """Its caller no longer waits; says whether the engine may still be at it."""
        return self._callers.pop(call, None) is not None

    def reply(self, call: int, outcome: object, error: InvreqError | None) -> None:
        """Ends a call, if its caller is still there."""
        caller = self._callers.pop(call, None)
        if caller is None or caller.done():
            return
        if error is None:
            caller.set_result(outcome)
        else:
            caller.set_exception(error)

    def end(self) -> None:
        """Ends all of them: the payee was closed."""
        for call in list(self._callers):
            self.reply(call, None, closed())
