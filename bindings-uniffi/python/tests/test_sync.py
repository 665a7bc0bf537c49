"""The payee for threads."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from stage import AMOUNT, REFUND, SEED, payment

from invreq import (
    Delivery,
    InboundPayment,
    InboundPaymentRequest,
    MemoryStore,
    Record,
    SendOutcome,
    Settle,
    SqliteStore,
    Status,
    SyncPayee,
    errors,
)

T = TypeVar("T")


class Node:
    """A host that blocks, and pays whatever is sent."""

    def __init__(self) -> None:
        self.payee: SyncPayee | None = None
        self.pays = True

    def create_inbound_payment(self, request: InboundPaymentRequest) -> InboundPayment:
        time.sleep(0.001)
        return payment(request.amount_msat)

    def send(self, delivery: Delivery) -> SendOutcome:
        if self.pays:
            threading.Thread(target=self._pay, args=[delivery.payment_hash], daemon=True).start()
        return SendOutcome.ACCEPTED

    def _pay(self, payment_hash: str) -> None:
        assert self.payee is not None
        now = int(time.time())
        assert isinstance(self.payee.judge(payment_hash, AMOUNT, now), Settle)
        self.payee.payment_received(payment_hash, AMOUNT, now)


@pytest.fixture
def opened() -> Iterator[Callable[..., SyncPayee]]:
    payees = []

    def open_payee(node: Node, **over: object) -> SyncPayee:
        given = {"store": MemoryStore(), "seed": SEED, **over}
        node.payee = SyncPayee.open(network="bitcoin", source=node, transport=node, **given)  # type: ignore[arg-type]
        payees.append(node.payee)
        return node.payee

    yield open_payee
    for payee in payees:
        payee.close()


def test_an_invoice_is_sent_and_paid(opened: Callable[..., SyncPayee], tmp_path: Path) -> None:
    payee = opened(Node(), store=SqliteStore.open_sync(tmp_path / "wallet"))
    preview = payee.preview(REFUND)
    assert (preview.amount_msat, preview.answerable, preview.error) == (AMOUNT, True, None)
    record = payee.send_invoice(REFUND, "a")
    assert record.status is Status.PAID
    assert payee.wait_invoice("a") == record
    assert payee.wait_any_invoice(0) == record
    assert list(payee.list_invoices()) == [record] == payee.list_invoices().page().records
    assert len(payee.reply_node_id()) == 66
    assert payee.ignored_replies() == 0
    payee.resume()
    payee.receive_onion_message(bytes(100))
    payee.receive_invoice_error(bytes(32), bytes(3))
    assert payee.ignored_replies() == 2
    with pytest.raises(errors.AlreadyPaid):
        payee.resend("a")
    with pytest.raises(errors.AlreadyPaid):
        payee.claim_failed(record.payment_hash)
    assert payee.del_invoice("a", Status.PAID) == record
    again = SqliteStore.open_sync(tmp_path / "wallet")
    payee.close()
    with opened(Node(), store=again) as payee:
        assert list(payee.list_invoices()) == []


def test_eight_threads_on_one_payee(opened: Callable[..., SyncPayee]) -> None:
    payee = opened(Node())
    events = payee.events()

    def work(thread: int) -> list[Record]:
        return [payee.send_invoice(REFUND, f"{thread}/{at}", again=True) for at in range(2)]

    with ThreadPoolExecutor(8) as threads:
        records = [record for batch in threads.map(work, range(8)) for record in batch]
    assert {record.status for record in records} == {Status.PAID}
    assert sorted(record.payment.pay_index for record in records if record.payment) == list(range(1, 17))
    assert len({record.payment_hash for record in records}) == 16
    listed = list(payee.list_invoices(limit=7))
    assert sorted(record.label for record in listed) == sorted(record.label for record in records)
    payee.close()
    assert sum(event.kind == "paid" for event in events) == 16


def test_eight_threads_on_one_engine() -> None:
    from invreq import decode
    from invreq._ffi import invreq as ffi
    from invreq._glue import open_engine

    engine = open_engine("bitcoin", "main", SEED)

    def work(_: int) -> set[tuple[str, str]]:
        kinds = set()
        for at in range(200):
            begun = engine.begin(ffi.Input.RESTORE(), at, bytes(32), ffi.Answers())
            kinds.add((begun.kind, engine.commit(at).kind))
            assert len(engine.reply_node_id()) == 66
            assert decode(REFUND).answerable
        return kinds

    with ThreadPoolExecutor(8) as threads:
        kinds = set().union(*threads.map(work, range(8)))
    assert kinds == {("needs", "failed")}, "it needs to read the store, and there is no step to commit"


def test_a_call_that_waits_ends_with_the_payee(opened: Callable[..., SyncPayee]) -> None:
    payee = opened(Node())
    events = payee.events()
    with ThreadPoolExecutor(2) as threads:
        wait = threads.submit(payee.wait_any_invoice)
        read = threads.submit(lambda: list(events))
        time.sleep(0.05)
        payee.close()
        assert isinstance(wait.exception(10), errors.Cancelled)
        assert read.result(10) == []
    with pytest.raises(errors.Cancelled):
        payee.resend("a")
    payee.close()


def test_it_cannot_be_closed_on_its_own_thread(opened: Callable[..., SyncPayee]) -> None:
    raised: list[BaseException] = []

    def close(event: object) -> None:
        try:
            payee.close()
        except BaseException as error:
            raised.append(error)

    payee = opened(Node(), on_event=close)
    assert payee.send_invoice(REFUND, "a").status is Status.PAID
    assert {type(error) for error in raised} == {errors.InvalidParameter}
    payee.close()


def test_two_threads_may_close_it(opened: Callable[..., SyncPayee]) -> None:
    payee = opened(Node())
    run, second_is_in, first_is_out = payee._thread.run, threading.Event(), threading.Event()

    def run_late(work: Coroutine[Any, Any, T]) -> T:
        second_is_in.set()
        assert first_is_out.wait(10)
        return run(work)

    with ThreadPoolExecutor(1) as threads:
        payee._thread.run = run_late  # type: ignore[method-assign]
        second = threads.submit(payee.close)
        assert second_is_in.wait(10)
        payee._thread.run = run  # type: ignore[method-assign]
        payee.close()
        first_is_out.set()
        assert second.result(10) is None


def test_its_own_thread_must_not_wait_for_itself(opened: Callable[..., SyncPayee]) -> None:
    raised = []

    def on_event(event: object) -> None:
        assert node.payee is not None
        try:
            node.payee.ignored_replies()
        except errors.InvalidParameter as error:
            raised.append(error)

    node = Node()
    payee = opened(node, on_event=on_event)
    payee.send_invoice(REFUND, "a")
    assert raised


def test_a_test_that_blocks_has_an_end() -> None:
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < left <= 120
    with pytest.raises(TimeoutError):
        signal.raise_signal(signal.SIGALRM)


def test_wrong_options_leave_no_thread_behind(opened: Callable[..., SyncPayee]) -> None:
    before = threading.active_count()
    for _ in range(5):
        with pytest.raises(errors.InvalidParameter):
            opened(Node(), seed=b"short")
    assert threading.active_count() <= before
