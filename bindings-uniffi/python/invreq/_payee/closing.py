"""The end of a payee, and waiting that it cuts short."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

from .. import errors
from .clock import TimeAndDice
from .threads import look, result_of

T = TypeVar("T")


class Late(Exception):
    """The host took too long."""

    def __init__(self) -> None:
        super().__init__("there was no answer in time")


class Closing:
    """Says when the payee is closed, and knows what goes on in the background until then."""

    def __init__(self, time: TimeAndDice) -> None:
        self._time = time
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.is_over = False
        """Whether it is closed."""

    def check(self) -> None:
        """Raises where it is closed."""
        if self.is_over:
            raise closed()

    def end(self) -> None:
        """It is closed: whoever still waits is told."""
        self.is_over = True
        if not self._ended.done():
            self._ended.set_result(None)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Does something in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(look)
        return task

    async def join(self) -> None:
        """Waits until nothing goes on any more."""
        own = asyncio.current_task()
        while left := [task for task in self._tasks if task is not own]:
            await asyncio.wait(left)

    async def unless_over(self, work: Awaitable[T]) -> T:
        """What comes of it; raises where the payee is closed first. Cancels it if nobody waits any more."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(look)
        try:
            both: set[asyncio.Future[Any]] = {task, self._ended}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            self.check()
            return cast(T, result_of(task))
        finally:
            task.cancel()

    async def within(self, patience_ms: int, work: Callable[[], Awaitable[T]]) -> T:
        """What the host gives, if it comes in time."""

        async def ask() -> T:
            return await work()

        asked = asyncio.ensure_future(ask())
        late = asyncio.ensure_future(self._time.wait(patience_ms))
        both: set[asyncio.Future[Any]] = {asked, late, self._ended}
        for task in (asked, late):
            task.add_done_callback(look)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            self.check()
            if asked.done():
                return cast(T, result_of(asked))
            result_of(late)
            raise Late
        finally:
            asked.cancel()
            late.cancel()


def closed() -> errors.Cancelled:
    """The error of a call to a payee that was closed."""
    # Calling again would end the same way.
    return errors.Cancelled("the payee was closed", retryable=False)
