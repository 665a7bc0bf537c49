"""Threads for the methods of a host that block."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

MOST = 32
"""How many calls of one part of a host may block at a time; what is called beyond that waits its turn."""

IDLE = 5.0
"""How long a thread waits for more to do, in seconds."""

Method = Callable[..., Any]
AsyncMethod = Callable[..., Awaitable[Any]]


@dataclass(eq=False)
class _Call:
    method: Callable[[], Any]
    done: asyncio.Future[Any]

    def run(self) -> None:
        try:
            result, error = self.method(), None
        except BaseException as raised:
            result, error = None, _harmless(raised)
        # Where the loop is closed, nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self.done.get_loop().call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(result)
        else:
            self.done.set_exception(error)


class Threads:
    """Threads for one part of a host, so that no part that hangs keeps another one waiting.

    They are daemons, unlike those of an executor: a call that never returns does not keep the process from ending.
    """

    def __init__(self, name: str, most: int = MOST) -> None:
        self._name = f"invreq-{name}"
        self._most = most
        self._changed = threading.Condition()
        self._waiting: deque[_Call] = deque()
        self._count = 0
        self._idle = 0

    def on_thread(self, method: Method) -> AsyncMethod:
        """The method of a host as one to be awaited: a plain one may block, so it gets a thread."""
        if inspect.iscoroutinefunction(method):

            async def direct(*args: Any) -> Any:
                return await apart(method(*args))

            return direct

        async def threaded(*args: Any) -> Any:
            given = await self.run(lambda: method(*args))
            return await apart(given) if inspect.isawaitable(given) else given

        return threaded

    async def run(self, work: Callable[[], Any]) -> Any:
        """Does something that may block. Whoever is cancelled meanwhile no longer waits for it."""
        context = contextvars.copy_context()
        call = _Call(lambda: context.run(work), asyncio.get_running_loop().create_future())
        with self._changed:
            self._waiting.append(call)
        try:
            self._wake()
            return await call.done
        finally:
            with self._changed:
                if call in self._waiting:
                    self._waiting.remove(call)

    def _wake(self) -> None:
        with self._changed:
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._count < self._most:
                threading.Thread(target=self._serve, name=self._name, daemon=True).start()
                self._count += 1

    def _serve(self) -> None:
        while (call := self._next()) is not None:
            call.run()
            # It must not live on while this thread waits.
            del call

    def _next(self) -> _Call | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: len(self._waiting) > 0, IDLE)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._count -= 1
            return None


async def apart(work: Awaitable[Any]) -> Any:
    """Awaits something of the host in a task of its own: if that is cancelled, it failed, and whoever waits for it goes on."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        task.add_done_callback(look)
        raise
    return result_of(task)


def result_of(task: asyncio.Future[Any]) -> Any:
    """What came of it; that it was cancelled is an error like any other."""
    if task.cancelled():
        raise RuntimeError("it was cancelled")
    return task.result()


def look(task: asyncio.Future[Any]) -> None:
    """Nobody looks at it any more, which is no reason to complain."""
    if not task.cancelled():
        task.exception()


def _harmless(raised: BaseException) -> Exception:
    """What may be raised in a coroutine without ending its loop or its task."""
    if isinstance(raised, Exception) and not isinstance(raised, StopIteration):
        return raised
    harmless = RuntimeError(f"it ended with {type(raised).__name__}")
    harmless.__cause__ = raised
    return harmless
