"""What all connections share: the key, who is to be reached where, and which connections there are."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import _check as check
from .._payee.clock import TimeAndDice
from .._payee.hosts import Part
from .._payee.threads import AsyncMethod
from .._types import SendOutcome
from .stream import host_and_port

if TYPE_CHECKING:
    from .keeper import Keeper

MAX_LINKS = 32
"""The most connections at a time."""

MAX_COMMANDS = 16
"""The most messages that wait for one connection."""

MAX_WAITING = 16
"""The most messages that wait to be taken in. What comes then is dropped: no reply is needed for the money."""

MAX_ADDRESSES = 8
"""The most addresses of a node that are tried."""

MAX_LISTED = 64
"""The most addresses of a node that are taken."""


@dataclass(eq=False)
class Command:
    """A message to send."""

    message: bytes
    addresses: Sequence[str]
    keep_until_ms: int
    """Until when replies may come, in Unix milliseconds."""
    answer: asyncio.Future[SendOutcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def forgotten(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.answer.cancelled()

    def end(self, outcome: SendOutcome) -> None:
        """Says what became of it."""
        if not self.answer.done():
            self.answer.set_result(outcome)


class Shared:
    """The state of a transport."""

    def __init__(
        self,
        network: str,
        key: bytes,
        node_id: str,
        addresses: dict[str, list[str]],
        directory: object,
        time: TimeAndDice,
    ) -> None:
        self.network, self.key, self.node_id, self.time = network, key, node_id, time
        self.links: dict[str, Keeper] = {}
        self.inbox: deque[bytes] = deque()
        self.arrived = asyncio.Event()
        """Set when somebody may look into the inbox."""
        self.is_closed = False
        self.loop: asyncio.AbstractEventLoop | None = None
        """The loop all connections are in, once there was one."""
        self._addresses = addresses
        self._list: AsyncMethod | None = None
        self.via: AsyncMethod | None = None
        self.resolve_scid: AsyncMethod | None = None
        if directory is not None:
            part = Part(directory, "directory")
            self._list = part.required("addresses")
            self.via = part.optional("via")
            self.resolve_scid = part.optional("resolve_scid")

    def now_ms(self) -> int:
        """The time, in Unix milliseconds."""
        return self.time.now_ms()

    async def sleep_until(self, at_ms: int) -> None:
        """Waits until it is this late."""
        await self.time.wait_until(self.time.now_ms(), at_ms)

    def arrive(self, message: bytes) -> None:
        """Takes in an onion message, or drops it where too many wait."""
        if len(self.inbox) < MAX_WAITING:
            self.inbox.append(message)
            self.arrived.set()

    def online(self) -> None:
        """Has every connection hurry, from any thread."""
        if self.loop is None:
            return
        # A loop that is closed has no connection left.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._hurry)

    async def look_up(self, node_id: str) -> list[str]:
        """Where a node listens: what we were told when we were made, then what the directory says."""
        known = self._addresses.get(node_id, [])
        more: list[str] = []
        if self._list is not None:
            try:
                more = _texts(await self._list(node_id), "the addresses")
            except Exception:
                if not known:
                    raise
        return _usable([*known, *more])

    def addresses_of(self, node_id: str, connect: Sequence[str]) -> list[str]:
        """The addresses of a delivery, or what we know ourselves."""
        return _usable(connect or self._addresses.get(node_id, []))

    def make_room(self) -> bool:
        """Whether there is room for one more connection; where there is none, the one of least use is closed."""
        if len(self.links) < MAX_LINKS:
            return True
        idle = [(keeper.until_ms, node_id) for node_id, keeper in self.links.items() if keeper.is_idle]
        if not idle:
            return False
        self.links.pop(min(idle)[1]).dismiss()
        return True

    def _hurry(self) -> None:
        for keeper in self.links.values():
            keeper.hurry()


def read_addresses(value: Any, what: str) -> dict[str, list[str]]:
    """Where nodes listen, by node id."""
    check.instance(value, what, dict)
    given: Any = value
    return {
        check.point(node_id, f"a node id of {what}").lower(): _texts(all_, f"{what}[{node_id!r}]")
        for node_id, all_ in given.items()
    }


def _texts(value: Any, what: str) -> list[str]:
    return check.items(value, what, MAX_LISTED, check.text)


def _usable(addresses: Sequence[str]) -> list[str]:
    return [address for address in addresses if host_and_port(address) is not None][:MAX_ADDRESSES]
