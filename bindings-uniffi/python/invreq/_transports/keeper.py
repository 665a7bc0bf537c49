"""Keeps a connection to one node while there is something to send or a reply to wait for."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .._types import PeerEvent, SendOutcome
from .alarm import Alarm
from .connection import Connection
from .dial import dial
from .shared import MAX_COMMANDS, Command, Shared

FIRST_PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 300_000
"""The pause before a connection that is only wanted for replies is made again doubles from the first to the longest."""

GOOD_MS = 60_000
"""A connection that lasted so long was a good one."""

READ_MS = 15_000
"""How long a message may take until the node has read it."""

PACE_MS = 250
"""The pause between two messages. The engine keeps it, too, but messages that waited for a connection would leave at once."""

GRACE_MS = 60_000
"""For so long after a connection broke, a node that cannot be reached is worth another try.

It may take us for connected until it notices, and refuse a second connection.
"""

NEVER = float("-inf")


@dataclass
class _Writing:
    """A message on its way."""

    command: Command
    start: int
    """The byte of the stream at which it begins."""
    until_ms: int
    first: bool
    """Whether the connection was made for it. One that was not may have died unnoticed."""


class Keeper:
    """Carries out commands for one node until none are left and no reply is waited for."""

    def __init__(self, shared: Shared, node_id: str, command: Command) -> None:
        self._shared = shared
        self._node_id = node_id
        self._alarm = Alarm(shared.sleep_until)
        self._commands: deque[Command] = deque([command])
        self._sending: Command | None = None
        self._connection: Connection | None = None
        self._addresses: Sequence[str] = ()
        self.until_ms = 0
        """Until when replies may come, in Unix milliseconds."""
        self._pause_ms = FIRST_PAUSE_MS
        self._again_ms = 0
        self._free_ms = 0
        self._broke_ms: float = NEVER
        self._is_dismissed = False
        self.over = asyncio.get_running_loop().create_task(self._run())
        """Done when it has ended."""

    @property
    def is_idle(self) -> bool:
        """Whether it only waits for replies, so that it may be closed for another."""
        return self._sending is None and not self._commands

    def take(self, command: Command) -> bool:
        """Takes a message to send, unless too many wait."""
        if len(self._commands) >= MAX_COMMANDS:
            return False
        self._commands.append(command)
        self._alarm.poke()
        return True

    def poke(self) -> None:
        """Has it look at what changed: a command that nobody waits for any more, for one."""
        self._alarm.poke()

    def hurry(self) -> None:
        """The network is back: there is no reason to wait, and what was connected may not be any more."""
        self._pause_ms = FIRST_PAUSE_MS
        self._again_ms = 0
        if self._connection is not None:
            # Where it is over, its next turn shows that.
            with contextlib.suppress(Exception):
                self._connection.probe()
        self._alarm.poke()

    def dismiss(self) -> None:
        """Ends it: its place is needed, or the transport is closed."""
        self._is_dismissed = True
        self._alarm.poke()

    async def _run(self) -> None:
        try:
            while await self._reason_to_connect():
                await self._connect()
        except Exception:  # noqa: S110 - a clock or dice that broke; nobody could be told but those who wait
            pass
        finally:
            if self._connection is not None:
                self._connection.close()
            if self._shared.links.get(self._node_id) is self:
                del self._shared.links[self._node_id]
            for command in [self._sending, *self._commands]:
                if command is not None:
                    command.end(SendOutcome.OFFLINE)

    async def _reason_to_connect(self) -> bool:
        """Waits for something to do. False if there is nothing, and never will be."""
        self._again_ms = self._now() + self._pause_ms
        while True:
            if self._is_dismissed:
                return False
            self._sending = self._sending or self._next()
            if self._sending is not None:
                return True
            if self._now() >= self.until_ms:
                return False
            if self._now() >= self._again_ms:
                self._pause_ms = min(self._pause_ms * 2, LONGEST_PAUSE_MS)
                return True
            await self._alarm.wait(min(self._again_ms, self.until_ms))

    async def _connect(self) -> None:
        """Connects, for a message or only for replies, and uses the connection. A message to be tried again stays in `_sending`."""
        command = self._sending
        if command is not None:
            self._addresses = command.addresses

        # While it connects only for replies, a command may come that knows better addresses.
        def is_wanted() -> bool:
            wanted = not self._commands if command is None else not command.forgotten
            return wanted and not self._is_dismissed

        made = await dial(self._shared, self._node_id, self._addresses, self._alarm, is_wanted)
        if isinstance(made, Connection):
            self._connection = made
            await self._serve(made)
            made.close()
            self._connection = None
        elif made is not None:
            self._answer(self._excused(made))
        elif command is not None and command.forgotten:
            self._answer(SendOutcome.OFFLINE)

    async def _serve(self, connection: Connection) -> None:
        """Uses a connection until it breaks or is not needed any more."""
        since_ms = self._now()
        writing = None if self._sending is None else self._start(connection, self._sending, first=True)
        while True:
            is_over = self._take_in(connection)
            if writing is not None and connection.is_all_read:
                self._accept(writing.command)
                writing = None
            if is_over:
                self._broke_ms = self._now()
                if self._broke_ms - since_ms >= GOOD_MS:
                    self._pause_ms = FIRST_PAUSE_MS
                if writing is not None:
                    self._give_up(connection, writing)
                return
            if self._is_dismissed or (
                writing is not None and (writing.command.forgotten or self._now() >= writing.until_ms)
            ):
                # Some of it may have left.
                self._answer(SendOutcome.FAILED)
                return
            if writing is None:
                if not self._commands and self._now() >= self.until_ms:
                    return
                if self._now() >= self._free_ms:
                    self._sending = self._next()
                    if self._sending is not None:
                        writing = self._start(connection, self._sending, first=False)
                        continue
            free = self._free_ms if self._commands else self.until_ms
            at = free if writing is None else writing.until_ms
            await self._alarm.wait(min(at, connection.wake_at))

    def _start(self, connection: Connection, command: Command, *, first: bool) -> _Writing | None:
        """Queues a message; `None` if it cannot be."""
        now = self._now()
        self._free_ms = now + PACE_MS
        try:
            return _Writing(command, connection.send(command.message), now + READ_MS, first)
        except Exception:
            # The peer does not read what it gets, or is gone.
            self._answer(SendOutcome.OFFLINE)
            return None

    def _accept(self, command: Command) -> None:
        self._pause_ms = FIRST_PAUSE_MS
        self.until_ms = max(self.until_ms, command.keep_until_ms)
        self._answer(SendOutcome.ACCEPTED)

    def _give_up(self, connection: Connection, writing: _Writing) -> None:
        """What to do with a message whose connection broke. One of which an old connection sent nothing is sent again."""
        if connection.written > writing.start:
            self._answer(SendOutcome.FAILED)
        elif writing.first:
            self._answer(self._excused(SendOutcome.NO_ROUTE))

    def _take_in(self, connection: Connection) -> bool:
        """Takes in what happened, and says whether the connection is over."""
        for event in connection.turn():
            if isinstance(event, PeerEvent.ONION_MESSAGE):
                self._shared.arrive(event.value)
        return connection.ended is not None or connection.is_closed

    def _excused(self, outcome: SendOutcome) -> SendOutcome:
        is_recent = self._now() - self._broke_ms < GRACE_MS
        return SendOutcome.OFFLINE if outcome is SendOutcome.NO_ROUTE and is_recent else outcome

    def _answer(self, outcome: SendOutcome) -> None:
        if self._sending is not None:
            self._sending.end(outcome)
        self._sending = None

    def _next(self) -> Command | None:
        """The next command that somebody waits for."""
        while self._commands:
            command = self._commands.popleft()
            if not command.forgotten:
                return command
        return None

    def _now(self) -> int:
        return self._shared.now_ms()
