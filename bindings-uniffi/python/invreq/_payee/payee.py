"""The handle for asyncio: what a wallet calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Literal, TypeVar

from .. import _check as check
from .. import errors
from .._error import InvreqError
from .._glue import open_engine
from .._types import (
    ClaimApproval,
    Effects,
    Event,
    Existing,
    Input,
    ListIndex,
    Network,
    Page,
    Preview,
    Record,
    Replies,
    Sending,
    Status,
)
from ..host import Clock, Entropy, NodeId, PaymentSource, Signer, Store, Transport
from . import inputs
from .background import Background, known
from .calls import Calls
from .clock import TimeAndDice
from .closing import Closing, closed
from .engine import RESTORE, Engine
from .events import EventReader, Events, PayeeEvent
from .hosts import Hosts, HostSigner, HostSource, HostStore, HostTransport
from .threads import Threads
from .verdict import Verdict, verdict

T = TypeVar("T")


class InvoiceList(AsyncIterator[Record]):
    """Invoices: for `async for`, or page by page."""

    def __init__(self, first: int, read: Callable[[int], Awaitable[Page]]) -> None:
        """Use `Payee.list_invoices`."""
        self._first = first
        self._read = read
        self._next: int | None = first
        self._records: list[Record] = []

    async def page(self) -> Page:
        """The first page: the records, and in `next` where the next page starts."""
        return await self._read(self._first)

    def __aiter__(self) -> InvoiceList:
        """The list from its beginning."""
        return InvoiceList(self._first, self._read)

    async def __anext__(self) -> Record:
        """The next invoice. Pages are read as they are needed."""
        while not self._records:
            if self._next is None:
                raise StopAsyncIteration
            page = await self._read(self._next)
            self._records, self._next = list(page.records), page.next
        return self._records.pop(0)


class Payee:
    """Answers invoice requests and tracks the answers.

    Open it with `Payee.open`, and use it in the event loop in which it was opened. Its methods raise an `InvreqError`, whatever they
    were passed. A call that is cancelled ends the wait, not the invoice.
    """

    @classmethod
    async def open(
        cls,
        *,
        network: Network,
        store: Store,
        source: PaymentSource,
        transport: Transport,
        seed: bytes,
        signer: Signer | None = None,
        wallet_id: str = "main",
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        on_event: Callable[[PayeeEvent], object] | None = None,
    ) -> Payee:
        """Reads the store and takes up where it left off.

        `seed` is 32 bytes that the wallet uses for nothing else: a sub-key, never its root. `wallet_id` tells wallets in one store
        apart: 1 to 64 letters, digits, `-`, `_` or `.`. `on_event` is called in the event loop with every event, from the first one on.
        Where opening fails, the store and the transport are closed: both are the payee's.

        Raises `WrongStore`, `StoreCorrupt`, `StoreFailed`; `InvalidParameter` for the options.
        """
        try:
            time = TimeAndDice(clock, entropy)
            hosts = Hosts(
                store=HostStore(store),
                source=HostSource(source),
                transport=HostTransport(transport),
                signer=None if signer is None else HostSigner(signer),
                time=time,
            )
            if on_event is not None and not callable(on_event):
                raise check.invalid("on_event has to be a function")
            handle = open_engine(network, wallet_id, seed)
            payee = cls(handle, hosts)
            if on_event is not None:
                payee._events.listen(on_event)
            await payee._start()
            return payee
        except GeneratorExit:
            # The loop is gone, and with it everything that could be waited for.
            raise
        except BaseException:
            for given in (transport, store):
                try:
                    close = check.method(given, "host", "close")
                    if close is not None:
                        await Threads("close", 1).on_thread(close)()
                except Exception:  # noqa: S110 - why it could not be opened says more
                    pass
            raise

    def __init__(self, handle: Any, hosts: Hosts) -> None:
        """Use `Payee.open`."""
        self._loop = asyncio.get_running_loop()
        self._hosts = hosts
        self._closing = Closing(hosts.time)
        self._calls = Calls()
        self._events = Events()
        self._engine = Engine(handle, hosts, self._closing, self._hand_on)
        self._background = Background(self._engine, hosts, self._closing, self._trouble)
        self._closed: asyncio.Task[None] | None = None

    async def send_invoice(
        self,
        invreq: str,
        label: str | int,
        *,
        amount_msat: int | None = None,
        timeout: int | None = None,
        expiry: int | None = None,
        quantity: int | None = None,
        existing: Existing | Literal["error", "join"] = Existing.ERROR,
        again: bool = False,
        invoice_node_id: NodeId | None = None,
        replies: Replies | Literal["wanted", "unwanted"] = Replies.WANTED,
    ) -> Record:
        """Answers a request, has the invoice sent, and waits until it is paid.

        While nothing is heard of the payer, the same invoice goes over one path of the request after the other.

        - `label`: unique in the store, 1 to 256 bytes without NUL; a number is its decimal text.
        - `amount_msat`: where it is given it has to be the request's.
        - `timeout`: how long the call waits, in seconds, from 1; 90 where it is left out.
        - `expiry`: how long the invoice can be paid, in seconds, from 1; the timeout where it is left out.
        - `quantity`: known from Core Lightning's `sendinvoice`, but it cannot apply to a request without an offer: any is refused.
        - `existing`: what to do if the label is in use: `join` takes up the wait of the earlier call.
        - `again`: answer although an earlier answer is open or paid, for requests that may be answered more than once.
        - `invoice_node_id`: sign with this key, through the signer; without it the key is fresh for every invoice.
        - `replies`: whether the payer is told how to answer with an error.

        Raises what is wrong with the request and the terms before anything is written; then `NoRoute` (1003), `PayerError` (1004),
        `WaitTimeout` (1005), `InvoiceExpired` (903), each with the record.
        """
        return await self._call(
            Record,
            inputs.send_invoice(
                invreq,
                label,
                amount_msat,
                timeout,
                expiry,
                quantity,
                existing,
                again,
                invoice_node_id,
                replies,
            ),
        )

    async def resend(self, label: str | int) -> Record:
        """Sends the same invoice once more, and does not wait.

        Raises `NotFound`, `InvoiceExpired`, `AlreadyPaid`, `Claiming`, `RequestExpired`.
        """
        return await self._call(Record, inputs.resend(label))

    async def wait_invoice(self, label: str | int) -> Record:
        """Waits until this invoice is paid.

        Raises `NotFound`; `InvoiceExpired` (903).
        """
        return await self._call(Record, inputs.wait_invoice(label))

    async def wait_any_invoice(self, last_pay_index: int = 0, timeout: int | None = None) -> Record:
        """Waits for the next payment after `last_pay_index` (0 for the first), for `timeout` seconds at most.

        Raises `WaitAnyTimeout` (904).
        """
        return await self._call(Record, inputs.wait_any_invoice(last_pay_index, timeout))

    def list_invoices(
        self,
        *,
        label: str | int | None = None,
        payment_hash: str | None = None,
        status: Status | Literal["unpaid", "paid", "expired"] | None = None,
        index: ListIndex | Literal["created", "updated"] = ListIndex.CREATED,
        start: int = 0,
        limit: int | None = None,
    ) -> InvoiceList:
        """Lists invoices: for `async for`, or page by page.

        `index` is the order: as they were created, or as their status last changed, without those that never did. `start` is the
        first index to list; `limit` is how many to look at for one page, 1 to 1,000, 100 where it is left out.

        Raises `InvalidParameter`.
        """
        start, page = inputs.list_invoices(label, payment_hash, status, index, start, limit)

        async def read(start: int) -> Page:
            return await self._call(Page, page(start))

        return InvoiceList(start, read)

    async def del_invoice(
        self, label: str | int, status: Status | Literal["unpaid", "paid", "expired"]
    ) -> Record:
        """Forgets an invoice, if it has this status.

        Raises `NotFound` (905), `StatusMismatch` (906), `Claiming`.
        """
        return await self._call(Record, inputs.del_invoice(label, status))

    async def preview(self, invreq: str) -> Preview:
        """Says what answering a request would mean, and changes nothing.

        Raises what is wrong with a text that is no invoice request.
        """
        return await self._call(Preview, inputs.preview(invreq))

    async def claim(self, payment_hash: str, total_msat: int, first_htlc_at: int) -> ClaimApproval:
        """Asks for the preimage of a payment that waits to be claimed. When it returns, the claim is written down.

        `total_msat` is the sum of all its parts, `first_htlc_at` is when the first arrived, in Unix seconds. `judge` sorts the
        exceptions for you.

        Raises `NotFound`, `AmountTooLow`, `AmountTooHigh` and `ClaimTooLate`, which are a reason to fail the payment. After
        `AlreadyPaid` settle again with the preimage of the record; after any other, hold the payment and ask again.
        """
        return await self._call(ClaimApproval, inputs.claim(payment_hash, total_msat, first_htlc_at))

    async def judge(self, payment_hash: str, total_msat: int, first_htlc_at: int) -> Verdict:
        """Decides about a payment whose HTLCs the node holds: `claim`, with its exceptions sorted into what a node can do.

        Where it says `Settle` without a preimage, the node has it: settle with that one, and give it to `payment_received`, too.

        Raises `InvalidParameter`, and nothing else: for a payment hash that is not 32 bytes of hex, for one.
        """
        return await verdict(self.claim(payment_hash, total_msat, first_htlc_at))

    async def claim_failed(self, payment_hash: str) -> Record:
        """Reports that a claimed payment failed after all: no part of it was received, and none will be.

        While a part may still settle, do not call it. Raises `NotFound`, `AlreadyPaid`.
        """
        return await self._call(Record, inputs.claim_failed(payment_hash))

    async def payment_received(
        self,
        payment_hash: str,
        amount_msat: int,
        paid_at: int,
        preimage: bytes | str | None = None,
    ) -> Record:
        """Reports money that arrived for good. Report it again after every restart, if in doubt: nothing counts twice.

        `paid_at` is in Unix seconds. The `preimage`, 32 bytes or hex, is needed where the host kept it to itself: there `judge` says
        `Settle` without one.

        Raises `NotFound`, `AmountTooLow`, `PreimageMismatch`, `PreimageRequired`.
        """
        return await self._call(Record, inputs.payment_received(payment_hash, amount_msat, paid_at, preimage))

    async def receive_onion_message(self, data: bytes, *, node_id: NodeId | None = None) -> None:
        """Hands over an onion message: the payload of message 513, without its type, at most 65,536 bytes.

        It came for `reply_node_id`, or for the `node_id` at which a reply path ends. A message that answers nothing of ours is no
        error. Raises what goes wrong with the store.
        """
        await self._tell(inputs.onion_message(data, node_id))

    async def receive_invoice_error(self, reply_path_id: bytes, data: bytes) -> None:
        """Hands over an `invoice_error` that the host's own messenger opened, with the delivery's `reply_path_id`.

        One that answers nothing of ours is no error. Raises what goes wrong with the store.
        """
        await self._tell(inputs.invoice_error(reply_path_id, data))

    async def resume(self) -> None:
        """Catches up after the machine slept or another process wrote to the store.

        Raises what goes wrong with the store.
        """
        self._check()
        await self._background.catch_up()

    async def reply_node_id(self) -> NodeId:
        """The node id that replies over the engine's own reply paths are for; whoever hosts the payee hands over what comes for it."""
        self._check()
        return await self._engine.look(lambda handle: handle.reply_node_id())

    async def ignored_replies(self) -> int:
        """How many replies came that answer nothing of ours."""
        self._check()
        return await self._engine.look(lambda handle: handle.ignored_replies())

    def events(self) -> EventReader:
        """Everything that happens from now on, for `async for`. It ends when the payee is closed.

        The first reader gets also what happened since the payee was opened.
        """
        return self._events.read()

    async def close(self) -> None:
        """Ends everything, and closes the store and the transport. Calls that still wait raise `Cancelled`.

        Raises what goes wrong with the store.
        """
        if self._closed is None:
            self._closed = self._loop.create_task(self._close())
        await asyncio.shield(self._closed)

    async def __aenter__(self) -> Payee:
        """The payee itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes it."""
        await self.close()

    async def _start(self) -> None:
        try:
            if self._hosts.store.lead is not None:
                await self._engine.look(lambda handle: handle.set_sending(Sending.NONE))
            await asyncio.shield(self._closing.spawn(self._engine.perform(RESTORE)))
            self._background.start(await self._engine.look(lambda handle: handle.revision_key()))
        except BaseException:
            self._end()
            await self._engine.end()
            raise

    async def _close(self) -> None:
        self._end()
        # Under the lock, so that a write that is under way is done or not begun.
        await self._engine.end()
        await self._closing.join()
        self._background.stop()
        try:
            if self._hosts.transport.close is not None:
                await self._hosts.transport.close()
        finally:
            await self._hosts.store.close()

    def _end(self) -> None:
        self._closing.end()
        self._calls.end()
        self._events.end()

    def _check(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise check.invalid("a payee belongs to the event loop in which it was opened")
        self._closing.check()

    async def _call(self, kind: type[T], make: inputs.MakeCall) -> T:
        """A call that has a reply of this kind."""
        self._check()
        call, reply = self._calls.begin()
        # In a task of its own: a caller that goes away must not stop a write in the middle.
        performing = self._closing.spawn(self._carry_out(call, make(call)))
        try:
            outcome = await reply
        except asyncio.CancelledError:
            if self._calls.leave(call) and not self._closing.is_over:
                self._closing.spawn(self._end_wait(call, performing))
            raise
        if not isinstance(outcome, kind):
            raise errors.Internal("the engine gave another kind of reply")
        return outcome

    async def _carry_out(self, call: int, given: Input) -> None:
        try:
            await self._engine.perform(given)
        except BaseException as error:
            self._calls.reply(call, None, closed() if self._closing.is_over else known(error))
            if not isinstance(error, Exception):
                raise

    async def _end_wait(self, call: int, performing: asyncio.Task[None]) -> None:
        # Only what the engine knows of can be ended.
        await asyncio.wait([performing])
        await self._background.perform_for_good(Input.CANCEL(call=call))

    async def _tell(self, given: Input) -> None:
        """An input that has no reply."""
        self._check()
        await asyncio.shield(self._closing.spawn(self._engine.perform(given)))

    def _hand_on(self, effects: Effects) -> None:
        """Hands on what a committed step let out."""
        # Events first: whoever learns that its call has ended finds what led to it among the events.
        for event in effects.events:
            self._events.tell(event)
        for reply in effects.replies:
            self._calls.reply(reply.call, reply.outcome and reply.outcome.value, reply.error)
        for delivery in effects.deliveries:
            self._background.send(delivery)
        self._background.schedule(effects.wake_at)

    def _trouble(self, error: InvreqError) -> None:
        self._events.tell(Event.TROUBLE(error))
