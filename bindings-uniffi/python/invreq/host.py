"""What a host supplies: where money comes in, how messages go out, where things are kept, the time and the dice.

The methods of a host are `async def`, as a rule. Where the host is not asynchronous they may be plain `def`: they are then called on a
thread of their own, and may block. That is why the protocols say `Awaitable[T] | T`.
"""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from ._types import (
    Batch,
    Delivery,
    Entry,
    InboundPayment,
    InboundPaymentRequest,
    Route,
    SendOutcome,
    SignRequest,
)

NodeId: TypeAlias = str
"""A public key: 33 bytes as 66 small hex digits."""

Entropy: TypeAlias = Callable[[], bytes]
"""Throws the dice: 32 bytes that nobody can guess, new every time."""


@runtime_checkable
class PaymentSource(Protocol):
    """Makes inbound payments: the host's Lightning node or service.

    It may also have `can_receive`, see `PaymentForecast`.
    """

    def create_inbound_payment(
        self, request: InboundPaymentRequest
    ) -> Awaitable[InboundPayment] | InboundPayment:
        """An inbound payment of this amount, with the paths a payer can reach it by.

        Take the request's payment hash, or answer with one of your own. It is called after everything else about the request has
        been checked, and once per call, however often other writers are faster; a call that is made again has another hash. It has a
        minute to answer, and is cancelled when nobody waits any more. What it raises ends up in the error of the call,
        `SourceFailed`.
        """
        ...


class PaymentForecast(PaymentSource, Protocol):
    """A payment source that can tell beforehand."""

    def can_receive(self, amount_msat: int) -> Awaitable[bool | None] | bool | None:
        """Whether this much, in msat, could be received now; `None` where the node cannot tell. It has ten seconds.

        Where it raises nobody can tell either, and the event `TROUBLE` says why, with the code `missing_answer`.
        """
        ...


@dataclass(frozen=True)
class OnionMessage:
    """An onion message that came in at a transport."""

    bytes: builtins.bytes
    """The payload of message 513, without its type."""
    node_id: NodeId | None = None
    """The node it arrived at; `None` for the engine's own reply key."""


@dataclass(frozen=True)
class InvoiceErrorReply:
    """An `invoice_error` that the host's own messenger opened (BOLT 12, Invoice Errors)."""

    reply_path_id: builtins.bytes = field(repr=False)
    """The `reply_path_id` of the delivery, 32 bytes."""
    bytes: builtins.bytes
    """The TLV stream."""


Received: TypeAlias = OnionMessage | InvoiceErrorReply
"""What came in at a transport by itself."""


@runtime_checkable
class Transport(Protocol):
    """Takes invoices to payers: the host's node, or a socket to another one.

    Only `send` is required. It may also have the methods of `FullTransport`.
    """

    def send(self, delivery: Delivery) -> Awaitable[SendOutcome] | SendOutcome:
        """Sends one copy, in whichever of its forms the host's node speaks.

        It has a minute. What it raises counts as `FAILED`, and the event `TROUBLE` says why, with the code `missing_answer`. The
        outcome is the host's word that the copy left, never that the payer has it.
        """
        ...


class FullTransport(Transport, Protocol):
    """Everything a transport can do.

    A method that raises counts as "cannot be told now": the event `TROUBLE` says why, with the code `missing_answer`.
    """

    def resolve_scid(self, scid: int, direction: int) -> Awaitable[NodeId | None] | NodeId | None:
        """The node at one end of a channel; `None`, which is final, where there is no such channel. It has ten seconds.

        `direction` is 0 for the end with the lesser node id, 1 for the other.
        """
        ...

    def find_route(self, node_id: NodeId) -> Awaitable[Route | None] | Route | None:
        """The way to a node, and how the payer can answer; `None` where there is none. It has ten seconds.

        Without it every node is taken for a peer, and payers cannot answer.
        """
        ...

    def ecdh(self, node_id: NodeId, point: str) -> Awaitable[bytes] | bytes:
        """SHA-256 of the compressed product of a node's private key and a point, 32 bytes (BOLT 4, Shared Secret)."""
        ...

    async def receive(self) -> Received:
        """Waits for what comes in at the transport by itself, one message at a time.

        Drop what a short queue does not hold. It has to be `async def`, because it is cancelled when the payee is closed.
        """
        ...

    def close(self) -> Awaitable[None] | None:
        """Gives back what the transport holds. The payee calls it when it is closed."""
        ...


@runtime_checkable
class Signer(Protocol):
    """Signs invoices with a key the host keeps, for payers who want to know whom they pay."""

    def sign(self, request: SignRequest) -> Awaitable[bytes] | bytes:
        """A BIP 340 signature of the digest, 64 bytes, by the key of `request.node_id`. It has a minute.

        What it raises ends up in the error of the call, `SignerFailed`.
        """
        ...


@runtime_checkable
class Store(Protocol):
    """An ordered key-value store with one conditional, atomic, durable write.

    Keys are ordered as unsigned bytes, a key before its own extensions. Any method may be called while other calls are under way.
    Methods raise a `StoreError`; any other exception counts as `failed`. `invreq.testing.store_conformance` examines a store of
    your own. It may also have the methods of `SharedStore`.
    """

    def range(self, start: bytes, end: bytes, limit: int) -> Awaitable[list[Entry]] | list[Entry]:
        """The first `limit` entries with `start <= key < end`, in ascending order. Fewer mean that there are no more."""
        ...

    def write(self, batch: Batch) -> Awaitable[None] | None:
        """Does everything in the batch, or nothing; durable when it returns.

        In one transaction: the revision is checked first, then that no key of `absent` exists. Otherwise it raises a `conflict`.
        Where it raises `failed` it may have been done all the same, but is over: it takes no effect later.
        """
        ...

    def close(self) -> Awaitable[None] | None:
        """Waits for the calls under way and gives back what the store occupies. Calls begun after it raise `closed`."""
        ...


class SharedStore(Store, Protocol):
    """A store that several processes have open at a time, one of which sends. The two methods go together."""

    def watch(self, revision_key: bytes, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls back when another process has written for the wallet of this revision key; returns how to stop."""
        ...

    async def lead(self, revision_key: bytes) -> Callable[[], None]:
        """Waits for the right to send the wallet's invoices, and returns how to give it back.

        It has to be `async def`, because it is cancelled when the payee is closed. Cancelled, it never had it.
        """
        ...


@runtime_checkable
class Clock(Protocol):
    """Tells the time, and waits."""

    def now_ms(self) -> int:
        """The time, in Unix milliseconds."""
        ...

    def sleep_until(self, at_ms: int) -> Awaitable[None]:
        """Waits until it is this late, in Unix milliseconds. It may wake early: then it is asked again."""
        ...
