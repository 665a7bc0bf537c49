"""Telling what happened."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias
from weakref import WeakSet

from .._types import Event

MOST_BEHIND = 1024
"""How many events a reader can fall behind."""


@dataclass(frozen=True)
class Missed:
    """A reader of `events()` fell so far behind that its oldest events were dropped; the records are in the store."""

    count: int
    """How many were dropped."""
    kind: ClassVar[str] = "missed"


PayeeEvent: TypeAlias = Event | Missed
"""Something that happened: an `Event` of the engine, or `Missed`."""

Listener: TypeAlias = Callable[[PayeeEvent], object]


class Events:
    """Hands events to whoever wants them."""

    def __init__(self) -> None:
        # Whoever lets go of a reader reads no more.
        self._queues: WeakSet[Queue] = WeakSet()
        # What happened before anybody read.
        self._first: Queue | None = Queue(self._queues.discard)
        self._listeners: list[Listener] = []
        self._ended = False

    def listen(self, listener: Listener) -> None:
        """Calls back at every event."""
        self._listeners.append(listener)

    def read(self) -> EventReader:
        """All events from now on; for the first reader all there were."""
        queue, self._first = self._first or Queue(self._queues.discard), None
        if self._ended:
            queue.end()
        else:
            self._queues.add(queue)
        return EventReader(queue)

    def tell(self, event: Event) -> None:
        """Hands it to everybody."""
        if self._first is not None:
            self._first.push(event)
        for queue in list(self._queues):
            queue.push(event)
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception as error:
                _uncaught(error)

    def end(self) -> None:
        """Nothing more comes."""
        self._ended = True
        self._listeners.clear()
        for queue in list(self._queues):
            queue.end()


class EventReader(AsyncIterator[PayeeEvent]):
    """A queue of events, for `async for`. It ends when the payee is closed, or by `aclose`.

    A reader that falls more than 1,024 behind misses the oldest ones, and gets a `Missed` in their place.
    """

    def __init__(self, queue: Queue) -> None:
        """Use `Payee.events`."""
        self._queue = queue

    def __aiter__(self) -> EventReader:
        """The reader itself."""
        return self

    async def __anext__(self) -> PayeeEvent:
        """The next event. Whoever is cancelled while waiting for it misses nothing."""
        return await self._queue.next()

    async def aclose(self) -> None:
        """Ends it at once."""
        self._queue.clear()
        self._queue.end()


class Queue:
    """The events one reader has not read yet."""

    def __init__(self, leave: Callable[[Queue], None]) -> None:
        self._leave = leave
        self._events: deque[PayeeEvent] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._missed = 0
        self._over = False

    def push(self, event: PayeeEvent) -> None:
        """Adds an event."""
        self._events.append(event)
        if len(self._events) > MOST_BEHIND:
            self._events.popleft()
            self._missed += 1
        self._wake()

    async def next(self) -> PayeeEvent:
        """Waits for the next one."""
        while True:
            if self._missed > 0:
                missed, self._missed = Missed(self._missed), 0
                return missed
            if self._events:
                return self._events.popleft()
            if self._over:
                raise StopAsyncIteration
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                # It may have been woken before it was cancelled: then it is the next one's turn.
                if waiting.done() and not waiting.cancelled():
                    self._wake()
                raise

    def clear(self) -> None:
        """Forgets what was not read."""
        self._events.clear()
        self._missed = 0

    def end(self) -> None:
        """Nothing more comes. What is in the queue can still be read."""
        self._over = True
        self._leave(self)
        while self._waiting:
            self._wake()

    def _wake(self) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return


def _uncaught(error: Exception) -> None:
    """Somebody else's error: it must not end what we are at, and must not go unnoticed."""
    message = "a listener of the payee raised"
    asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})
