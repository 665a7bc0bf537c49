"""A transport for hosts that have nothing but a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from .. import _check as check
from .._glue import ecdh, public_key
from .._payee.clock import TimeAndDice
from .._types import Delivery, Network, ReplyPath, Route, SendOutcome
from ..host import Clock, Entropy, NodeId, OnionMessage
from .directory import Directory
from .keeper import Keeper
from .shared import Command, Shared, read_addresses


class TcpTransport:
    """A transport over TCP that connects to the node an invoice has to reach, with a node key of its own and no node.

    It *sends* invoices: it needs no channel, no gossip and no node. Receiving the money always takes the host's node or service, whose
    payment paths are in the invoice.

    A connection stays open until the last invoice sent over it has expired, because the payer's errors come back over it; one that
    breaks is made again, with pauses, and at once after `online()`. There are at most 32; when one more is needed, the one whose
    invoices expire first is closed. `ACCEPTED` means that the node has read the message: it has answered a ping that was sent behind
    it.

    The addresses are `host:port` and `[v6]:port`; names are looked up. Tor's `.onion` addresses are passed over.
    """

    def __init__(
        self,
        *,
        network: Network,
        addresses: Mapping[NodeId, Sequence[str]] | None = None,
        directory: Directory | None = None,
        key: bytes | None = None,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
    ) -> None:
        """A transport that has no connection yet.

        - `addresses`: where nodes listen, by node id. Several addresses of a node are tried in their order, at most eight.
        - `directory`: asked about nodes and channels. Without it, only the nodes of `addresses` can be reached.
        - `key`: the secret key of the node we are to others, 32 bytes; by default a new one that nobody knows.

        Raises `InvalidParameter`.
        """
        time = TimeAndDice(clock, entropy)
        secret = time.entropy() if key is None else check.octets(key, "key", 32)
        self._shared = Shared(
            network=check.network(network),
            key=secret,
            node_id=public_key(secret),
            addresses={} if addresses is None else read_addresses(addresses, "addresses"),
            directory=directory,
            time=time,
        )

    @property
    def node_id(self) -> NodeId:
        """The node id other nodes see: 66 hex digits."""
        return self._shared.node_id

    async def send(self, delivery: Delivery) -> SendOutcome:
        """Sends one copy, and says what became of it within a minute."""
        shared, node_id = self._shared, delivery.packet.first_hop
        if shared.is_closed:
            return SendOutcome.OFFLINE
        addresses = shared.addresses_of(node_id, delivery.connect)
        command = Command(bytes(delivery.packet.message), addresses, delivery.expires_at * 1000)
        # Otherwise there is too much to do just now.
        if not self._hand_over(node_id, command):
            return SendOutcome.OFFLINE
        try:
            return await command.answer
        finally:
            if command.forgotten and node_id in shared.links:
                shared.links[node_id].poke()

    async def resolve_scid(self, scid: int, direction: int) -> NodeId | None:
        """The node at one end of a channel, from the directory."""
        resolve = self._shared.resolve_scid
        node_id = None if resolve is None else await resolve(scid, direction)
        return check.optional(node_id, check.point, "the node id")

    async def find_route(self, node_id: NodeId) -> Route | None:
        """The way to a node: to itself or to the first node of the directory's way; `None` where no address is known."""
        ask = self._shared.via
        found: Any = [] if ask is None else await ask(node_id)
        via = check.items(found, "via", 32, check.point)
        peer = via[0] if via else node_id
        connect = await self._shared.look_up(peer)
        if not connect:
            return None
        # The payer's answer goes to our peer, which has us connected.
        reply = ReplyPath.NODE(via=[peer], node_id=self.node_id)
        return Route(via=via, connect=connect, own_node=False, reply=reply)

    async def ecdh(self, node_id: NodeId, point: str) -> bytes:
        """The shared secret of the transport's key and a point. Raises for any other node."""
        if node_id != self.node_id:
            raise check.invalid("this transport has another node key")
        return ecdh(self._shared.key, check.point(point, "point"))

    async def receive(self) -> OnionMessage:
        """Waits for an onion message. At most 16 wait; what comes then is dropped."""
        shared = self._shared
        while True:
            if shared.is_closed:
                raise check.invalid("the transport is closed")
            if shared.inbox:
                return OnionMessage(shared.inbox.popleft(), self.node_id)
            shared.arrived.clear()
            await shared.arrived.wait()

    def online(self) -> None:
        """Makes at once again what connections are wanted, without the rest of their pauses: call it when the network is back.

        One that is open is asked for a sign of life. It does not wait, and may be called on any thread, with a `SyncPayee` as well.
        """
        self._shared.online()

    async def close(self) -> None:
        """Closes all connections. Sends under way end as `OFFLINE` or `FAILED`."""
        shared = self._shared
        shared.is_closed = True
        shared.arrived.set()
        keepers = list(shared.links.values())
        for keeper in keepers:
            keeper.dismiss()
        if keepers:
            await asyncio.wait([keeper.over for keeper in keepers])
        shared.key = b""

    def _hand_over(self, node_id: NodeId, command: Command) -> bool:
        keeper = self._shared.links.get(node_id)
        if keeper is not None:
            return keeper.take(command)
        if not self._shared.make_room():
            return False
        self._shared.loop = asyncio.get_running_loop()
        self._shared.links[node_id] = Keeper(self._shared, node_id, command)
        return True
