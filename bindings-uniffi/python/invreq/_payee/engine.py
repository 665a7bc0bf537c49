"""One input from beginning to end: questions, the write, the commit, and what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .. import errors
from .._ffi import invreq as ffi
from .._glue import call
from .._types import Effects, Input
from .ask import ask, put
from .closing import Closing
from .hosts import Hosts

T = TypeVar("T")

MAX_CONFLICTS = 16
"""How often an input begins again because another writer was faster."""

RESTORE = Input.RESTORE()
TICK = Input.TICK()


@dataclass
class _Attempt:
    """One input on its way.

    It keeps its moment, its dice and what the host answered, so that the host is asked once however often other writers are faster.
    """

    given: Input = field(repr=False)
    now_ms: int
    entropy: bytes = field(repr=False)
    answers: ffi.Answers
    conflicts: int = 0

    def begin_again(self) -> None:
        """After a conflict: what was read of the store is out of date."""
        self.conflicts += 1
        if self.conflicts >= MAX_CONFLICTS:
            raise errors.StoreConflict("other writers keep changing the store")
        call(self.answers.forget_reads)


class Engine:
    """The engine, and the lock that keeps its inputs in order."""

    def __init__(
        self, handle: ffi.Engine, hosts: Hosts, closing: Closing, hand_on: Callable[[Effects], None]
    ) -> None:
        self._handle = handle
        self._hosts = hosts
        self._closing = closing
        self._hand_on = hand_on
        self._lock = asyncio.Lock()
        self._ticking = asyncio.Lock()

    async def perform(self, given: Input) -> None:
        """Carries out an input. When it returns, everything the input led to is written and handed on.

        It is never cancelled by a caller: whoever calls it does so in a task of the payee's own.
        """
        # A tick that began before another and ends after it would look like a clock that was set back.
        async with self._ticking if given is TICK else nullcontext():
            await self._perform(given)

    async def look(self, at: Callable[[ffi.Engine], T]) -> T:
        """Looks at the engine between two inputs."""
        async with self._lock:
            self._closing.check()
            return call(at, self._handle)

    async def end(self) -> None:
        """Waits for the input that is under way."""
        async with self._lock:
            pass

    async def _perform(self, given: Input) -> None:
        attempt = self._begin(given)
        while True:
            async with self._lock:
                self._closing.check()
                try:
                    questions = await self._settle(attempt)
                except Exception:
                    # What was written all the same is found when the engine looks for it.
                    wake_at = call(self._handle.wake_at)
                    self._hand_on(Effects(deliveries=[], replies=[], events=[], wake_at=wake_at))
                    raise
            if not questions:
                return
            # The host may take its time, so others go on meanwhile. What was read of the store may be out of date when it is done.
            answers = await asyncio.gather(*(ask(self._hosts, self._closing, need) for need in questions))
            self._closing.check()
            for need, answer in zip(questions, answers):
                put(attempt.answers, need, answer)
            call(attempt.answers.forget_reads)

    async def _settle(self, attempt: _Attempt) -> list[Any]:
        """Goes on until the input is done, or until only the host can say more: then it gives what to ask.

        All of it happens under the lock, so that what follows from two inputs comes in the order of the inputs.
        """
        while (questions := await self._advance(attempt)) is None:
            attempt.begin_again()
            self._closing.check()
            if attempt.given is not RESTORE:
                await self._reload()
        return questions

    async def _reload(self) -> None:
        """Reads what another writer changed."""
        attempt = self._begin(RESTORE)
        while await self._advance(attempt) is None:
            attempt.begin_again()

    def _begin(self, given: Input) -> _Attempt:
        time = self._hosts.time
        return _Attempt(given, time.now_ms(), time.entropy(), ffi.Answers())

    async def _advance(self, attempt: _Attempt) -> list[Any] | None:
        """Begins the input and, once there is nothing to ask but the store, writes, commits and hands on.

        It gives what is to be asked, which is nothing where it is done; `None` after a conflict.
        """
        while True:
            begun = self._step(attempt)
            if begun.kind == "failed":
                if isinstance(begun.error, errors.StoreConflict):
                    return None
                raise begun.error
            if begun.kind == "step":
                step = begun.step
                if step.batch is not None and not await self._hosts.store.write(step.batch):
                    return None
                committed: Any = call(self._handle.commit, step.id)
                if committed.kind == "failed":
                    raise committed.error
                self._hand_on(committed)
                return []
            reads = [need for need in begun.needs if need.kind == "range"]
            if not reads:
                return list(begun.needs)
            await self._read_all(reads, attempt.answers)

    def _step(self, attempt: _Attempt) -> Any:
        # What only the core can see, such as a point that is not on the curve, is a parameter that cannot be used.
        return call(self._handle.begin, attempt.given, attempt.now_ms, attempt.entropy, attempt.answers)

    async def _read_all(self, reads: list[Any], answers: ffi.Answers) -> None:
        """Asks the store for all of it at once."""
        store = self._hosts.store
        # One that fails leaves the others to end by themselves: nobody looks at what they find.
        found = await asyncio.gather(
            *(store.range(need.start, need.end, need.limit) for need in reads), return_exceptions=True
        )
        for need, entries in zip(reads, found):
            if isinstance(entries, BaseException):
                raise entries
            call(answers.insert, need, ffi.Answer.ENTRIES(entries))
