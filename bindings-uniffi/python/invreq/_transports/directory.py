"""What a socket cannot hear."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from ..host import NodeId


class Directory(Protocol):
    """Knows where nodes listen, and whose channel is whose.

    A wallet has it from its service, from a node it may ask, or from a public explorer. It is asked more than once for one message, and
    each time has a few seconds to answer: remember what was looked up. A method that raises counts as "cannot be told now". It may
    also have the methods of `FullDirectory`.
    """

    def addresses(self, node_id: NodeId) -> Awaitable[Sequence[str]] | Sequence[str]:
        """Where a node listens, the best first: `host:port`, `[v6]:port`; nothing where it is not known.

        Addresses a transport cannot use are passed over.
        """
        ...


class FullDirectory(Directory, Protocol):
    """Everything a directory can know."""

    def via(self, node_id: NodeId) -> Awaitable[Sequence[NodeId]] | Sequence[NodeId]:
        """The nodes a message for this node goes through, the one to connect to first; by default none.

        Each of them has to be connected to the next.
        """
        ...

    def resolve_scid(self, scid: int, direction: int) -> Awaitable[NodeId | None] | NodeId | None:
        """The node at one end of a channel; `None`, which is final, where there is no such channel."""
        ...
