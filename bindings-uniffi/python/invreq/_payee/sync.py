"""The handle for threads: the same payee, with methods that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Literal, TypeVar

from .. import _check as check
from .. import errors
from .._types import ClaimApproval, Existing, ListIndex, Network, Page, Preview, Record, Replies, Status
from ..host import Clock, Entropy, NodeId, PaymentSource, Signer, Store, Transport
from .closing import closed
from .events import EventReader, PayeeEvent
from .payee import InvoiceList, Payee
from .verdict import Verdict

T = TypeVar("T")


class SyncInvoiceList(Iterator[Record]):
    """Invoices: for `for`, or page by page."""

    def __init__(self, thread: LoopThread, invoices: InvoiceList) -> None:
        """Use `SyncPayee.list_invoices`."""
        self._thread = thread
        self._invoices = invoices

    def page(self) -> Page:
        """The first page: the records, and in `next` where the next page starts."""
        return self._thread.run(self._invoices.page())

    def __iter__(self) -> SyncInvoiceList:
        """The list from its beginning."""
        return SyncInvoiceList(self._thread, self._invoices.__aiter__())

    def __next__(self) -> Record:
        """The next invoice. Pages are read as they are needed."""
        try:
            return self._thread.run(self._invoices.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None


class SyncEventReader(Iterator[PayeeEvent]):
    """A queue of events, for `for`. It ends when the payee is closed, or by `close`."""

    def __init__(self, thread: LoopThread, reader: EventReader) -> None:
        """Use `SyncPayee.events`."""
        self._thread = thread
        self._reader = reader

    def __iter__(self) -> SyncEventReader:
        """The reader itself."""
        return self

    def __next__(self) -> PayeeEvent:
        """Waits for the next event."""
        try:
            return self._thread.run(self._reader.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None
        except errors.Cancelled:
            return self._left()

    def close(self) -> None:
        """Ends it at once."""
        if not self._thread.is_over:
            self._thread.run(self._reader.aclose())

    def _left(self) -> PayeeEvent:
        """What is in the queue can still be read after the end, without a loop."""
        try:
            self._reader.__anext__().send(None)
        except StopIteration as found:
            event: PayeeEvent = found.value
            return event
        except StopAsyncIteration:
            pass
        raise StopIteration


class SyncPayee:
    """Answers invoice requests and tracks the answers: a `Payee` whose methods block.

    It may be used from any number of threads at a time. The payee runs in an event loop on a thread of its own, which ends with
    `close`. The host's methods may be plain ones that block; those that are `async def` run in that loop.
    """

    @classmethod
    def open(
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
    ) -> SyncPayee:
        """As `Payee.open`. `on_event` is called on the payee's own thread, and must not call the payee."""
        thread = LoopThread()
        try:
            payee = thread.run(
                Payee.open(
                    network=network,
                    store=store,
                    source=source,
                    transport=transport,
                    seed=seed,
                    signer=signer,
                    wallet_id=wallet_id,
                    clock=clock,
                    entropy=entropy,
                    on_event=on_event,
                )
            )
        except BaseException:
            thread.end()
            raise
        return cls(thread, payee)

    def __init__(self, thread: LoopThread, payee: Payee) -> None:
        """Use `SyncPayee.open`."""
        self._thread = thread
        self._payee = payee

    def send_invoice(
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
        """Answers a request, has the invoice sent, and waits until it is paid: see `Payee.send_invoice`."""
        return self._thread.run(
            self._payee.send_invoice(
                invreq,
                label,
                amount_msat=amount_msat,
                timeout=timeout,
                expiry=expiry,
                quantity=quantity,
                existing=existing,
                again=again,
                invoice_node_id=invoice_node_id,
                replies=replies,
            )
        )

    def resend(self, label: str | int) -> Record:
        """Sends the same invoice once more, and does not wait: see `Payee.resend`."""
        return self._thread.run(self._payee.resend(label))

    def wait_invoice(self, label: str | int) -> Record:
        """Waits until this invoice is paid: see `Payee.wait_invoice`."""
        return self._thread.run(self._payee.wait_invoice(label))

    def wait_any_invoice(self, last_pay_index: int = 0, timeout: int | None = None) -> Record:
        """Waits for the next payment after `last_pay_index`: see `Payee.wait_any_invoice`."""
        return self._thread.run(self._payee.wait_any_invoice(last_pay_index, timeout))

    def list_invoices(
        self,
        *,
        label: str | int | None = None,
        payment_hash: str | None = None,
        status: Status | Literal["unpaid", "paid", "expired"] | None = None,
        index: ListIndex | Literal["created", "updated"] = ListIndex.CREATED,
        start: int = 0,
        limit: int | None = None,
    ) -> SyncInvoiceList:
        """Lists invoices, for `for`, or page by page: see `Payee.list_invoices`."""
        invoices = self._payee.list_invoices(
            label=label, payment_hash=payment_hash, status=status, index=index, start=start, limit=limit
        )
        return SyncInvoiceList(self._thread, invoices)

    def del_invoice(self, label: str | int, status: Status | Literal["unpaid", "paid", "expired"]) -> Record:
        """Forgets an invoice, if it has this status: see `Payee.del_invoice`."""
        return self._thread.run(self._payee.del_invoice(label, status))

    def preview(self, invreq: str) -> Preview:
        """Says what answering a request would mean, and changes nothing: see `Payee.preview`."""
        return self._thread.run(self._payee.preview(invreq))

    def claim(self, payment_hash: str, total_msat: int, first_htlc_at: int) -> ClaimApproval:
        """Asks for the preimage of a payment that waits to be claimed: see `Payee.claim`."""
        return self._thread.run(self._payee.claim(payment_hash, total_msat, first_htlc_at))

    def judge(self, payment_hash: str, total_msat: int, first_htlc_at: int) -> Verdict:
        """Decides about a payment whose HTLCs the node holds: see `Payee.judge`."""
        return self._thread.run(self._payee.judge(payment_hash, total_msat, first_htlc_at))

    def claim_failed(self, payment_hash: str) -> Record:
        """Reports that a claimed payment failed after all: see `Payee.claim_failed`."""
        return self._thread.run(self._payee.claim_failed(payment_hash))

    def payment_received(
        self,
        payment_hash: str,
        amount_msat: int,
        paid_at: int,
        preimage: bytes | str | None = None,
    ) -> Record:
        """Reports money that arrived for good: see `Payee.payment_received`."""
        return self._thread.run(self._payee.payment_received(payment_hash, amount_msat, paid_at, preimage))

    def receive_onion_message(self, data: bytes, *, node_id: NodeId | None = None) -> None:
        """Hands over an onion message: see `Payee.receive_onion_message`."""
        self._thread.run(self._payee.receive_onion_message(data, node_id=node_id))

    def receive_invoice_error(self, reply_path_id: bytes, data: bytes) -> None:
        """Hands over an `invoice_error` that the host's own messenger opened: see `Payee.receive_invoice_error`."""
        self._thread.run(self._payee.receive_invoice_error(reply_path_id, data))

    def resume(self) -> None:
        """Catches up after the machine slept or another process wrote to the store: see `Payee.resume`."""
        self._thread.run(self._payee.resume())

    def reply_node_id(self) -> NodeId:
        """The node id that replies over the engine's own reply paths are for."""
        return self._thread.run(self._payee.reply_node_id())

    def ignored_replies(self) -> int:
        """How many replies came that answer nothing of ours."""
        return self._thread.run(self._payee.ignored_replies())

    def events(self) -> SyncEventReader:
        """Everything that happens from now on, for `for`. It ends when the payee is closed.

        The first reader gets also what happened since the payee was opened.
        """

        async def read() -> EventReader:
            return self._payee.events()

        return SyncEventReader(self._thread, self._thread.run(read()))

    def close(self) -> None:
        """Ends everything, and closes the store and the transport. Calls that still wait raise `Cancelled`.

        Raises what goes wrong with the store.
        """
        if self._thread.is_over:
            return
        self._thread.check_other()
        try:
            self._thread.run(self._payee.close())
        except errors.Cancelled:
            # Another thread was faster.
            if not self._thread.is_over:
                raise
        finally:
            self._thread.end()

    def __enter__(self) -> SyncPayee:
        """The payee itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()


class LoopThread:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # Of its own, so that the end need not wait for a host that blocks.
        self._executor = ThreadPoolExecutor(thread_name_prefix="invreq-host")
        self._loop.set_default_executor(self._executor)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="invreq", daemon=True)
        self._thread.start()
        self.is_over = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Does something in the loop, and waits for it."""
        try:
            self.check_other()
        except BaseException:
            work.close()
            raise
        with self._lock:
            if self.is_over:
                work.close()
                raise closed()
            done = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return done.result()
        except BaseException:
            done.cancel()
            raise

    def check_other(self) -> None:
        """Raises on the loop's own thread, which would wait for itself."""
        if threading.current_thread() is self._thread:
            raise check.invalid("a SyncPayee cannot be called on its own thread")

    def end(self) -> None:
        """Ends the loop, once; what is still in it is cancelled."""
        with self._lock:
            if self.is_over:
                return
            self.is_over = True
        asyncio.run_coroutine_threadsafe(self._drain(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._executor.shutdown(wait=False)

    async def _drain(self) -> None:
        own = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not own]
        # Those that were told of the end get a chance to say so.
        if left:
            _, late = await asyncio.wait(left, timeout=1)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await asyncio.get_running_loop().shutdown_asyncgens()
