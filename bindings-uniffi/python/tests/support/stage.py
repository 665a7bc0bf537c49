"""A host for tests: everything it does can be told, and everything it is told can be read."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from invreq import (
    Batch,
    BlindedHop,
    BlindedPath,
    Delivery,
    Entry,
    InboundPayment,
    InboundPaymentRequest,
    Introduction,
    Payee,
    PayeeEvent,
    PayInfo,
    PaymentPath,
    Record,
    SendOutcome,
    StoreError,
)

ROOT = Path(__file__).resolve().parents[4]
VECTORS = ROOT / "tests" / "vectors"

NODE = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
"""Some point of the curve."""

REFUND = (
    "lnr1qqsqzqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqg2peq4gnfqwa5hg6rywfshwctvp"
    "czwu6egqqfq7ct5d4qx27rpd4cxcefwvdhk65syqycj6q2cyypjgef743p5fzqq9nqxh0ah7y87rzv3ud0eleps9kl2d5348hq2k8zeqe6xsctwddes"
)
"""A refund of an LDK node on bitcoin, without an end: 20,000,001 msat."""

AMOUNT = 20_000_001
SEED = bytes([7]) * 32


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def payment(amount_msat: int) -> InboundPayment:
    path = BlindedPath(
        introduction=Introduction.NODE_ID(NODE),
        path_key=NODE,
        hops=[BlindedHop(blinded_node_id=NODE, encrypted_recipient_data=bytes(50))],
    )
    pay = PayInfo(
        fee_base_msat=0,
        fee_proportional_millionths=0,
        cltv_expiry_delta=0,
        htlc_minimum_msat=0,
        htlc_maximum_msat=amount_msat,
    )
    return InboundPayment(paths=[PaymentPath(path=path, payinfo=pay)])


class StageStore:
    """A store that can be made to fail."""

    def __init__(self, data: dict[bytes, bytes] | None = None) -> None:
        self.data = dict(data or {})
        self.writes: list[Batch] = []
        self.closed = False
        self.before: Callable[[Batch], Any] = lambda batch: None
        self.after: Callable[[], Any] = lambda: None

    async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
        if self.closed:
            raise StoreError("closed")
        found = sorted(key for key in self.data if start <= key < end)
        return [Entry(key=key, value=self.data[key]) for key in found[:limit]]

    async def write(self, batch: Batch) -> None:
        if self.closed:
            raise StoreError("closed")
        await _maybe(self.before(batch))
        if len(batch.revision_key) == 0 or any(len(put.key) == 0 for put in batch.puts):
            raise StoreError("invalid", "a key is empty")
        stored = self.data.get(batch.revision_key)
        expected = None if batch.revision == 1 else (batch.revision - 1).to_bytes(8, "big")
        if stored != expected:
            raise StoreError("conflict")
        for key in batch.absent:
            if key in self.data:
                raise StoreError("conflict", present=key)
        for key in batch.deletes:
            self.data.pop(key, None)
        self.data.update({put.key: put.value for put in batch.puts})
        self.data[batch.revision_key] = batch.revision.to_bytes(8, "big")
        self.writes.append(batch)
        await _maybe(self.after())

    async def close(self) -> None:
        self.closed = True


class StageSource:
    def __init__(self) -> None:
        self.asked: list[InboundPaymentRequest] = []

    async def create_inbound_payment(self, request: InboundPaymentRequest) -> InboundPayment:
        self.asked.append(request)
        return payment(request.amount_msat)


class StageTransport:
    def __init__(self) -> None:
        self.sent: list[Delivery] = []
        self.outcome = SendOutcome.ACCEPTED
        self.closed = False

    async def send(self, delivery: Delivery) -> SendOutcome:
        self.sent.append(delivery)
        return self.outcome

    async def close(self) -> None:
        self.closed = True


class StageClock:
    """A clock that stands still until it is told to go."""

    def __init__(self, ms: int = 1_800_000_000_000) -> None:
        self.ms = ms
        self._sleepers: set[tuple[int, asyncio.Future[None]]] = set()

    def now_ms(self) -> int:
        return self.ms

    @property
    def now(self) -> int:
        return self.ms // 1000

    async def sleep_until(self, at_ms: int) -> None:
        sleeper = (at_ms, asyncio.get_running_loop().create_future())
        self._sleepers.add(sleeper)
        try:
            await sleeper[1]
        finally:
            self._sleepers.discard(sleeper)

    async def go(self, ms: int) -> None:
        """So much time goes by, or comes back."""
        self.ms += ms
        for at, wake in list(self._sleepers):
            if (at <= self.ms or ms < 0) and not wake.done():
                wake.set_result(None)
        await settle()


_throws = itertools.count(1)


def dice() -> Callable[[], bytes]:
    """Dice that never fall twice alike."""
    return lambda: next(_throws).to_bytes(8, "big") + bytes([9]) * 24


class Stage:
    """A payee with a host of its own."""

    def __init__(self, payee: Payee, given: dict[str, Any], events: list[PayeeEvent]) -> None:
        self.payee, self.events = payee, events
        self.store: StageStore = given["store"]
        self.source: StageSource = given["source"]
        self.transport: StageTransport = given["transport"]
        self.clock: StageClock = given["clock"]

    def kinds(self) -> list[str]:
        """The kinds of the events so far, which are then forgotten."""
        kinds = [event.kind for event in self.events]
        self.events.clear()
        return kinds

    async def send(self, label: str = "a", **params: Any) -> asyncio.Task[Record]:
        """Begins a call and lets it get on."""
        call = asyncio.ensure_future(self.payee.send_invoice(REFUND, label, again=True, **params))
        await settle()
        # Copies for one peer leave 250 ms apart.
        if isinstance(self.clock, StageClock):
            await self.clock.go(250)
        return call

    async def get(self, label: str) -> Record:
        return (await self.payee.list_invoices(label=label).page()).records[0]

    async def pay(self, label: str) -> Record:
        """Reports that all of an invoice was received."""
        record = await self.get(label)
        now = self.clock.now
        await self.payee.claim(record.payment_hash, record.amount_msat, now)
        return await self.payee.payment_received(record.payment_hash, record.amount_msat, now)


@asynccontextmanager
async def opened(**over: Any) -> AsyncIterator[Stage]:
    events: list[PayeeEvent] = []
    given: dict[str, Any] = {
        "network": "bitcoin",
        "store": StageStore(),
        "source": StageSource(),
        "transport": StageTransport(),
        "clock": StageClock(),
        "seed": SEED,
        "entropy": dice(),
        "on_event": events.append,
        **over,
    }
    async with await Payee.open(**given) as payee:
        await settle()
        yield Stage(payee, given, events)


async def settle(turns: int = 100) -> None:
    """Lets everything that is ready get on."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def _maybe(given: Any) -> None:
    if asyncio.iscoroutine(given) or isinstance(given, asyncio.Future):
        await given
