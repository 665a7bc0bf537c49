"""A transcript that grows in the order of the golden one.

Whatever goes on at once, a line is written when it is the next one of the golden transcript; until then whoever wrote it waits. So the
golden transcript is the schedule, and what never gets its turn is where the runs differ.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TypeAlias

PATIENCE = 5.0
"""How long a line may stay away, in seconds."""


EVENT = re.compile(r"(\w+ )?event ")
"""How the lines of one payee's events begin."""

_Waiting: TypeAlias = tuple[Callable[[], str], asyncio.Future[str], Callable[[], None]]


class Transcript:
    def __init__(self, golden: str, patience: float = PATIENCE) -> None:
        self.lines: list[str] = []
        self.early: list[str] = []
        self._patience = patience
        self._golden = golden.split("\n")[:-1]
        self._waiting: list[_Waiting] = []
        self._moved = asyncio.Event()

    async def write(self, line: str | Callable[[], str], then: Callable[[], None] = lambda: None) -> None:
        """Writes a line in its turn; `then` is done at the same moment. A function is looked at anew until then."""
        await self.hand_in(line, then)

    def hand_in(
        self, line: str | Callable[[], str], then: Callable[[], None] = lambda: None
    ) -> asyncio.Future[str]:
        """The same for whoever does not wait for it."""
        written = asyncio.get_running_loop().create_future()
        if isinstance(line, str):
            self._check_written(line)
        read = line if callable(line) else lambda: str(line)
        self._waiting.append((read, written, then))
        self._move()
        return written

    async def finish(self, action: int) -> None:
        """Waits until all lines of this action are written, and then whether there are more."""
        starts = (at for at, line in enumerate(self._golden) if line.startswith(f"> {action + 1} "))
        end = next(starts, len(self._golden))
        until = asyncio.get_running_loop().time() + self._patience
        while len(self.lines) < end and asyncio.get_running_loop().time() < until:
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), 0.1)
            except asyncio.TimeoutError:
                continue
        for _ in range(20):
            await asyncio.sleep(0)
        if len(self.lines) < end or self._waiting or self.early:
            raise AssertionError(self._differs())

    def _check_written(self, line: str) -> None:
        """What is shown or sent must not be there before what is written ahead of it."""
        ahead = self._golden[len(self.lines) :]
        if line in ahead and any(re.match(r"(\w )?write ", before) for before in ahead[: ahead.index(line)]):
            self.early.append(line)

    def _move(self) -> None:
        while len(self.lines) < len(self._golden):
            turn = self._golden[len(self.lines)]
            found = self._whose(turn)
            if found is None:
                return
            self._waiting.remove(found)
            self.lines.append(turn)
            found[2]()
            if not found[1].done():
                found[1].set_result(turn)
            self._moved.set()

    def _whose(self, turn: str) -> _Waiting | None:
        """Who has this line. Of the events of a payee it is the first that waits, or nobody: they come in their order."""
        event = EVENT.match(turn)
        for waiting in self._waiting:
            line = waiting[0]()
            if line == turn:
                return waiting
            if event and line.startswith(event[0]):
                return None
        return None

    def _differs(self) -> str:
        wanted = [*self._golden, "the end"][len(self.lines)]
        there = [f"there is: {read()}" for read, _, _ in self._waiting]
        early = [f"too early: {line}" for line in self.early]
        return "\n  ".join([f"line {len(self.lines) + 1} has to be: {wanted}", *there, *early])
