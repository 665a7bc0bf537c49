"""From addresses to a connection on which both sides have introduced themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._types import PeerEvent, SendOutcome
from .alarm import Alarm
from .connection import Connection, Introduction
from .shared import Shared
from .stream import CONNECT_MS

DIAL_MS = 40_000
"""How long all of it may take, in milliseconds."""


async def dial(
    shared: Shared, node_id: str, addresses: Sequence[str], alarm: Alarm, is_wanted: Callable[[], bool]
) -> Connection | SendOutcome | None:
    """Connects to the first address that leads to this node and takes onion messages.

    Otherwise it says why not: `OFFLINE` if there is no network, `NO_ROUTE` if there is and the node is not to be reached. `None` where
    `is_wanted` says that nobody wants it any more; the alarm wakes it up to look.
    """
    until_ms = shared.now_ms() + DIAL_MS
    outcome: SendOutcome | None = None
    for address in addresses:
        if shared.now_ms() >= until_ms:
            break
        made = await _dial_one(shared, node_id, address, until_ms, alarm, is_wanted)
        if made is None or isinstance(made, Connection):
            return made
        # Only if every address says so there is no network.
        if outcome in (None, SendOutcome.OFFLINE):
            outcome = made
    return outcome or SendOutcome.NO_ROUTE


async def _dial_one(
    shared: Shared,
    node_id: str,
    address: str,
    until_ms: int,
    alarm: Alarm,
    is_wanted: Callable[[], bool],
) -> Connection | SendOutcome | None:
    connected_by_ms = min(shared.now_ms() + CONNECT_MS, until_ms)
    who = Introduction(node_id, shared.key, shared.network, shared.time.entropy())
    connection = Connection(address, who, shared.now_ms, alarm.poke)
    made: Connection | SendOutcome | None = SendOutcome.NO_ROUTE
    try:
        while True:
            ready: bool | None = None
            for event in connection.turn():
                # One that waited for us can come right behind the introduction.
                if isinstance(event, PeerEvent.ONION_MESSAGE):
                    shared.arrive(event.value)
                elif isinstance(event, PeerEvent.READY):
                    ready = event.onion_messages
            # Before what the peer says of it: without a network nothing is known of the node.
            if connection.ended == "offline":
                made = SendOutcome.OFFLINE
                return made
            if connection.is_closed:
                return made
            if ready is not None:
                made = connection if ready else SendOutcome.NO_ROUTE
                return made
            if not is_wanted():
                made = None
                return made
            # Once it is open, the peer's own limit of time ends it.
            by_ms = until_ms if connection.is_open else connected_by_ms
            if connection.ended is not None or shared.now_ms() >= by_ms:
                return made
            await alarm.wait(min(by_ms, connection.wake_at))
    finally:
        if made is not connection:
            connection.close()
