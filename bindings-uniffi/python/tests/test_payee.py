"""What a payee does for its callers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from stage import AMOUNT, StageClock, StageSource, StageStore, StageTransport, dice, opened, settle

from invreq import (
    Batch,
    ClaimApproval,
    Delivery,
    DeliveryReport,
    DeliveryState,
    Entry,
    Event,
    Fail,
    Hold,
    InboundPayment,
    InboundPaymentRequest,
    InvoiceErrorReply,
    InvreqError,
    Missed,
    Payment,
    Record,
    SendOutcome,
    Settle,
    Status,
    StoreError,
    Unknown,
    errors,
)
from invreq._ffi import invreq as ffi


async def test_an_invoice_is_sent_claimed_and_paid() -> None:
    async with opened() as stage:
        payee, now = stage.payee, stage.clock.now
        call = await stage.send("refund 1", expiry=3600)
        assert [delivery.label for delivery in stage.transport.sent] == ["refund 1"]
        request = stage.source.asked[0]
        verdict = await payee.judge(request.payment_hash, AMOUNT, now)
        assert isinstance(verdict, Settle)
        assert verdict.preimage is not None
        assert await payee.judge(request.payment_hash, AMOUNT, now) == verdict, "asking again gives the same"
        assert await payee.judge("00" * 32, AMOUNT, now) == Unknown()
        assert not call.done()
        paid = await payee.payment_received(request.payment_hash, AMOUNT, now)
        record = await call
        assert record == paid
        assert record.payment is not None
        assert record.payment.payment_preimage == verdict.preimage
        assert (record.amount_msat, record.status, record.created_index) == (AMOUNT, Status.PAID, 1)
        assert stage.kinds() == ["created", "delivery", "delivery", "claiming", "paid"]
        assert await payee.wait_any_invoice() == record
        assert await payee.wait_invoice("refund 1") == record
        assert await payee.judge(request.payment_hash, AMOUNT, now) == verdict, "whoever forgot settles again"
        assert await payee.del_invoice("refund 1", "paid") == record
        with pytest.raises(errors.NotFound) as missing:
            await payee.wait_invoice("refund 1")
        assert (missing.value.code, missing.value.rpc_code) == ("not_found", 905)


async def test_a_verdict_for_every_answer_to_a_claim() -> None:
    store = StageStore()
    async with opened(store=store) as stage:
        payee, now = stage.payee, stage.clock.now
        await stage.send("a", expiry=60)
        payment_hash = (await stage.get("a")).payment_hash
        refused = {
            (1, 0): errors.AmountTooLow,
            (50_000_000, 0): errors.AmountTooHigh,
            (AMOUNT, 61): errors.ClaimTooLate,
        }
        for (total_msat, late), kind in refused.items():
            failed = await payee.judge(payment_hash, total_msat, now + late)
            assert isinstance(failed, Fail)
            assert isinstance(failed.error, kind)

        def broken(batch: Batch) -> None:
            raise StoreError("failed", "the disk is gone")

        store.before = broken
        hold = await payee.judge(payment_hash, AMOUNT, now)
        assert isinstance(hold, Hold)
        assert (hold.error.code, hold.error.retryable) == ("store_failed", True)
        store.before = lambda batch: None
        assert isinstance(await payee.judge(payment_hash, AMOUNT, now), Settle)
        # These would be held for ever.
        none: list[tuple[Any, Any]] = [
            ("", 1),
            ("00", 1),
            ("g" * 64, 1),
            (payment_hash + "00", 1),
            (bytes(32), 1),
            (payment_hash, -1),
        ]
        for bad_hash, total_msat in none:
            with pytest.raises(errors.InvalidParameter):
                await payee.judge(bad_hash, total_msat, now)


async def test_a_transport_in_trouble_is_told_of_and_the_copy_goes_out_later() -> None:
    class Transport(StageTransport):
        def __init__(self) -> None:
            super().__init__()
            self.says: list[Any] = [RuntimeError("no battery"), "gone", None]

        async def send(self, delivery: Delivery) -> SendOutcome:
            await super().send(delivery)
            said = self.says.pop(0) if self.says else SendOutcome.ACCEPTED
            if isinstance(said, RuntimeError):
                raise said
            outcome: SendOutcome = said
            return outcome

    async with opened(transport=Transport()) as stage:
        await stage.send("a", expiry=3600)
        for _ in range(30):
            await stage.clock.go(1_000)
        assert (await stage.get("a")).delivery.state is DeliveryState.SENT
        told = [event.error for event in stage.events if isinstance(event, Event.TROUBLE)]
        assert [(error.code, str(error).split(": ")[-1].split(" has to be ")[0]) for error in told] == [
            ("missing_answer", "no battery"),
            ("missing_answer", "what the transport says of a delivery"),
            ("missing_answer", "what the transport says of a delivery"),
        ]


async def test_what_is_nothing_is_told_once_and_the_next_message_is_waited_for() -> None:
    came: asyncio.Queue[Any] = asyncio.Queue()

    class Transport(StageTransport):
        async def receive(self) -> Any:
            said = await came.get()
            if isinstance(said, RuntimeError):
                raise said
            return said

    async with opened(transport=Transport()) as stage:
        for said in ("nonsense", RuntimeError("no battery"), InvoiceErrorReply(bytes(32), b"")):
            came.put_nowait(said)
        for _ in range(3):
            await stage.clock.go(1_000)
        assert await stage.payee.ignored_replies() == 1
        told = [event.error.code for event in stage.events if isinstance(event, Event.TROUBLE)]
        assert told == ["missing_answer", "missing_answer"]


async def test_lists_come_page_by_page() -> None:
    async with opened() as stage:
        for label in range(5):
            await stage.send(str(label), expiry=3600)
        invoices = stage.payee.list_invoices(limit=2)
        page = await invoices.page()
        assert [record.label for record in page.records] == ["0", "1"]
        assert page.next == 3
        assert [record.label async for record in invoices] == ["0", "1", "2", "3", "4"]
        assert [record.label async for record in stage.payee.list_invoices(status="paid")] == []
        with pytest.raises(errors.InvalidParameter):
            await stage.payee.list_invoices(limit=0).page()


async def test_a_cancelled_call_loses_nothing() -> None:
    async with opened() as stage:
        call = await stage.send("a", expiry=3600)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await settle()
        assert (await stage.get("a")).status is Status.UNPAID
        await stage.pay("a")
        assert (await stage.payee.wait_invoice("a")).status is Status.PAID


async def test_cancelled_while_its_source_thinks_it_leaves_no_wait() -> None:
    inputs = 0
    throw = dice()

    def entropy() -> bytes:
        nonlocal inputs
        inputs += 1
        return throw()

    class SlowSource(StageSource):
        def __init__(self) -> None:
            super().__init__()
            self.go = asyncio.Event()

        async def create_inbound_payment(self, request: InboundPaymentRequest) -> InboundPayment:
            await self.go.wait()
            return await super().create_inbound_payment(request)

    source = SlowSource()
    async with opened(source=source, entropy=entropy) as stage:
        call = await stage.send("a", expiry=600, timeout=30)
        call.cancel()
        await settle()
        assert call.cancelled()
        source.go.set()
        await settle()
        assert len(stage.transport.sent) == 1
        before = inputs
        # At the end of a wait there would be a tick.
        await stage.clock.go(30_000)
        assert inputs == before


async def test_cancelled_in_the_middle_of_a_write_it_is_written_all_the_same() -> None:
    store = StageStore()
    go = asyncio.Event()
    async with opened(store=store) as stage:
        store.before = lambda batch: go.wait()
        call = await stage.send("a", expiry=3600)
        call.cancel()
        await settle()
        assert call.cancelled()
        store.before = lambda batch: None
        go.set()
        await settle()
        await stage.clock.go(250)
        assert (await stage.get("a")).status is Status.UNPAID
        assert len(stage.transport.sent) == 1


async def test_a_crash_between_any_two_lines_loses_nothing() -> None:
    for dies_at in range(1, 100):
        store, points = StageStore(), 0

        async def alive() -> None:
            nonlocal points
            points += 1
            if points >= dies_at:  # noqa: B023
                await asyncio.Event().wait()

        store.before = lambda batch: alive()  # noqa: B023
        store.after = lambda: alive()  # noqa: B023
        data: dict[bytes, bytes] = {}
        dying = asyncio.ensure_future(_begin(store))
        await settle(60)
        data = dict(store.data)
        async with opened(store=StageStore(data)) as again:
            call = await again.send("a", expiry=3600, existing="join")
            assert len({delivery.invoice for delivery in again.transport.sent}) == 1
            await again.pay("a")
            assert (await call).created_index == 1
        dying.cancel()
        if points < dies_at:
            assert dies_at > 5
            return
    raise AssertionError("it never ended")


async def _begin(store: StageStore) -> None:
    async with opened(store=store) as stage:
        call = await stage.send("a", expiry=3600)
        await call


async def test_another_writer_is_noticed_and_its_changes_are_read() -> None:
    async with opened() as ours, opened(store=ours.store, clock=ours.clock) as theirs:
        await theirs.send("theirs", expiry=3600)
        ours.kinds()
        await ours.send("ours", expiry=3600)
        assert ours.kinds()[:2] == ["created", "created"], "theirs first, then ours"
        assert len(ours.source.asked) == 1, "what the source answered is good after a conflict as well"
        wait = asyncio.ensure_future(ours.payee.wait_invoice("theirs"))
        await settle()
        await theirs.pay("theirs")
        assert not wait.done()
        await ours.payee.resume()
        assert (await wait).status is Status.PAID


async def test_a_store_in_which_others_are_always_faster() -> None:
    from invreq import StoreError

    async with opened() as stage:
        tries = 0

        def before(batch: object) -> None:
            nonlocal tries
            tries += 1
            raise StoreError("conflict")

        stage.store.before = before
        with pytest.raises(errors.StoreConflict) as conflict:
            await (await stage.send("a"))
        assert conflict.value.retryable
        assert tries == 16
        stage.store.before = lambda batch: None


async def test_a_host_that_takes_too_long_is_told_and_not_waited_for() -> None:
    cancelled = asyncio.Event()

    class Slow:
        async def create_inbound_payment(self, request: object) -> object:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError

    async with opened(source=Slow()) as stage:
        call = await stage.send("a")
        await stage.clock.go(59_000)
        assert not call.done()
        assert (await stage.payee.list_invoices().page()).records == [], "others get on meanwhile"
        await stage.clock.go(1_000)
        with pytest.raises(errors.SourceFailed, match="no answer in time") as late:
            await call
        assert late.value.retryable
        assert cancelled.is_set()


async def test_a_host_with_plain_methods_may_block() -> None:
    import threading

    from stage import payment

    seen = []

    class Plain:
        def create_inbound_payment(self, request: object) -> object:
            seen.append(threading.current_thread())
            return payment(AMOUNT)

    async with opened(source=Plain()) as stage:
        call = asyncio.ensure_future(stage.payee.send_invoice(_refund(), "a", expiry=3600))
        while not stage.events:
            await asyncio.sleep(0.01)
        await stage.pay("a")
        assert (await call).status is Status.PAID
        assert seen != [threading.current_thread()]


def _refund() -> str:
    from stage import REFUND

    return REFUND


async def test_what_the_host_raises_is_in_the_error_of_the_call() -> None:
    class Broken:
        async def create_inbound_payment(self, request: object) -> object:
            raise RuntimeError("the node is on fire")

    async with opened(source=Broken()) as stage:
        with pytest.raises(errors.SourceFailed, match="the node is on fire"):
            await (await stage.send("a"))


async def test_the_end_of_a_payee() -> None:
    async with opened() as stage:
        wait = asyncio.ensure_future(stage.payee.wait_any_invoice())
        events = stage.payee.events()
        await settle()
        await stage.payee.close()
        await stage.payee.close()
        with pytest.raises(errors.Cancelled) as closed:
            await wait
        assert not closed.value.retryable
        with pytest.raises(errors.Cancelled):
            await stage.payee.resend("a")
        assert [event async for event in events] == []
        assert stage.store.closed
        assert stage.transport.closed


async def test_the_first_reader_gets_what_happened_while_the_payee_was_opened() -> None:
    async with opened() as before:
        await before.send("a", expiry=3600)
    store = StageStore(before.store.data)
    async with opened(store=store, clock=StageClock(before.clock.now_ms() - 5_000)) as stage:
        readers = [stage.payee.events(), stage.payee.events()]
    first, second = readers
    assert [event.kind async for event in first] == ["clock_behind"]
    assert [event.kind async for event in second] == []


async def test_events_for_whoever_wants_them() -> None:
    async with opened() as stage:
        events, other = stage.payee.events(), stage.payee.events()
        cancelled = asyncio.ensure_future(events.__anext__())
        await settle()
        cancelled.cancel()
        await settle()
        await stage.send("a", expiry=3600)
        assert (await events.__anext__()).kind == "created"
        await other.aclose()
        assert [event async for event in other] == []
        for _ in range(1100):
            stage.payee._events.tell(stage.events[0])  # type: ignore[arg-type]
        missed = await events.__anext__()
        assert isinstance(missed, Missed)
        assert missed.count > 70


async def test_a_listener_that_raises_stops_nothing() -> None:
    told = []

    def listener(event: object) -> None:
        raise RuntimeError("I am broken")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    async with opened(on_event=listener) as stage:
        await stage.send("a", expiry=3600)
        assert (await stage.get("a")).label == "a"
    assert told


async def test_a_payee_that_cannot_be_opened_closes_what_it_was_given() -> None:
    from stage import StageTransport

    store, transport = StageStore(), StageTransport()
    with pytest.raises(errors.InvalidParameter):
        async with opened(store=store, transport=transport, wallet_id="../x"):
            pass
    assert store.closed
    assert transport.closed
    used = StageStore()
    async with opened(store=used):
        pass
    with pytest.raises(errors.WrongStore):
        async with opened(store=StageStore(used.data), seed=bytes(32)):
            pass


async def test_a_payee_belongs_to_its_loop() -> None:
    async with opened() as stage:

        def elsewhere() -> InvreqError | None:
            try:
                asyncio.run(stage.payee.resend("a"))
            except InvreqError as error:
                return error
            return None

        assert isinstance(await asyncio.to_thread(elsewhere), errors.InvalidParameter)


async def test_a_clock_that_is_set_back_holds_up_nothing() -> None:
    async with opened() as stage:
        stage.transport.outcome = SendOutcome.OFFLINE
        call = await stage.send("a", expiry=3600)
        tried = len(stage.transport.sent)
        await stage.clock.go(-3_600_000)
        for _ in range(5):
            await stage.clock.go(1000)
        assert len(stage.transport.sent) > tried, "it is tried again as soon as before"
        call.cancel()


def test_no_secret_is_shown() -> None:
    secret = bytes([0xAB]) * 32
    paid = Payment(pay_index=1, amount_received_msat=1, paid_at=1, payment_preimage=secret)
    record = Record(
        label="a",
        description="",
        payment_hash="00" * 32,
        invreq_id="00" * 32,
        bolt12="lni1",
        amount_msat=1,
        status=Status.PAID,
        created_at=1,
        expires_at=1,
        created_index=1,
        payment=paid,
        delivery=DeliveryReport(state=DeliveryState.SENT, attempts=1, paths=[]),
    )
    approval = ClaimApproval(preimage=secret, record=record)
    received = ffi.PaymentReceived(payment_hash="00" * 32, amount_msat=1, paid_at=1, preimage=secret)
    shown = [
        paid,
        record,
        approval,
        received,
        InboundPayment(paths=[], preimage=secret),
        Entry(key=b"k", value=secret),
        Settle(secret),
        InvoiceErrorReply(secret, b""),
        Event.PAID(record),
        errors.AlreadyPaid("it was paid", record=record),
        ffi.Outcome.CLAIM(approval),
        ffi.Input.PAYMENT_RECEIVED(call=1, payment=received),
        ffi.Input.INVOICE_ERROR(reply_path_id=secret, bytes=b""),
        ffi.Answer.SHARED_SECRET(secret),
        ffi.Answer.INBOUND_PAYMENT(InboundPayment(paths=[], preimage=secret)),
        ffi.Answer.ENTRIES([Entry(key=b"k", value=secret)]),
        ffi.InvoiceKey.SECRET_KEY(secret),
        ffi.Exported.DUMP(secret),
    ]
    for value in shown:
        for text in (repr(value), str(value), f"{value}"):
            assert "xab" not in text.lower()
            assert "abab" not in text.lower()
