"""A host that hangs, is cancelled or comes too late harms nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stage import AMOUNT, REFUND, SEED, StageStore, opened, payment, settle

from invreq import (
    Batch,
    Delivery,
    Entry,
    Event,
    InboundPayment,
    InboundPaymentRequest,
    MemoryStore,
    SendOutcome,
    StoreError,
    SyncPayee,
    errors,
    export_wallet,
)

INVREQ = Path(__import__("invreq").__file__).parents[1]


def cancel(*_: object) -> None:
    raise asyncio.CancelledError


async def test_a_write_that_is_cancelled_has_failed() -> None:
    async with opened() as stage:
        stage.store.before = cancel
        call = await stage.send("a", expiry=3600)
        assert call.done()
        with pytest.raises(errors.StoreFailed, match="cancelled") as failed:
            await call
        assert failed.value.retryable
        stage.store.before = lambda batch: None
        (await stage.send("b", expiry=3600)).cancel()
        assert (await stage.get("b")).label == "b"


async def test_a_read_that_is_cancelled_has_failed() -> None:
    class Cancelled(StageStore):
        is_cancelled = False

        async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
            if self.is_cancelled:
                cancel()
            return await super().range(start, end, limit)

    store = Cancelled()
    async with opened(store=store) as stage:
        store.is_cancelled = True
        page = asyncio.ensure_future(stage.payee.list_invoices().page())
        await settle()
        assert page.done()
        assert isinstance(page.exception(), errors.StoreFailed)
    store = Cancelled()
    store.is_cancelled = True
    with pytest.raises(errors.StoreFailed):
        async with opened(store=store):
            pass


async def test_timers_outlive_a_store_that_is_cancelled() -> None:
    async with opened() as stage:
        call = await stage.send("a", expiry=60, timeout=600)
        stage.kinds()
        stage.store.before = cancel
        await stage.clock.go(61_000)
        assert "trouble" in stage.kinds()
        stage.store.before = lambda batch: None
        await stage.clock.go(1_000)
        assert "expired" in stage.kinds()
        with pytest.raises(errors.InvoiceExpired):
            await call


async def test_timers_outlive_a_clock_that_is_cancelled() -> None:
    async with opened() as stage:
        call = await stage.send("a", expiry=60, timeout=600)
        stage.kinds()
        for _, wake in list(stage.clock._sleepers):
            wake.cancel()
        await settle()
        assert "trouble" in stage.kinds()
        await stage.clock.go(1_000)
        await stage.clock.go(61_000)
        assert "expired" in stage.kinds()
        with pytest.raises(errors.InvoiceExpired):
            await call


async def test_a_patience_that_is_cancelled_is_over() -> None:
    class Slow:
        async def create_inbound_payment(self, request: object) -> object:
            return await asyncio.get_running_loop().create_future()

    async with opened(source=Slow()) as stage:
        call = await stage.send("a")
        for _, wake in list(stage.clock._sleepers):
            wake.cancel()
        await settle()
        assert isinstance(call.exception(), errors.SourceFailed)


async def test_a_call_has_an_end_whatever_ends_its_input() -> None:
    async with opened() as stage:

        async def ends(given: object) -> None:
            cancel()

        stage.payee._engine.perform = ends  # type: ignore[method-assign]
        call = asyncio.ensure_future(stage.payee.resend("a"))
        await settle()
        assert isinstance(call.exception(), errors.Internal)


class Hanging:
    """A host whose `send` never returns, and a store that blocks."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.sends = 0

    def create_inbound_payment(self, request: InboundPaymentRequest) -> InboundPayment:
        return payment(request.amount_msat)

    def send(self, delivery: Delivery) -> SendOutcome:
        self.sends += 1
        threading.Event().wait()
        raise AssertionError

    def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
        return asyncio.run(self.store.range(start, end, limit))

    def write(self, batch: Batch) -> None:
        asyncio.run(self.store.write(batch))

    def close(self) -> None:
        pass


def test_calls_that_hang_leave_the_rest_of_the_payee_alone() -> None:
    host, count = Hanging(), 40
    payee = SyncPayee.open(network="bitcoin", store=host, source=host, transport=host, seed=SEED)
    for at in range(count):
        threading.Thread(target=_quietly, args=[payee, f"{at}"], daemon=True).start()
    until_there_are = threading.Event()
    while len(payee.list_invoices().page().records) < count:
        until_there_are.wait(0.05)
    while host.sends < 32:
        until_there_are.wait(0.05)
    until_there_are.wait(0.2)
    assert host.sends == 32, "as the README says"
    assert payee.preview(REFUND).amount_msat == AMOUNT
    payee.close()


def _quietly(payee: SyncPayee, label: str) -> None:
    with contextlib.suppress(errors.Cancelled):
        payee.send_invoice(REFUND, label, again=True, expiry=3600)


def test_a_call_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    program = """
        import threading
        from stage import REFUND, SEED
        from test_hosts import Hanging, _quietly
        from invreq import SyncPayee

        host = Hanging()
        payee = SyncPayee.open(network="bitcoin", store=host, source=host, transport=host, seed=SEED)
        threading.Thread(target=_quietly, args=[payee, "a"], daemon=True).start()
        while host.sends == 0:
            threading.Event().wait(0.02)
        payee.close()
    """
    here = Path(__file__).parent
    path = ":".join(map(str, [INVREQ, here, here / "support"]))
    words = [sys.executable, "-c", textwrap.dedent(program)]
    subprocess.run(words, env={"PYTHONPATH": path}, check=True, timeout=20, cwd=tmp_path)


async def test_many_exports_of_stores_that_block_wait_for_no_thread_of_each_other() -> None:
    exports = [asyncio.ensure_future(_outcome(Hanging())) for _ in range(40)]
    _, late = await asyncio.wait(exports, timeout=20)
    assert not late


async def _outcome(store: Hanging) -> object:
    try:
        return await export_wallet(store)
    except StoreError as error:
        return error


@pytest.mark.parametrize("raised", [asyncio.CancelledError, StopIteration, SystemExit])
async def test_what_a_method_that_blocks_may_raise(raised: type[BaseException]) -> None:
    class Source:
        def create_inbound_payment(self, request: object) -> object:
            raise raised

    async with opened(source=Source()) as stage:
        with pytest.raises(errors.SourceFailed, match=raised.__name__):
            await asyncio.wait_for(stage.payee.send_invoice(REFUND, "a"), 5)


class Shared(StageStore):
    """A store whose right to send comes when it comes, whether it is still wanted or not."""

    def __init__(self) -> None:
        super().__init__()
        self.may_lead = asyncio.Event()
        self.given_back = 0

    def watch(self, revision_key: bytes, changed: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    async def lead(self, revision_key: bytes) -> Any:
        try:
            await self.may_lead.wait()
        except asyncio.CancelledError:
            await self.may_lead.wait()

        def release() -> None:
            self.given_back += 1

        return release


async def test_a_store_that_cannot_be_watched_at_first_is_watched_later() -> None:
    class Blind(Shared):
        tries = 0
        reads = 0

        def watch(self, revision_key: bytes, changed: Callable[[], None]) -> Callable[[], None]:
            self.tries += 1
            if self.tries == 1:
                raise StoreError("failed", "not now")
            return super().watch(revision_key, changed)

        async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
            self.reads += 1
            return await super().range(start, end, limit)

    store = Blind()
    async with opened(store=store) as stage:
        told = [event.error.code for event in stage.events if isinstance(event, Event.TROUBLE)]
        assert (store.tries, told) == (1, ["store_failed"])
        reads = store.reads
        await stage.clock.go(500)
        assert store.tries == 2
        assert store.reads > reads
        await stage.clock.go(60_000)
        assert store.tries == 2


async def test_the_right_to_send_is_given_back() -> None:
    store = Shared()
    store.may_lead.set()
    async with opened(store=store):
        assert store.given_back == 0
    assert store.given_back == 1


async def test_the_right_to_send_is_given_back_if_it_comes_after_the_end() -> None:
    store = Shared()
    async with opened(store=store):
        pass
    store.may_lead.set()
    await settle()
    assert store.given_back == 1


async def test_a_lead_that_cannot_be_cancelled_is_refused() -> None:
    class Blocking(Shared):
        def lead(self, revision_key: bytes) -> Any:
            raise AssertionError

    with pytest.raises(errors.InvalidParameter, match=r"store\.lead"):
        async with opened(store=Blocking()):
            pass
